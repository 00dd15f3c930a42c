package mergefile

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/diff3"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/merge"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/internal/unresolved"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// The values of the result are those of the merged tree. What it looks like,
// comments, blank lines, the order of keys, is a merge of lines: first of the texts
// as they are; where that does not hold the merged tree, of the texts with the
// merged values in them, which differ in looks alone; in the end the winner's text
// with the merged values. Each is parsed and compared.

// encrypt makes the text of the result.
func (m *merging) encrypt(ctx context.Context, winner *side, keys keyList, want merge.Result) ([]byte, error) {
	text, err := m.compose(winner, want.Trees)
	if err != nil {
		return nil, err
	}
	d, err := winner.fresh(m.in.Format, m.quiet())
	if err != nil {
		return nil, err
	}
	from := winner.decrypted.Meta
	d.Meta.MACOnlyEncrypted, d.Meta.Selection, d.Meta.Plain = from.MACOnlyEncrypted, *winner.rule, from.Plain
	d.Meta.Version = m.newest()
	switch {
	case winner.rotate:
		if err := d.Rotate(ctx, m.options.Keepers, masterKeys(keys.groups), keys.threshold, nil); err != nil {
			return nil, err
		}
	case keys.changed:
		groups, err := m.wrap(ctx, winner, keys)
		if err != nil {
			return nil, err
		}
		d.Meta.SetKeys(groups)
		d.Meta.Threshold = keys.threshold
	}
	d.Doubt(keys.doubtful)
	if err := d.Replace(text); err != nil {
		return nil, err
	}
	var tokens map[cipher.Value]string
	if other := m.other(winner); sameData(winner, other) && !winner.rotate {
		if tokens, err = other.decrypted.Tokens(); err != nil {
			return nil, err
		}
	}
	out, err := d.Encrypt(envelope.EncryptOptions{Now: m.lastModified(), Derived: true, Tokens: tokens})
	if err != nil {
		return nil, err
	}
	if err := m.holds(out, d, want.Trees); err != nil || len(m.entries) == 0 {
		return out, err
	}
	return d.WithConflicts(out, unresolved.Notice{Labels: m.in.Labels, IDs: m.in.IDs}, m.entries)
}

func (m *merging) quiet() envelope.DecryptOptions {
	o := m.options.Decrypt
	o.Conflicts, o.Warn = true, nil
	return o
}

// newest is the later version that a side says it was written by.
func (m *merging) newest() string {
	version := ""
	for _, s := range []*side{m.sides[Ours], m.sides[Theirs]} {
		if s.decrypted != nil && (version == "" || meta.Newer(s.decrypted.Meta.Version, version)) {
			version = s.decrypted.Meta.Version
		}
	}
	return version
}

// holds proves that an encrypted text holds the merged tree.
func (m *merging) holds(out []byte, d *envelope.Decrypted, want []*tree.Map) error {
	e, err := envelope.Parse(out, m.in.Format)
	if err != nil {
		return err
	}
	back, err := e.DecryptWith(d.Data, envelope.DecryptOptions{})
	if err != nil {
		return err
	}
	if !m.same(want, back.Trees()) {
		return errors.New("the merged values do not read back")
	}
	return nil
}

// same reports whether two trees hold the same, as far as the format can tell.
func (m *merging) same(a, b []*tree.Map) bool {
	if len(a) == len(b) && slices.EqualFunc(a, b, func(x, y *tree.Map) bool { return merge.Equal(x, y) }) {
		return true
	}
	return tree.Diff(a, b) == "" || m.rendered(a) == m.rendered(b) && m.rendered(a) != ""
}

func (m *merging) rendered(trees []*tree.Map) string {
	text, err := m.in.Format.Render(withoutComments(trees))
	if err != nil {
		return ""
	}
	return string(text)
}

// compose returns the plaintext of the result.
func (m *merging) compose(winner *side, want []*tree.Map) ([]byte, error) {
	if m.in.Format.Name() == "binary" {
		return m.in.Format.Render(want)
	}
	if texts, ok := m.plainTexts(); ok {
		if text, clean := mergedLines(texts); clean && m.reads(text, want) {
			return text, nil
		}
	}
	own, err := m.valued(winner, want)
	if err == nil && m.sides[Base] != nil && m.sides[Base].decrypted != nil {
		if text, ok := m.mergedLooks(want); ok {
			return text, nil
		}
	}
	if err == nil && m.reads(own, want) {
		return own, nil
	}
	text, err := m.in.Format.Render(want)
	if err != nil {
		return nil, err
	}
	m.notef("the layout of the file could not be kept; the content is complete")
	return text, nil
}

// plainTexts returns the plaintexts of the three states.
func (m *merging) plainTexts() (texts [3][]byte, ok bool) {
	for i, s := range m.sides {
		switch {
		case s == nil:
			return texts, false
		case s.decrypted == nil:
			texts[i] = s.text
		default:
			d, err := s.fresh(m.in.Format, m.quiet())
			if err != nil {
				return texts, false
			}
			if texts[i], err = d.Plain(); err != nil {
				return texts, false
			}
		}
	}
	return texts, true
}

// mergedLooks merges the lines of the three texts with the merged values in them.
func (m *merging) mergedLooks(want []*tree.Map) ([]byte, bool) {
	var texts [3][]byte
	for i, s := range m.sides {
		var err error
		if texts[i], err = m.valued(s, want); err != nil {
			return nil, false
		}
	}
	text, _ := mergedLines(texts)
	return text, m.reads(text, want)
}

