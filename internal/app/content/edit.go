package content

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
	"github.com/seed-1f7fdfb8/sops/internal/editor"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/term"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
)

// EditOptions are the options of Edit.
type EditOptions struct {
	app.File
	app.Common
	app.Access
	Creation
	ShowMasterKeys bool
	FollowFile     bool // obey the selection rule of the file where .sops.yaml has another
}

// Edit opens the plaintext of a file in an editor. A file that does not
// exist begins with an example.
func Edit(ctx context.Context, a *app.App, o EditOptions) error {
	if err := (app.Target{InPlace: true}).Check(o.File); err != nil {
		return err
	}
	defer app.SurviveBrokenPipes()()
	places := editor.Places{Runtime: a.Env.Get("XDG_RUNTIME_DIR"), Temp: a.Env.Get("TMPDIR")}
	if err := editor.CleanStale(places); err != nil {
		a.Warnf("what a killed edit has left could not be removed: %v", err)
	}
	argv, err := chosenEditor(a)
	if err != nil {
		return err
	}
	e := &edition{app: a, argv: argv, places: places}
	if err := e.begin(ctx, o); err != nil {
		return err
	}
	if o.ShowMasterKeys {
		showMasterKeys(a, e.decrypted)
	}
	return e.run(ctx)
}

// chosenEditor returns the editor. Without a terminal only one that was named: vim in a
// job would wait for ever.
func chosenEditor(a *app.App) ([]string, error) {
	named := strings.TrimSpace(a.Env.Get("SOPS_EDITOR")+a.Env.Get("EDITOR")) != ""
	if !named && !(term.IsTerminal(a.Stdin) && term.IsTerminal(a.Stdout)) {
		return nil, &editor.ChoiceError{Err: errors.New("standard input and output are no terminal, and neither SOPS_EDITOR nor EDITOR is set")}
	}
	return editor.Choose(a.Env.Get, exec.LookPath)
}

// An edition is one file on its way through the editor.
type edition struct {
	app       *app.App
	argv      []string
	places    editor.Places
	source    *app.Source
	isNew     bool
	decrypted *envelope.Decrypted
	follow    bool // do not compare with the creation rule
}

// begin opens the file, or makes a new one with its keys wrapped, before
// a word is written.
func (e *edition) begin(ctx context.Context, o EditOptions) error {
	a := e.app
	s, err := a.ReadEncrypted(ctx, o.File, o.Common, app.NoFile)
	switch {
	case err == nil:
		return e.beginWith(ctx, s, o)
	case errors.Is(err, app.NoFile):
		return e.beginNew(ctx, o)
	}
	return err
}

// beginWith opens the file that is there.
func (e *edition) beginWith(ctx context.Context, s *app.Source, o EditOptions) error {
	if s.KeepType(); s.In.Name() != s.Out.Name() {
		return app.Fail(app.Conflict, "leave --output-type out; to convert a file, decrypt it and encrypt the result",
			"edit keeps the type of the file, which is %s, not %s", s.In.Name(), s.Out.Name())
	}
	// These two have a meaning for a file that exists: how to open it.
	o.Access.KMS, o.Access.SpareContext = o.Keys.Take(awskey.Kind()), o.Creation.EncryptionContext
	o.Creation.EncryptionContext = ""
	if o.Creation.given() {
		e.app.Warnf("%s exists, so its keys and its settings stay; flags that say how a new file is encrypted are not used", o.Path)
	}
	e.source, e.follow = s, o.FollowFile
	decrypted, err := e.app.DecryptToChange(ctx, s, e.app.Keepers(ctx, o.Access), o.Access)
	if err != nil {
		return err
	}
	e.decrypted, err = s.Reindented(decrypted)
	return err
}

// beginNew makes a file of an example, wherever there is a place for it.
func (e *edition) beginNew(ctx context.Context, o EditOptions) error {
	a := e.app
	if _, err := os.Stat(filepath.Dir(a.Abs(o.Path))); err != nil {
		return app.Fail(app.Output, "create the directory first", "%s: %w", o.Path, err)
	}
	s, err := a.NewFile(o.File, o.Common)
	if err != nil {
		return err
	}
	plan, err := plan(a, s, o.Creation, o.Access)
	if errors.Is(err, errNoKeys) {
		return fmt.Errorf("%s does not exist, and a new file needs keys: %w", o.Path, err)
	}
	if err != nil {
		return err
	}
	explicit, _, err := a.ExplicitKeys(o.Creation.Keys, o.Access)
	if err != nil {
		return err
	}
	o.Access = o.Access.Naming(explicit)
	s.In = s.Out
	decrypted, err := create(ctx, a, s, sample(s.Out.Name()), plan, o.Access)
	if err != nil {
		return &app.Error{Kind: app.NoKey, Err: err} // what SOPS ends with here, and only here
	}
	e.source, e.decrypted, e.follow = s, decrypted, true // it was made by the rule
	e.isNew = true
	return nil
}

