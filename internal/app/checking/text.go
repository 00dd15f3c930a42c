package checking

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/discover"
	"github.com/seed-1f7fdfb8/sops/internal/formatname"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/keyplan"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/internal/sniff"
	"github.com/seed-1f7fdfb8/sops/std"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// configured gives a text its configuration; a bad one is a finding.
func (t *text) configured(cfg *config.File, path string, err error) {
	t.config, t.configPath = cfg, path
	if err != nil {
		t.broken = append(t.broken, aboutConfig(path, err))
	}
}

// aboutConfig is the finding for a configuration, or a rule of it, that cannot be used.
func aboutConfig(path string, err error) Finding {
	message, line := err.Error(), hint.PositionOf(err).Line
	var own *config.Error
	if errors.As(err, &own) {
		message = own.Msg
	}
	return found(badConfig, isError, path, line, message, hint.Hints(err)...)
}

// rule returns the creation rule of the file; nil if there is none that says which keys
// belong into it.
func (t *text) rule() (*config.Rule, []Finding) {
	if t.config == nil {
		return nil, nil
	}
	r, err := t.config.RuleFor(t.abs)
	switch {
	case errors.Is(err, config.ErrNoRules), errors.Is(err, config.ErrNoRule):
		return nil, nil
	case err != nil:
		return nil, []Finding{aboutConfig(t.configPath, err)}
	case len(r.Groups) == 0:
		return nil, nil
	}
	return r, nil
}

// ofRule names a rule in a message.
func (t *text) ofRule(r *config.Rule) string {
	return fmt.Sprintf("the rule on line %d of .sops.yaml", r.Line)
}

// check returns everything that is wrong with the file.
func (t *text) check() []Finding {
	if exempt(t.path) {
		return nil
	}
	r, all := t.rule()
	all = append(all, t.broken...)
	c := discover.Classify(t.path, t.data)
	switch line := sniff.Conflict(t.data); {
	case c.Class == discover.Encrypted:
		return append(all, t.encrypted(c, r)...)
	case line > 0 && sniff.Token(t.data) > 0 && (c.Class == discover.Broken || isData(t.path)):
		return append(all, found(conflictMarkers, isError, t.path, line, "the markers of a merge are in an encrypted file",
			"sops merge --continue "+hint.Path(t.path), "git checkout --ours -- "+hint.Path(t.path)))
	case c.Class == discover.Broken:
		return append(all, found(badMetadata, isError, t.path, hint.PositionOf(c.Err).Line, "the encrypted file cannot be read: "+c.Err.Error(),
			"git log -p -- "+hint.Path(t.path)))
	}
	return append(all, t.plain(r)...)
}

// isData reports whether the name of a file says that it holds values.
func isData(path string) bool {
	_, data := formatname.ForPath(path)
	return data
}

// plain checks a file that has no metadata.
func (t *text) plain(r *config.Rule) []Finding {
	name, data := formatname.ForPath(t.path)
	if !data {
		name = "binary"
	}
	f, err := std.Format(name)
	if err != nil {
		return nil
	}
	d, err := f.Parse(t.data)
	if err == nil && data {
		if line := firstToken(d); line > 0 {
			return []Finding{found(badMetadata, isError, t.path, line, "an encrypted value without the metadata that opens it (the entry sops)",
				"git log -p -- "+hint.Path(t.path))}
		}
	}
	if !speaks(r) || len(t.data) == 0 {
		return nil
	}
	if err == nil && data {
		selector, err := r.Selection.Compile()
		if err != nil {
			return []Finding{aboutConfig(t.configPath, err)}
		}
		if secret, _ := selector.Count(d.Trees()); secret == 0 {
			return nil // there is nothing to encrypt in it
		}
	}
	return []Finding{found(notEncrypted, isError, t.path, 0, "is not encrypted, and "+t.ofRule(r)+" says that it should be",
		"sops encrypt -i "+hint.Path(t.path))}
}

// firstToken returns the line of the first value that is a token, 0 if none is.
func firstToken(d format.Document) (line int) {
	for _, t := range d.Trees() {
		tree.Each(t, func(n tree.Node) {
			if s, ok := n.(*tree.Scalar); ok && line == 0 {
				if _, err := cipher.Parse(s.Value.Str()); err == nil {
					line = max(1, d.Line(s.Ref))
				}
			}
		})
	}
	return line
}

// encrypted checks an encrypted file.
func (t *text) encrypted(c discover.Content, r *config.Rule) []Finding {
	f, err := std.Format(c.Format)
	if err != nil {
		return []Finding{found(badMetadata, isError, t.path, 0, err.Error())}
	}
	d, err := f.ParseEncrypted(t.data)
	if err != nil {
		return []Finding{found(badMetadata, isError, t.path, hint.PositionOf(err).Line, err.Error(), hint.Hints(err)...)}
	}
	m := c.Meta
	all := t.metadata(m)
	if m.Merge != "" {
		word := hint.Path(t.path)
		all = append(all, found(unresolvedMerge, isError, t.path, 0, "a merge left conflicts in the file", "sops merge --continue "+word, "sops merge --ours "+word))
	}
	all = append(all, t.values(d, m, r)...)
	if r != nil {
		all = append(all, t.keys(m, r)...)
	}
	return all
}