// valued returns the plaintext of a side with the merged values in it.
func (m *merging) valued(s *side, want []*tree.Map) ([]byte, error) {
	if s.decrypted == nil {
		return nil, envelope.ErrNotEncrypted
	}
	d, err := s.fresh(m.in.Format, m.quiet())
	if err != nil {
		return nil, err
	}
	if _, err := d.Plain(); err != nil { // before the changes, so that they are made in it
		return nil, err
	}
	if len(want) == 0 || len(d.Trees()) == 0 {
		return nil, errors.New("no document")
	}
	if err := lead(d, nil, d.Trees()[0], want[0]); err != nil {
		return nil, err
	}
	return d.Plain()
}

// lead makes the changes in d that lead from one map to another.
func lead(d *envelope.Decrypted, at tree.Address, from, to *tree.Map) error {
	for _, it := range slices.Clone(from.Items) {
		if tree.IsComment(it.Value) {
			continue
		}
		if _, ok := to.Get(it.Key); !ok {
			if err := d.Unset(below(at, it.Key)); err != nil {
				return err
			}
		}
	}
	for _, it := range to.Items {
		if tree.IsComment(it.Value) {
			continue
		}
		old, there := from.Get(it.Key)
		if there && merge.Equal(old, it.Value) {
			continue
		}
		oldMap, was := old.(*tree.Map)
		newMap, is := it.Value.(*tree.Map)
		var err error
		if was && is {
			err = lead(d, below(at, it.Key), oldMap, newMap)
		} else {
			err = d.Set(below(at, it.Key), bare(it.Value))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func below(at tree.Address, key string) tree.Address {
	return append(at[:len(at):len(at)], tree.Step{Key: key, IsKey: true})
}

// reads reports whether a text holds the merged tree and its comments.
func (m *merging) reads(text []byte, want []*tree.Map) bool {
	d, err := m.in.Format.Parse(text)
	if err != nil || d.Reserved() != 0 || !m.same(want, d.Trees()) {
		return false
	}
	got := comments(d.Trees())
	for c, n := range comments(want) {
		if got[c] < n {
			return false
		}
	}
	return true
}

func comments(trees []*tree.Map) map[string]int {
	out := map[string]int{}
	for _, t := range trees {
		tree.Each(t, func(n tree.Node) {
			if c, ok := n.(*tree.Comment); ok {
				out[c.Text]++
			}
		})
	}
	return out
}

// bare returns a node without its comments, which the lines bring.
func bare(n tree.Node) tree.Node {
	n = tree.Clone(n)
	tree.Each(n, func(n tree.Node) {
		switch n := n.(type) {
		case *tree.Map:
			n.Items = slices.DeleteFunc(n.Items, func(it tree.Item) bool { return tree.IsComment(it.Value) })
		case *tree.List:
			n.Items = slices.DeleteFunc(n.Items, tree.IsComment)
		}
	})
	return n
}

func withoutComments(trees []*tree.Map) []*tree.Map {
	out := make([]*tree.Map, len(trees))
	for i, t := range trees {
		out[i] = bare(t).(*tree.Map)
	}
	return out
}

// mergedLines merges texts by lines. Where both sides changed lines differently,
// those of ours come, then those that are in theirs alone, and clean is false.
func mergedLines(texts [3][]byte) (text []byte, clean bool) {
	var lines [3][]string
	for i := range lines {
		lines[i] = slices.Collect(strings.Lines(string(texts[i])))
	}
	clean = true
	var out strings.Builder
	write := func(all []string) {
		for _, line := range all {
			out.WriteString(line)
		}
	}
	for _, c := range diff3.Chunks(lines[Base], lines[Ours], lines[Theirs]) {
		o, a, b := diff3.Part(lines[Base], c.Base), diff3.Part(lines[Ours], c.Ours), diff3.Part(lines[Theirs], c.Theirs)
		switch {
		case c.Conflicts():
			clean = false
			write(a)
			write(slices.DeleteFunc(slices.Clone(b), func(line string) bool { return slices.Contains(a, line) || slices.Contains(o, line) }))
		case c.OursChanged:
			write(a)
		default:
			write(b)
		}
	}
	return []byte(out.String()), clean
}

// mergeLines merges the text of a binary file by lines, if it is one and no changes
// touch.
func (m *merging) mergeLines(r *merge.Result) {
	c := &r.Conflicts[0]
	c.Kind = Binary
	texts, ok := m.plainTexts()
	if !ok || slices.ContainsFunc(texts[:], func(t []byte) bool { return !utf8.Valid(t) || slices.Contains(t, 0) }) {
		return
	}
	text, clean := mergedLines(texts)
	if !clean {
		return
	}
	d, err := m.in.Format.Parse(text)
	if err != nil {
		return
	}
	r.Trees, r.Conflicts = d.Trees(), nil
}

// withoutBase returns the base without the value at a conflict of an earlier merge:
// what the sides make of it counts as if it came from nothing that either knows.
func withoutBase(base []*tree.Map, e unresolved.Entry) []*tree.Map {
	if e.Document >= len(base) || len(e.At) == 0 {
		return base // not about one value
	}
	out := slices.Clone(base)
	out[e.Document] = tree.Clone(base[e.Document]).(*tree.Map)
	tree.Set(out[e.Document], e.At, tree.Text(disputed))
	return out
}

// disputed is the text of a base at a conflict of an earlier merge.
const disputed = "\x00 the sides of an earlier merge do not agree \x00"