// run shows the text to the editor until the result can be saved or is given
// up. What was written is never lost: in the end it is encrypted as it is.
func (e *edition) run(ctx context.Context) (err error) {
	ctx, watch := watchInterrupts(ctx, hasKeyboard(e.app))
	defer watch.stop()
	plain, err := e.decrypted.Plain()
	if err != nil {
		return e.source.Named(err)
	}
	before := bytes.Clone(plain)
	session, err := editor.NewSession(filepath.Base(e.source.Path), before, e.places)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	if !session.InMemory() {
		e.app.Verbosef("there is no memory file system; the text is in %s while it is edited", filepath.Dir(session.Path()))
	}
	for {
		started := e.app.Now()
		watch.editing.Store(true)
		err := session.Run(ctx, e.argv, e.app.Stdin, e.app.Stdout, e.app.Stderr)
		watch.editing.Store(false)
		if err != nil {
			return e.failed(ctx, watch, session, before, err)
		}
		text, err := session.Read()
		if err != nil {
			return err
		}
		if bytes.Equal(text, before) && !e.source.Renew {
			return e.unchanged(e.app.Now().Sub(started))
		}
		failure := e.save(ctx, text)
		if failure == nil || atomicfile.IsWritten(failure) {
			return failure
		}
		if errors.Is(failure, atomicfile.ErrChanged) || !e.again(ctx, failure) {
			return e.rescue(text, failure)
		}
	}
}

// unchanged is the end of an edit without a change. An editor that was back at
// once has perhaps left its window open.
func (e *edition) unchanged(took time.Duration) error {
	advice := ""
	if took < time.Second {
		advice = "if the editor is still open it did not wait; tell it to, for example with EDITOR='code --wait'"
	}
	return app.Fail(app.NotModified, advice, "%s: File has not changed, so nothing was written", e.source.Path)
}

// failed distinguishes an editor that failed from one that was stopped, by a signal to
// this process or by Ctrl-C, which it got itself. One that crashed did not mean
// to give up what it had saved.
func (e *edition) failed(ctx context.Context, w *watch, s *editor.Session, before []byte, err error) error {
	if ctx.Err() != nil || w.interrupted.Load() {
		return &app.Error{Kind: app.Other, Err: fmt.Errorf("User canceled, so nothing was written: %w", err)}
	}
	if text, gone := s.Read(); gone == nil && editor.Crashed(err) && !bytes.Equal(text, before) {
		return e.rescue(text, err)
	}
	return err
}

// save seals the text and writes it over the file, if that is still what was
// decrypted.
func (e *edition) save(ctx context.Context, text []byte) error {
	if err := e.decrypted.Replace(text); err != nil {
		return e.source.Named(err)
	}
	if err := obeyRule(e.app, e.source, e.decrypted, e.follow); err != nil {
		return e.source.Named(err)
	}
	if len(e.decrypted.Trees()) == 0 {
		return e.source.Named(errors.New("the text holds no document"))
	}
	e.decrypted.RaiseVersion()
	if e.isNew {
		checkSelection(e.app, e.source, e.decrypted)
	}
	out, err := e.app.EncryptText(ctx, e.source.File, e.decrypted)
	if err != nil {
		return e.source.Named(err)
	}
	r := app.Request{File: e.source.File, Target: app.Target{InPlace: true}, Before: e.source}
	return e.app.Update(ctx, r, func(t *app.Tx) error {
		t.Put(out)
		return nil
	})
}

// again says what is wrong and waits for the person to go back to the editor.
// Without anybody to answer there is no second try.
func (e *edition) again(ctx context.Context, failure error) bool {
	a := e.app
	a.ShowError(failure)
	if !a.JSON {
		fmt.Fprintln(a.Stderr, "sops: press Enter to go back to the editor, or Ctrl-C to give up")
	}
	answer := make(chan error, 1)
	go func() { // ends with the process: a read of standard input cannot be stopped
		answer <- skipLine(a.Stdin)
	}()
	select {
	case err := <-answer:
		return err == nil
	case <-ctx.Done():
		return false
	}
}

// skipLine reads to the end of a line and no byte more: what follows is for the
// editor.
func skipLine(r io.Reader) error {
	for b := make([]byte, 1); b[0] != '\n'; {
		if _, err := r.Read(b); err != nil {
			return err
		}
	}
	return nil
}

func showMasterKeys(a *app.App, o *envelope.Decrypted) {
	for i, g := range o.Meta.Keys() {
		for _, w := range g {
			fmt.Fprintf(a.Stderr, "sops: group %d: %s\n", i+1, w.Name())
		}
	}
}
