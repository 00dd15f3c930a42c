// Package doctor tries every key of files and says how far each comes.
package doctor

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Options are the options of Run.
type Options struct {
	Files     []string
	InputType string
	Identity  bool // show who this machine is, before the files
	app.Common
	app.Access
}

// A fileHealth is what Run finds out about one file.
type fileHealth struct {
	File   string      `json:"file"`
	Opens  bool        `json:"opens"`
	Needed int         `json:"groups_needed,omitempty"`
	Groups []int       `json:"groups_open,omitempty"` // from 1
	Error  string      `json:"error,omitempty"`
	Hints  []string    `json:"hints,omitempty"`
	Keys   []keyHealth `json:"keys,omitempty"`
	groups int
	cause  error // what is wrong with the content
}

// A keyHealth is what Run finds out about one master key.
type keyHealth struct {
	Group    int           `json:"group"` // from 1
	Kind     string        `json:"kind"`
	Identity string        `json:"identity"`
	Opens    bool          `json:"opens"`
	Error    string        `json:"error,omitempty"`
	Hints    []string      `json:"hints,omitempty"`
	Steps    []keeper.Step `json:"steps,omitempty"`

	diagnosis *keeper.Diagnosis // of a Diagnoser, nil otherwise
}

// MarshalJSON adds what a key service says of itself, under its own name.
func (k keyHealth) MarshalJSON() ([]byte, error) {
	type plain keyHealth
	var text, details bytes.Buffer
	err := hint.EncodeJSON(&text, plain(k), "")
	if err != nil || k.diagnosis == nil || k.diagnosis.Details == nil {
		return text.Bytes(), err
	}
	if err := hint.EncodeJSON(&details, map[string]any{k.diagnosis.Service: k.diagnosis.Details}, ""); err != nil {
		return nil, err
	}
	return slices.Concat(bytes.TrimSuffix(text.Bytes(), []byte("}\n")), []byte(","), details.Bytes()[1:]), nil
}

// An unwellError is the end of a diagnosis that found something wrong. What
// there is to say has been said.
type unwellError struct{ cause error }

func (e *unwellError) Error() string { return "not every file can be decrypted here" }

// Cause returns what was found first; that no key opens a file comes first.
func (e *unwellError) Cause() error { return e.cause }

// Run tries every key of files, says how far each comes, and what would
// mend it. It shows no value and changes nothing.
func Run(ctx context.Context, a *app.App, o Options) error {
	texts, err := app.ParseContext(o.Context)
	if err != nil {
		return err
	}
	keepers := a.Keepers(ctx, o.Access)
	if o.Identity {
		if err := showIdentity(ctx, a, o); err != nil {
			return err
		}
	}
	var failed []error
	for i, path := range o.Files {
		f := app.File{Path: path, InputType: o.InputType}
		h, badContext := examine(ctx, a, f, keepers, texts, o)
		if badContext != nil {
			return f.Named(badContext)
		}
		if !h.Opens {
			failed = append(failed, cmp.Or(h.cause, error(app.NoKey)))
		}
		if printErr := showHealth(a, h, i); printErr != nil {
			return printErr
		}
	}
	switch {
	case len(failed) == 0:
		return nil
	case slices.Contains(failed, error(app.NoKey)):
		return &unwellError{app.NoKey}
	}
	return &unwellError{failed[0]}
}

func showHealth(a *app.App, h fileHealth, before int) error {
	if a.JSON {
		return hint.EncodeJSON(a.Stdout, h, "")
	}
	if before > 0 {
		if _, err := fmt.Fprintln(a.Stdout); err != nil {
			return err
		}
	}
	return h.print(a.Stdout)
}

// examine looks at one file. The error is about the context alone.
func examine(ctx context.Context, a *app.App, f app.File, keepers keeper.Keeper, texts map[string]string, o Options) (fileHealth, error) {
	h := fileHealth{File: f.Path}
	s, encrypted, err := patient(ctx, a, f, o)
	if err != nil {
		h.fails(err)
		return h, nil
	}
	groups, err := encrypted.KeysUnder(texts)
	if err != nil {
		return h, err
	}
	h.groups, h.Needed = len(groups), max(1, min(encrypted.Meta.Threshold, len(groups)))
	if len(groups) > 1 && encrypted.Meta.Threshold == 0 {
		h.Needed = len(groups)
	}
	h.Keys = examineKeys(ctx, a, groups, keepers)
	for i := range groups {
		for _, k := range h.Keys {
			if k.Group == i+1 && k.Opens {
				h.Groups = append(h.Groups, i+1)
				break
			}
		}
	}
	if h.Opens = len(h.Groups) >= h.Needed; !h.Opens {
		return h, nil
	}
	// Its keys work. The rest is what decrypt checks: MAC, seal and every value.
	if _, err := a.Decrypt(ctx, s, keepers, o.Access); err != nil {
		h.Opens, h.cause = false, err
		h.fails(err)
	}
	return h, nil
}

func (h *fileHealth) fails(err error) {
	h.Error, h.Hints = err.Error(), hint.Hints(err)
	var named *app.FileError
	if errors.As(err, &named) {
		h.Error = named.Unwrap().Error() // the name is shown already
	}
}

func patient(ctx context.Context, a *app.App, f app.File, o Options) (*app.Source, *envelope.Encrypted, error) {
	s, err := a.ReadEncrypted(ctx, f, o.Common, app.Input)
	if err != nil {
		return nil, nil, err
	}
	encrypted, err := s.Encrypted()
	return s, encrypted, err
}

// examineKeys tries all keys at once, but for those that ask a person, who can
// answer one question at a time.
func examineKeys(ctx context.Context, a *app.App, groups []keeper.Group, keepers keeper.Keeper) []keyHealth {
	var all []keyHealth
	for i, g := range groups {
		for _, w := range g {
			all = append(all, keyHealth{Group: i + 1, Kind: w.Kind, Identity: w.Identity()})
		}
	}
	var wg sync.WaitGroup
	var asking []func()
	at := 0
	for _, g := range groups {
		for _, w := range g {
			h := &all[at]
			at++
			if keeper.Asks(ctx, keepers, w) {
				asking = append(asking, func() { h.try(ctx, w, keepers) })
				continue
			}
			wg.Go(func() { h.try(ctx, w, keepers) })
		}
	}
	wg.Wait()
	for _, try := range asking {
		try()
	}
	return all
}

// try finds out whether the key opens its part of the data key.
func (h *keyHealth) try(ctx context.Context, w keeper.WrappedKey, keepers keeper.Keeper) {
	if d, ok := keeper.As[keeper.Diagnoser](keepers, w.Kind); ok {
		found := d.Diagnose(ctx, w)
		h.Opens, h.Error, h.Hints, h.diagnosis = found.Opens, found.Problem, found.Hints, &found
		return
	}
	var err error
	if e, ok := keeper.As[keeper.Examiner](keepers, w.Kind); ok {
		h.Steps, err = e.Examine(ctx, w)
	} else {
		_, err = keepers.Unwrap(ctx, w)
	}
	if h.Opens = err == nil; err != nil {
		h.Error, h.Hints = err.Error(), hint.Hints(err)
	}
}
