package content

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/jsonvalue"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// SetOptions are the options of Set and Unset.
type SetOptions struct {
	app.File
	app.Common
	app.Access
	Address    string
	Value      string // JSON
	ValueFile  bool   // Value is the path of a file that holds it
	ValueStdin bool
	ValueRaw   bool // the value is a text as it is, no JSON
	Idempotent bool
	FollowFile bool // obey the selection rule of the file where .sops.yaml has another
}

// Set changes or adds one value of an encrypted file.
func Set(ctx context.Context, a *app.App, o SetOptions) error {
	at, err := tree.ParseAddress(o.Address)
	if err != nil {
		return &app.Error{Kind: app.BadChange, Err: err}
	}
	text, err := value(ctx, a, o)
	if err != nil {
		return err
	}
	n, err := o.node(text)
	if err != nil {
		return err
	}
	a.Outcome().Did("set", o.Address, "")
	return change(ctx, a, o, func(decrypted *envelope.Decrypted) (bool, error) {
		root := firstDocument(decrypted)
		if err := fits(root, at); err != nil {
			return false, &app.Error{Kind: app.BadChange, Err: err}
		}
		if o.Idempotent {
			old, err := tree.Find(root, at)
			if err == nil && sameNode(old, n) {
				return false, nil
			}
		}
		return true, decrypted.Set(at, n)
	})
}

// firstDocument returns the document that an address is in.
func firstDocument(o *envelope.Decrypted) *tree.Map {
	if len(o.Trees()) == 0 {
		return &tree.Map{}
	}
	return o.Trees()[0]
}

// fits reports why a value cannot be set at a without a map or a list on the
// way being lost. A single value gives place, as it always did.
func fits(n tree.Node, at tree.Address) error {
	for i, step := range at {
		switch in := n.(type) {
		case *tree.Map:
			if !step.IsKey {
				return fmt.Errorf("component %s: a map has keys, not positions", at[:i+1])
			}
			n, _ = in.Get(step.Key)
		case *tree.List:
			if step.IsKey {
				return fmt.Errorf("component %s: a list has positions, not keys", at[:i+1])
			}
			p := in.Position(step.Index)
			if p < 0 {
				return nil
			}
			n = in.Items[p]
		default:
			return nil
		}
	}
	return nil
}

// node returns the value that text is.
func (o SetOptions) node(text string) (tree.Node, error) {
	if o.ValueRaw {
		return tree.Text(text), nil
	}
	n, err := jsonvalue.Parse(text)
	if err != nil {
		return nil, app.Fail(app.BadChange, `a text needs double quotes that the shell leaves alone: '"text"'`, "%w", err)
	}
	return n, nil
}

// Unset removes one value of an encrypted file.
func Unset(ctx context.Context, a *app.App, o SetOptions) error {
	at, err := tree.ParseAddress(o.Address)
	if err != nil {
		return &app.Error{Kind: app.BadChange, Err: err}
	}
	a.Outcome().Did("unset", o.Address, "")
	return change(ctx, a, o, func(decrypted *envelope.Decrypted) (bool, error) {
		err := decrypted.Unset(at)
		if o.Idempotent && errors.Is(err, tree.ErrNotFound) && !errors.Is(err, tree.ErrNoParts) {
			return false, nil
		}
		return true, err
	})
}

// change decrypts a file, lets f change it and writes it back. A file whose
// content stays the same is left alone, unless its MAC or its seal is to be made
// anew.
func change(ctx context.Context, a *app.App, o SetOptions, f func(*envelope.Decrypted) (changed bool, err error)) error {
	r := app.Request{
		File: o.File, Common: o.Common, Access: o.Access, Target: app.Target{InPlace: true},
		Missing: app.Input, KeepsType: true,
	}
	return a.Update(ctx, r, func(t *app.Tx) error {
		decrypted, err := t.Decrypt(ctx, a.Keepers(ctx, o.Access))
		if err != nil {
			return err
		}
		changed, err := f(decrypted)
		if err != nil {
			return t.Named(err)
		}
		same := !changed || !decrypted.Changed()
		if same && !t.Renew && t.In.Name() == t.Out.Name() {
			return nil
		}
		if err := obeyRule(a, t.Source, decrypted, o.FollowFile); err != nil {
			return t.Named(err)
		}
		return t.Encrypt(ctx, decrypted)
	})
}

// Resolved returns options in which the value is at hand, for files of which
// several are in work at once.
func (o SetOptions) Resolved(ctx context.Context, a *app.App) (SetOptions, error) {
	text, err := value(ctx, a, o)
	o.Value, o.ValueFile, o.ValueStdin = text, false, false
	return o, err
}

func value(ctx context.Context, a *app.App, o SetOptions) (string, error) {
	switch {
	case o.ValueFile && o.ValueStdin:
		return "", app.Fail(app.Other, "", "--value-file and --value-stdin exclude each other")
	case o.ValueStdin:
		b, err := a.ReadStdin(ctx)
		return string(b), err
	case o.ValueFile:
		f, err := atomicfile.Read(ctx, a.Abs(o.Value))
		if err != nil {
			return "", err
		}
		return string(f.Data), nil
	}
	return o.Value, nil
}

func sameNode(a, b tree.Node) bool {
	wrap := func(n tree.Node) []*tree.Map { return []*tree.Map{{Items: []tree.Item{{Key: "v", Value: n}}}} }
	return tree.Diff(wrap(a), wrap(b)) == ""
}
