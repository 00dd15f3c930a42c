package app

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"

	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// UpdateKeysOptions are the options of UpdateKeys.
type UpdateKeysOptions struct {
	Files     []string
	InputType string
	Common
	Access
	Yes               bool
	Threshold         int    // 0: that of the rule, else that of the file
	EncryptionContext string // for AWS keys without one of their own
	DropContext       bool   // leave out contexts that only the file has
	Reorder           bool   // another order of keys is a change too
	AllowPartial      bool   // leave out new keys that cannot be wrapped
	ReEncrypt         bool   // let KMS move the data key, which stays inside it
}

// UpdateKeys makes the keys of files those of their creation rules. Nothing but
// the metadata changes. A file that fails does not stop the others.
func (a *App) UpdateKeys(ctx context.Context, o UpdateKeysOptions) error {
	keepers := a.keepers(ctx, o.Access)
	update := func(path string, w io.Writer) error {
		return a.updateKeys(ctx, w, File{Path: path, InputType: o.InputType}, keepers, o)
	}
	var errs []error
	if o.Yes {
		errs = a.atOnce(o.Files, update)
	} else {
		for _, path := range o.Files { // a person answers one question at a time
			errs = append(errs, update(path, a.Stdout))
		}
	}
	failed := filesError(slices.DeleteFunc(errs, func(err error) bool { return err == nil }))
	switch {
	case len(failed) == 0:
		return nil
	case len(o.Files) == 1:
		return failed[0]
	}
	return append(failed, fmt.Errorf("%d of %d files were not updated", len(failed), len(o.Files)))
}

// filesAtOnce is how many files are in work at a time: almost all of their time
// is waiting for a key service.
const filesAtOnce = 8

// atOnce does several files at a time and prints what they have to say in their
// order.
func (a *App) atOnce(files []string, do func(path string, w io.Writer) error) []error {
	outs, errs, done := make([]bytes.Buffer, len(files)), make([]error, len(files)), make([]chan struct{}, len(files))
	free := make(chan struct{}, filesAtOnce)
	for i, path := range files {
		done[i] = make(chan struct{})
		go func() {
			defer close(done[i])
			free <- struct{}{}
			defer func() { <-free }()
			errs[i] = do(path, &outs[i])
		}()
	}
	for i := range files {
		<-done[i]
		if _, err := a.Stdout.Write(outs[i].Bytes()); err != nil && errs[i] == nil {
			errs[i] = err
		}
	}
	return errs
}

// A filesError is what went wrong with several files, each for itself.
type filesError []error

func (e filesError) Error() string {
	texts := make([]string, len(e))
	for i, err := range e {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "\n")
}

func (e filesError) Unwrap() []error { return e }

// ExitCode returns 1: the codes of the files may differ.
func (e filesError) ExitCode() int { return codeGeneric }

// updateKeys does the work for one file, under its lock.
func (a *App) updateKeys(ctx context.Context, w io.Writer, f File, keepers keeper.Keeper, o UpdateKeysOptions) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if info, err := os.Stat(a.abs(f.Path)); err == nil && info.IsDir() {
		return fail(codeGeneric, fmt.Sprintf("name the files: find %s -name '*.yaml' -exec sops updatekeys -y {} +", hint.Path(f.Path)),
			"%s is a directory", f.Path)
	}
	unlock, err := a.lock(ctx, f.Path)
	if err != nil {
		return err
	}
	defer unlock()
	s, err := a.read(ctx, f, o.Common, codeReadInput)
	if err != nil {
		return err
	}
	encrypted, err := s.readEncrypted()
	if err != nil {
		return err
	}
	r, err := a.ruleOf(s)
	if err != nil {
		return err
	}
	if err := s.checkRuleContext(r, r.Groups); err != nil {
		return s.name(err)
	}
	c, err := a.keyChange(encrypted, r, o)
	if err != nil {
		return s.name(err)
	}
	a.tellDrift(s, encrypted, r)
	if err := a.requireSeal(s, encrypted.Meta.Seal != "", o.Access); err != nil {
		return s.name(err)
	}
	if err := a.compareSeal(ctx, s, encrypted, c, keepers, o); err != nil {
		return s.name(err)
	}
	if done, err := a.settled(ctx, w, s, c, o); done || err != nil {
		return err
	}
	groups, err := a.newKeys(ctx, s, encrypted, c, keepers, o)
	if err != nil {
		return s.name(err)
	}
	out, err := encrypted.SetKeys(groups, c.threshold, a.Random)
	if err != nil {
		return s.name(err)
	}
	if err := a.write(ctx, s, Target{InPlace: true}, out, encryptedMode); err != nil {
		return err
	}
	a.tell("%s: synced with new keys", f.Path)
	if c.removes() || c.recovered != nil && encrypted.KeysRemoved() {
		a.tellOldCopies(f.Path)
	}
	return nil
}

