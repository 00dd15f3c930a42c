// Package rekey is the commands that give files other keys: rotate, updatekeys,
// and groups. Package keyplan decides what is to change; this package reads the
// file, asks where nothing vouches for a key, and has the key services wrap.
package rekey

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/pool"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// UpdateKeysOptions are the options of UpdateKeys.
type UpdateKeysOptions struct {
	Files     []string
	InputType string
	app.Common
	app.Access
	Yes               bool
	Threshold         int    // 0: that of the rule, else that of the file
	EncryptionContext string // for AWS keys without one of their own
	DropContext       bool   // leave out contexts that only the file has
	Reorder           bool   // another order of keys is a change too
	AcceptReadable    bool   // with Select: what the rule leaves readable may become so without a question
	AllowPartial      bool   // leave out new keys that cannot be wrapped
	ReEncrypt         bool   // let KMS move the data key, which stays inside it
	Select            bool   // Sync: encrypt the values that the rule selects
}

// filesAtOnce is how many files are in work at a time: almost all of their time
// is waiting for a key service.
const filesAtOnce = 16

// UpdateKeys makes the keys of files those of their creation rules. Nothing but
// the metadata changes. A file that fails does not stop the others.
func UpdateKeys(ctx context.Context, a *app.App, o UpdateKeysOptions) error {
	defer app.SurviveBrokenPipes()() // no file is left out because of what there is to say
	keepers := a.Keepers(ctx, o.Access)
	update := func(path string) updated {
		var u updated
		u.err = updateKeys(ctx, a, &u.out, path, keepers, o)
		return u
	}
	atOnce := filesAtOnce
	if !o.Yes {
		atOnce = 1 // one question at a time can be answered
		update = func(path string) updated {
			return updated{err: updateKeys(ctx, a, a.Stdout, path, keepers, o)}
		}
	}
	var failed filesError
	err := pool.InOrder(ctx, o.Files, atOnce, update, func(u updated) error {
		if _, err := a.Stdout.Write(u.out.Bytes()); err != nil && u.err == nil {
			u.err = err
		}
		if u.err != nil {
			failed = append(failed, u.err)
		}
		return nil
	})
	switch {
	case err != nil && len(failed) == 0:
		return err
	case len(failed) == 0:
		return nil
	case len(o.Files) == 1:
		return failed[0]
	}
	return append(failed, fmt.Errorf("%d of %d files were not updated", len(failed), len(o.Files)))
}

// An updated is what came of one file.
type updated struct {
	out bytes.Buffer // what there is to print, in the order of the files
	err error
}

// updateKeys plans the change of one file, shows it to w and makes it.
func updateKeys(ctx context.Context, a *app.App, w io.Writer, path string, keepers keeper.Keeper, o UpdateKeysOptions) error {
	p, err := planKeys(ctx, a, path, keepers, o)
	if err != nil {
		return err
	}
	if wanted, err := wantsPlan(ctx, a, w, p, o); !wanted || err != nil {
		return err
	}
	return applyKeys(ctx, a, w, p, keepers, o)
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

// Is makes it a failure of no kind: the kinds of the files may differ.
func (e filesError) Is(target error) bool { return target == app.Other }

// noteOldCopies says what a removal cannot undo.
func noteOldCopies(a *app.App, path string) {
	a.Notef("%s: keys that were removed still open old copies of the file, whose data key is that of the new one; for a new data key: sops rotate -i %s",
		path, hint.Path(path))
}

// wantsPlan shows a plan that changes something, and asks whether it is wanted.
func wantsPlan(ctx context.Context, a *app.App, w io.Writer, p *FilePlan, o UpdateKeysOptions) (bool, error) {
	if p.UpToDate != "" {
		a.Notef("%s: %s", p.File, p.UpToDate)
		return false, nil
	}
	if err := showPlan(a, w, p); err != nil {
		return false, err
	}
	if o.Yes {
		return true, nil
	}
	yes, err := a.Agreed(ctx, "Is this what you want? (y/n):", "\n")
	if err != nil {
		return false, p.source.Named(&app.Error{Kind: app.Other, Err: err, Advice: []string{"--yes answers for you"}})
	}
	if !yes {
		a.Notef("%s: left unchanged", p.File)
	}
	return yes, nil
}