// metadata checks that nothing is missing that every encrypted file has.
func (t *text) metadata(m *meta.Metadata) []Finding {
	var all []Finding
	if m.MAC == "" {
		all = append(all, found(badMetadata, isError, t.path, 0, "the metadata has no MAC"))
	} else if _, err := cipher.Parse(m.MAC); err != nil && m.Merge == "" {
		all = append(all, found(badMetadata, isError, t.path, 0, "the MAC is no encrypted value"))
	}
	keys := 0
	for _, g := range m.Keys() {
		keys += len(g)
		if len(g) == 0 && len(m.Groups) > 1 {
			all = append(all, found(badMetadata, isError, t.path, 0, "the metadata has a key group without a key"))
		}
	}
	switch {
	case keys == 0:
		all = append(all, found(badMetadata, isError, t.path, 0, "the metadata has no key"))
	case len(m.Groups) > 1 && m.Threshold > len(m.Groups): // of one group it means nothing
		all = append(all, found(badMetadata, isError, t.path, 0, fmt.Sprintf("the threshold is %d, and there are %d key groups", m.Threshold, len(m.Groups))))
	}
	return all
}

// A values is a walk over the leaves of an encrypted file.
type values struct {
	text   *text
	doc    format.Document
	all    []Finding
	places map[string]string // the AAD of each token

	addresses map[*tree.Scalar]string // nil until one is asked for
}

// values checks each value: by the selection of the file, and by that of its rule.
func (t *text) values(d format.Document, m *meta.Metadata, r *config.Rule) []Finding {
	selector, err := m.Selection.CompileStored()
	if err != nil {
		return []Finding{found(badMetadata, isError, t.path, 0, err.Error())}
	}
	v := &values{text: t, doc: d, places: map[string]string{}}
	var secret []bool
	for leaf := range selector.Leaves(d.Trees()) {
		secret = append(secret, leaf.Secret)
		v.leaf(leaf, selector.ByComment())
	}
	if r == nil || formatOf(d) == "binary" {
		return v.all // one value, whatever the rule says
	}
	wanted, err := r.Selection.Compile()
	if err != nil {
		return append(v.all, aboutConfig(t.configPath, err))
	}
	v.drift(wanted, secret, m, r)
	return v.all
}

// formatOf returns "binary" for the document of bytes, which has one leaf.
func formatOf(d format.Document) string {
	if trees := d.Trees(); len(trees) == 1 && len(trees[0].Items) == 1 && trees[0].Items[0].Key == "data" && d.Leaves() == 1 {
		return "binary"
	}
	return ""
}

// leaf checks one value or comment.
func (v *values) leaf(leaf rule.Leaf, byComment bool) {
	if leaf.Comment != nil {
		if leaf.Secret && byComment && strings.TrimSpace(leaf.Comment.Text) != "" && !cipher.IsToken(leaf.Comment.Text) {
			v.add(clearSecret, isError, leaf, "a comment is readable, and the file's selection says that it is encrypted")
		}
		return
	}
	s := leaf.Scalar.Value.Str()
	_, err := cipher.Parse(s)
	switch {
	case err != nil && leaf.Secret && cipher.IsToken(s):
		v.add(badToken, isError, leaf, "begins as an encrypted value does, and is none", "git log -p -- "+hint.Path(v.text.path))
	case err != nil && leaf.Secret && holdsText(leaf):
		v.add(clearSecret, isError, leaf, "is readable, and the file's selection says that it is encrypted", v.again(leaf))
	case err != nil:
	case !leaf.Secret && !leaf.ListComment:
		v.add(wronglyEncrypted, isWarning, leaf, "is an encrypted value, and the file's selection says that it is readable")
	case cipher.IsComment(s) && !leaf.ListComment:
		v.add(commentToken, isError, leaf, "is the encrypted text of a comment, in the place of a value")
	default:
		if aad, twice := v.places[s]; twice && aad != string(leaf.AAD) {
			v.add(duplicateToken, isError, leaf, "has the ciphertext of another value: it was copied, and cannot be decrypted here", v.again(leaf))
		} else {
			v.places[s] = string(leaf.AAD)
		}
	}
}

// again is how a value that cannot be decrypted comes back: no command writes a file
// that has one.
func (v *values) again(leaf rule.Leaf) string {
	return "take it out with a text editor, and put it back with: sops set --ignore-mac --value-stdin " +
		hint.Path(v.text.path) + " " + hint.ShellWord(v.address(leaf.Scalar))
}

