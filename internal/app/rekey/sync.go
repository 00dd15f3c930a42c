package rekey

import (
	"context"
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/keyplan"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Sync makes one file of a run what its creation rule says: its keys, their groups
// and contexts, the threshold and, with o.Select, which of its values are
// encrypted. There are no questions: the plan of the run was agreed to.
func Sync(ctx context.Context, a *app.App, path string, o UpdateKeysOptions) error {
	r := app.Request{
		File: app.File{Path: path, InputType: o.InputType}, Common: o.Common, Access: o.Access, Target: app.Target{InPlace: true},
		Missing: app.Input, NeedsRules: true,
	}
	keepers := a.Keepers(ctx, o.Access)
	var p *FilePlan
	err := a.Update(ctx, r, func(t *app.Tx) (err error) {
		now := t.Source
		if o.Select {
			if now, err = reselected(ctx, a, t, keepers, o); err != nil {
				return err
			}
		}
		p, err = planSource(ctx, a, now, keepers, o)
		if err != nil {
			return err
		}
		noteChange(a, p)
		if p.UpToDate != "" {
			if now != t.Source {
				t.Put(now.Data)
			}
			return nil
		}
		if a.DryRun && now == t.Source {
			return nil // the plan says it all, without a call
		}
		text, err := keyed(ctx, a, p, keepers, o)
		if err != nil {
			return t.Named(err)
		}
		t.Put(text)
		return nil
	})
	switch {
	case err != nil:
		return err
	case p.UpToDate != "":
		a.Outcome().UpToDate = p.UpToDate
	case a.DryRun:
		unwraps, wraps := p.calls()
		a.Outcome().Plans(p.source.In.Name(), unwraps, wraps)
	case p.change.Removes():
		a.Warnf("keys that were removed still open old copies of the files, whose data keys stay as they are; for new ones: sops rotate -i FILE")
	}
	return nil
}

// calls returns how many calls of key services the plan takes.
func (p *FilePlan) calls() (unwraps, wraps int) {
	_, missing := p.change.Kept(p.change.Stock())
	if missing > 0 || p.encrypted.Meta.Seal != "" {
		unwraps = 1
	}
	return unwraps, missing
}

// keyed returns the text with the keys of the plan.
func keyed(ctx context.Context, a *app.App, p *FilePlan, keepers keeper.Keeper, o UpdateKeysOptions) ([]byte, error) {
	groups, err := newKeys(ctx, a, p, keepers, o)
	if err != nil {
		return nil, err
	}
	return p.encrypted.SetKeys(groups, p.change.Threshold, a.Random)
}

// noteChange notes what a plan changes, for the report of the run.
func noteChange(a *app.App, p *FilePlan) {
	for i, g := range p.Report.Groups {
		group := ""
		if len(p.Report.Groups) > 1 {
			group = fmt.Sprintf("group %d", i+1)
		}
		for _, k := range g {
			switch k.Change {
			case keyplan.Added:
				a.Outcome().Did("add_key", k.Identity, group)
			case keyplan.Removed:
				a.Outcome().Did("remove_key", k.Identity, group)
			}
		}
	}
	if t := p.Report.Threshold; t[0] != t[1] {
		a.Outcome().Did("threshold", fmt.Sprintf("%d to %d", t[0], t[1]), "")
	}
	if p.Report.Seal != "" {
		a.Outcome().Did("seal", "", p.Report.Seal)
	}
	if p.UpToDate == "" && len(a.Outcome().Actions) == 0 {
		a.Outcome().Did("order", "", "")
	}
}

// reselected returns the file with the values encrypted that its rule selects,
// and no others. It is the file itself if that is so.
func reselected(ctx context.Context, a *app.App, t *app.Tx, keepers keeper.Keeper, o UpdateKeysOptions) (*app.Source, error) {
	r, err := a.RuleOf(t.Source)
	if err != nil {
		return nil, err
	}
	e, err := t.Encrypted()
	if err != nil {
		return nil, err
	}
	if t.In.Name() == "binary" || e.Meta.Selection.String() == r.Selection.String() && e.Meta.MACOnlyEncrypted == r.MACOnlyEncrypted {
		return t.Source, nil
	}
	decrypted, err := a.DecryptToChange(ctx, t.Source, keepers, o.Access)
	if err != nil {
		return nil, err
	}
	if err := noteSelection(a, t.Source, decrypted, r); err != nil {
		return nil, t.Named(err)
	}
	if exposed := a.Outcome().Of("leave_readable"); len(exposed) > 0 && o.Yes && !o.AcceptReadable && !a.DryRun {
		return nil, t.Named(app.Fail(app.Other, "if that is meant: sops sync -y --accept-readable "+hint.Path(t.Path),
			"the rule leaves readable what the file has encrypted, and there was no question: %s", strings.Join(exposed, ", ")))
	}
	decrypted.Reselect(r.Selection, r.MACOnlyEncrypted)
	text, err := a.EncryptText(ctx, t.File, decrypted)
	if err != nil {
		return nil, t.Named(err)
	}
	out := *t.Source
	out.Data = text
	return &out, nil
}

// noteSelection notes the rule, and each value that changes sides.
func noteSelection(a *app.App, s *app.Source, d *envelope.Decrypted, r *config.Rule) error {
	file, err := d.Meta.Selection.CompileStored()
	if err != nil {
		return err
	}
	wanted, err := r.Selection.Compile()
	if err != nil {
		return err
	}
	a.Outcome().Did("select", r.Selection.String(), fmt.Sprintf("line %d of %s; the file has %s", r.Line, s.Config.Path, d.Meta.Selection))
	if d.Meta.MACOnlyEncrypted != r.MACOnlyEncrypted {
		a.Outcome().Did("mac_only_encrypted", fmt.Sprint(r.MACOnlyEncrypted), "")
	}
	var secret []bool
	for leaf := range wanted.Leaves(d.Trees()) {
		secret = append(secret, leaf.Secret)
	}
	i := 0
	for leaf := range file.Leaves(d.Trees()) {
		was, is := leaf.Secret, secret[i]
		i++
		if was == is || !holdsText(leaf) {
			continue
		}
		at := placeOf(leaf)
		if is {
			a.Outcome().Did("encrypt", at, "")
		} else {
			a.Outcome().Did("leave_readable", at, "")
		}
	}
	return nil
}

// placeOf names the place of a leaf: the keys above it.
func placeOf(leaf rule.Leaf) string {
	at := strings.TrimSuffix(string(leaf.AAD), ":")
	switch {
	case leaf.Comment != nil && at == "":
		return "a comment at the top"
	case leaf.Comment != nil:
		return "a comment in " + at
	}
	return at
}

// holdsText reports whether there is something to encrypt in a leaf.
func holdsText(leaf rule.Leaf) bool {
	if leaf.Comment != nil {
		return leaf.Comment.Text != ""
	}
	v := leaf.Scalar.Value
	return v.Kind() != tree.Null && !v.Empty()
}
