package content

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// obeyRule refuses to write a new or changed value unencrypted that the creation
// rule for the file would encrypt. The selection rule in a file is that of its
// last writer: an older one, or a forger's where the file carries no seal. What
// the file holds unencrypted already is left alone.
func obeyRule(a *app.App, s *app.Source, o *envelope.Decrypted, follow bool) error {
	if follow || s.Config == nil || s.In.Name() == "binary" {
		return nil
	}
	r, err := a.RuleFor(s)
	switch {
	case err != nil:
		return &app.Error{Kind: app.Other, Err: fmt.Errorf("what is to be encrypted is not known: %w", err), Advice: []string{
			"to encrypt what the rule of the file says, add --follow-file",
		}}
	case r == nil || o.Meta.Selection.String() == r.Selection.String():
		return nil
	}
	file, err := o.Meta.Selection.CompileStored()
	if err != nil {
		return err
	}
	wanted, err := r.Selection.Compile()
	if err != nil {
		return err
	}
	open := map[readableLeaf]int{}
	for _, leaf := range readable(o.Before(), file, nil) {
		open[leaf]++
	}
	var bad []string
	for _, leaf := range readable(o.Trees(), file, wanted) {
		if open[leaf] > 0 {
			open[leaf]--
		} else if name := leaf.name(); !slices.Contains(bad, name) {
			bad = append(bad, name)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return &app.Error{
		Kind: app.Other,
		Err: fmt.Errorf("%s would be written unencrypted: the rule of %s says %s, the file %s",
			strings.Join(bad, ", "), s.Config.Path, r.Selection.String(), o.Meta.Selection.String()),
		Advice: []string{
			"to give the file the rule first: " + app.Anew(s.Path),
			"to write it unencrypted, as the rule of the file says, add --follow-file",
		},
	}
}

// A readableLeaf is a value or a comment that a file shows. Where in a list it is does not matter: what
// moves there does not change.
type readableLeaf struct {
	at, text string
	comment  bool
}

func (l readableLeaf) name() string {
	at := strings.TrimSuffix(l.at, ":")
	switch {
	case l.comment && at == "":
		return "a comment at the top"
	case l.comment:
		return fmt.Sprintf("a comment in %q", at)
	}
	return fmt.Sprintf("%q", at)
}

// readable lists the leaves that are readable by the rule of the file, and that
// wanted would encrypt; nil would encrypt everything.
func readable(trees []*tree.Map, file, wanted *rule.Selector) []readableLeaf {
	var encrypt []bool
	if wanted != nil {
		for leaf := range wanted.Leaves(trees) {
			encrypt = append(encrypt, leaf.Secret)
		}
	}
	var out []readableLeaf
	i := 0
	for leaf := range file.Leaves(trees) {
		if l, ok := readableOf(leaf); ok && !leaf.Secret && (wanted == nil || encrypt[i]) {
			out = append(out, l)
		}
		i++
	}
	return out
}

// readableOf returns what a leaf shows. What is empty shows nothing.
func readableOf(leaf rule.Leaf) (readableLeaf, bool) {
	if c := leaf.Comment; c != nil {
		return readableLeaf{string(leaf.AAD), c.Text, true}, c.Text != ""
	}
	v := leaf.Scalar.Value
	return readableLeaf{string(leaf.AAD), string(v.Canonical()), false}, v.Kind() != tree.Null && !v.Empty()
}