// drift compares the selection of the file with that of its rule.
func (v *values) drift(wanted *rule.Selector, secret []bool, m *meta.Metadata, r *config.Rule) {
	fix := "sops sync " + hint.Path(v.text.path)
	if m.Selection.String() == r.Selection.String() {
		if m.MACOnlyEncrypted != r.MACOnlyEncrypted {
			v.all = append(v.all, found(driftSelect, isWarning, v.text.path, 0,
				fmt.Sprintf("%s says mac_only_encrypted: %t, the file %t", v.text.ofRule(r), r.MACOnlyEncrypted, m.MACOnlyEncrypted), fix))
		}
		return
	}
	differ := fmt.Sprintf("(%s says %s, the file %s)", v.text.ofRule(r), r.Selection, m.Selection)
	i, open := 0, 0
	for leaf := range wanted.Leaves(v.doc.Trees()) {
		was := i < len(secret) && secret[i]
		i++
		if !leaf.Secret || was || leaf.Comment != nil || !holdsText(leaf) || cipher.IsToken(leaf.Scalar.Value.Str()) {
			continue
		}
		open++
		v.add(driftSelect, isError, leaf, "is readable, and should be encrypted "+differ, fix)
	}
	if open == 0 {
		v.all = append(v.all, found(driftSelect, isWarning, v.text.path, 0, "selects other values than its rule "+differ, fix))
	}
}

// holdsText reports whether there is something to encrypt in a scalar.
func holdsText(leaf rule.Leaf) bool {
	value := leaf.Scalar.Value
	return value.Kind() != tree.Null && !value.Empty()
}

// add adds a finding about a leaf.
func (v *values) add(id, severity string, leaf rule.Leaf, message string, hints ...string) {
	if leaf.Comment != nil {
		v.all = append(v.all, found(id, severity, v.text.path, v.doc.Line(leaf.Comment.Ref), message, hints...))
		return
	}
	f := found(id, severity, v.text.path, v.doc.Line(leaf.Scalar.Ref), message, hints...)
	v.all = append(v.all, f.at(v.address(leaf.Scalar)))
}

// address returns where a scalar is. All addresses are made when the first is asked
// for: of most files none is.
func (v *values) address(s *tree.Scalar) string {
	if v.addresses == nil {
		v.addresses = map[*tree.Scalar]string{}
		for _, t := range v.doc.Trees() {
			v.note("", t)
		}
	}
	return v.addresses[s]
}

func (v *values) note(at string, n tree.Node) {
	switch n := n.(type) {
	case *tree.Map:
		for _, it := range n.Items {
			v.note(at+tree.Step{Key: it.Key, IsKey: true}.String(), it.Value)
		}
	case *tree.List:
		i := 0
		for _, e := range n.Items {
			if s, ok := e.(*tree.Scalar); tree.IsComment(e) || ok && cipher.IsComment(s.Value.Str()) {
				continue
			}
			v.note(at+tree.Step{Index: i}.String(), e)
			i++
		}
	case *tree.Scalar:
		v.addresses[n] = at
	}
}

// keys compares keys, groups, threshold and seal with the rule.
func (t *text) keys(m *meta.Metadata, r *config.Rule) []Finding {
	var all []Finding
	c := &keyplan.Change{
		Old: m.Keys(), OldThreshold: m.Threshold, Wanted: r.Groups,
		Forget: r.PersistIdentity != nil && !*r.PersistIdentity,
	}
	c.InheritContexts()
	c.Settle()
	var err error
	if c.Threshold, err = keyplan.ForRule(0, r.Threshold, c.Before(), len(c.Wanted)); err != nil {
		all = append(all, found(badConfig, isError, t.configPath, r.Line, err.Error()))
	} else if c.Changes() {
		all = append(all, found(keysDrift, isError, t.path, 0, "has other keys than "+t.ofRule(r)+": "+difference(c.Report(t.path)),
			"sops updatekeys "+hint.Path(t.path)))
	}
	if r.Integrity == "required" && m.Seal == "" {
		all = append(all, found(noSeal, isError, t.path, 0, "carries no seal, which "+t.ofRule(r)+" demands (integrity: required)",
			"sops rotate -i --ignore-mac "+hint.Path(t.path)))
	}
	return all
}

// difference puts the change of keys into words.
func difference(p keyplan.Report) string {
	var parts []string
	for i, g := range p.Groups {
		group := ""
		if len(p.Groups) > 1 {
			group = fmt.Sprintf(" (group %d)", i+1)
		}
		for _, k := range g {
			switch k.Change {
			case keyplan.Added:
				parts = append(parts, "without "+k.Identity+group)
			case keyplan.Removed:
				parts = append(parts, "with "+k.Identity+group)
			}
		}
	}
	if n := p.Threshold; n[0] != n[1] {
		parts = append(parts, fmt.Sprintf("threshold %d, not %d", n[0], n[1]))
	}
	return cmp.Or(strings.Join(parts, ", "), "other groups")
}