// compareSeal finds out how the list of keys differs from the sealed one. It
// takes the data key only where the mark of the seal says that it may, or where
// the rule demands a good seal.
func (a *App) compareSeal(ctx context.Context, s *source, encrypted *envelope.Encrypted, c *keyChange, keepers keeper.Keeper, o UpdateKeysOptions) error {
	if encrypted.Meta.Seal == "" || encrypted.KeysMarked() && !c.mustSeal {
		return nil
	}
	if o.ReEncrypt {
		if encrypted.KeysMarked() {
			return nil
		}
		a.warnf("%s: whether its list of keys is the sealed one cannot be told without the data key, which --reencrypt does without", s.Path)
		return nil
	}
	r, err := a.recoverKey(ctx, s, encrypted, keepers, o.Access)
	if err != nil {
		return err
	}
	c.recovered, c.unsealed = r, encrypted.KeysChanged()
	return nil
}

// tellOldCopies says what a removal cannot undo.
func (a *App) tellOldCopies(path string) {
	a.tell("%s: keys that were removed still open old copies of the file, whose data key is that of the new one; for a new data key: sops rotate -i %s",
		path, hint.Path(path))
}

// ruleOf returns the creation rule of s, without which there is nothing to
// update keys to.
func (a *App) ruleOf(s *source) (*config.Rule, error) {
	if s.config == nil {
		return nil, fail(codeGeneric, "put a .sops.yaml with creation_rules beside the file, or name one with --config",
			"%s: config file not found", s.Path)
	}
	r, err := s.config.RuleFor(a.rulePath(s.File))
	if err != nil {
		a.doubts(s.config, s.config.Warnings, err)
		return nil, err
	}
	a.doubts(s.config, s.config.WarningsAbout(r), nil)
	if len(r.Groups) == 0 {
		return nil, s.name(fail(codeGeneric, "name keys in the rule", "empty key group provided: the rule on line %d of %s has no keys", r.Line, s.config.Path))
	}
	return r, nil
}

// settled reports whether there is nothing to do for s: no change, or none that
// the person wants.
func (a *App) settled(ctx context.Context, w io.Writer, s *source, c *keyChange, o UpdateKeysOptions) (bool, error) {
	switch {
	case c.unsealed != nil:
	case !c.changes() && !c.reorders():
		a.tell("%s: already up to date", s.Path)
		return true, nil
	case !c.changes() && !o.Reorder:
		a.tell("%s: already up to date, in another order than the rule has (--reorder puts them into that)", s.Path)
		return true, nil
	}
	if err := a.showChange(w, s.Path, c); err != nil {
		return true, err
	}
	if o.Yes {
		return false, nil
	}
	yes, err := a.agreed(ctx, "Is this what you want?")
	if err != nil {
		return true, s.name(&Error{Code: codeGeneric, Err: err, Advice: []string{"--yes answers for you"}})
	}
	if !yes {
		a.tell("%s: left unchanged", s.Path)
	}
	return !yes, nil
}

// tell says on standard error what became of a file.
func (a *App) tell(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.JSON {
		a.say("info", fmt.Sprintf(format, args...))
		return
	}
	fmt.Fprintf(a.Stderr, "sops: %s\n", hint.Message(fmt.Sprintf(format, args...)))
}

// newContext returns the context that the flag, or else the variable, gives to
// AWS keys.
func (a *App) newContext(flag string) (map[string]string, error) {
	return parseContext(cmp.Or(flag, a.Env.Get("SOPS_KMS_ENCRYPTION_CONTEXT")))
}
