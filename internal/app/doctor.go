package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms"
)

// DoctorOptions are the options of Doctor.
type DoctorOptions struct {
	Files     []string
	InputType string
	Common
	Access
}

// A fileHealth is what Doctor finds out about one file.
type fileHealth struct {
	File   string      `json:"file"`
	Opens  bool        `json:"opens"`
	Needed int         `json:"groups_needed,omitempty"`
	Groups []int       `json:"groups_open,omitempty"` // from 1
	Error  string      `json:"error,omitempty"`
	Hints  []string    `json:"hints,omitempty"`
	Keys   []keyHealth `json:"keys,omitempty"`
	groups int
	code   int // the exit code of what is wrong with the content
}

// A keyHealth is what Doctor finds out about one master key.
type keyHealth struct {
	Group    int            `json:"group"` // from 1
	Kind     string         `json:"kind"`
	Identity string         `json:"identity"`
	Opens    bool           `json:"opens"`
	Error    string         `json:"error,omitempty"`
	Hints    []string       `json:"hints,omitempty"`
	AWS      *awskms.Report `json:"aws,omitempty"`
	Steps    []keeper.Step  `json:"steps,omitempty"`
}

// A diagnoser says step by step how it goes with a key of AWS KMS.
type diagnoser interface {
	Diagnose(ctx context.Context, w keeper.WrappedKey) awskms.Report
}

// codeNoKey is the exit code of a file that no key opens.
const codeNoKey = 128

// errUnopened is the end of a doctor whose patient is not well. What there is
// to say has been said.
var errUnopened = errors.New("not every file can be decrypted here")

// Doctor tries every key of files, says how far each comes, and what would
// mend it. It shows no value and changes nothing.
func (a *App) Doctor(ctx context.Context, o DoctorOptions) error {
	texts, err := parseContext(o.Context)
	if err != nil {
		return err
	}
	keepers := a.keepers(ctx, o.Access)
	var failed []int
	for i, path := range o.Files {
		f := File{Path: path, InputType: o.InputType}
		h, badContext := a.examine(ctx, f, keepers, texts, o)
		if badContext != nil {
			return f.name(badContext)
		}
		if !h.Opens {
			failed = append(failed, cmp.Or(h.code, codeNoKey))
		}
		if printErr := a.showHealth(h, i); printErr != nil {
			return printErr
		}
	}
	switch {
	case len(failed) == 0:
		return nil
	case slices.Contains(failed, codeNoKey):
		return &Error{Code: codeNoKey, Err: errUnopened}
	}
	return &Error{Code: failed[0], Err: errUnopened}
}

func (a *App) showHealth(h fileHealth, before int) error {
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
func (a *App) examine(ctx context.Context, f File, keepers keeper.Keeper, texts map[string]string, o DoctorOptions) (fileHealth, error) {
	h := fileHealth{File: f.Path}
	s, encrypted, err := a.patient(ctx, f, o)
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
	h.Keys = a.examineKeys(ctx, groups, keepers)
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
	if _, err := a.decryptSource(ctx, s, keepers, o.Access); err != nil {
		h.Opens, h.code = false, hint.ExitCode(err)
		h.fails(err)
	}
	return h, nil
}

func (h *fileHealth) fails(err error) {
	h.Error, h.Hints = err.Error(), hint.Hints(err)
	var named *fileError
	if errors.As(err, &named) {
		h.Error = named.err.Error() // the name is shown already
	}
}

func (a *App) patient(ctx context.Context, f File, o DoctorOptions) (*source, *envelope.Encrypted, error) {
	s, err := a.readEncrypted(ctx, f, o.Common, codeReadInput)
	if err != nil {
		return nil, nil, err
	}
	encrypted, err := s.readEncrypted()
	return s, encrypted, err
}

// examineKeys tries all keys at once, but for those that ask a person, who can
// answer one question at a time.
func (a *App) examineKeys(ctx context.Context, groups []keeper.Group, keepers keeper.Keeper) []keyHealth {
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
	if d, ok := keeper.As[diagnoser](keepers, w.Kind); ok {
		r := d.Diagnose(ctx, w)
		h.Opens, h.Error, h.Hints, h.AWS = r.Opens, r.Problem, r.Hints, &r
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
