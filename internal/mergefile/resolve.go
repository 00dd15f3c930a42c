package mergefile

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/diff3"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/unresolved"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A Conflicted is a file in which a merge left conflicts, opened.
type Conflicted struct {
	Entries []unresolved.Entry
	Notice  *unresolved.Notice

	text   []byte
	format format.Format
	data   keeper.Data
}

// ErrNoConflicts says that a file has no conflicts of a merge.
var ErrNoConflicts = errors.New("the file has no conflicts of a merge")

// ErrLocked says that a file has to be merged anew: no key was at hand before.
var ErrLocked = errors.New("the file was not merged")

// Open opens a file with conflicts.
func Open(ctx context.Context, text []byte, f format.Format, k keeper.Keeper, o envelope.DecryptOptions) (*Conflicted, error) {
	e, err := envelope.Parse(text, f)
	if err != nil {
		return nil, err
	}
	if e.Meta.Merge == "" {
		return nil, ErrNoConflicts
	}
	c := &Conflicted{text: text, format: f}
	if c.Notice, err = unresolved.ParseNotice(e.Meta.Merge); err != nil {
		return nil, err
	}
	if e.Meta.MergeValues == "" {
		return c, ErrLocked
	}
	o.Conflicts, o.IgnoreMAC = true, false
	d, err := e.Decrypt(ctx, k, o)
	if err != nil {
		return nil, err
	}
	if c.Entries = e.Conflicts(); len(c.Entries) == 0 {
		return nil, ErrNoConflicts
	}
	c.data = d.Data
	return c, nil
}

// fresh decrypts the file once more.
func (c *Conflicted) fresh() (*envelope.Decrypted, error) {
	e, err := envelope.Parse(c.text, c.format)
	if err != nil {
		return nil, err
	}
	return e.DecryptWith(c.data, envelope.DecryptOptions{Conflicts: true})
}

// Side returns the content with what one state has at the conflicts that choose
// selects.
func (c *Conflicted) Side(state int, choose func(unresolved.Entry) bool) ([]byte, error) {
	d, err := c.fresh()
	if err != nil {
		return nil, err
	}
	if _, err := d.Plain(); err != nil {
		return nil, err
	}
	rendered := false
	trees := cloneAll(d.Trees())
	for _, e := range c.Entries {
		if !choose(e) || !OfValues(e) {
			continue
		}
		n := [3]tree.Node{e.Base, e.Ours, e.Theirs}[state]
		if len(e.At) == 0 || e.Document > 0 {
			rendered = true
			if trees, err = withDocuments(trees, e, n); err != nil {
				return nil, err
			}
			continue
		}
		if n == nil {
			if err = d.Unset(e.At); errors.Is(err, tree.ErrNotFound) {
				err = nil
			}
		} else {
			err = d.Set(e.At, n)
		}
		if err != nil {
			return nil, err
		}
	}
	if rendered {
		return c.format.Render(trees)
	}
	return d.Plain()
}

// OfValues reports whether a conflict is one of values, and not of keys or settings,
// which are as they are until a command changes them.
func OfValues(e unresolved.Entry) bool { return e.Kind != Keys && e.Kind != Settings }

func cloneAll(trees []*tree.Map) []*tree.Map {
	out := make([]*tree.Map, len(trees))
	for i, t := range trees {
		out[i] = tree.Clone(t).(*tree.Map)
	}
	return out
}

// withDocuments puts a node into documents of which not the first alone counts.
func withDocuments(trees []*tree.Map, e unresolved.Entry, n tree.Node) ([]*tree.Map, error) {
	if len(e.At) > 0 {
		if e.Document >= len(trees) {
			return nil, errors.New("a conflict is in a document that is not there")
		}
		if n == nil {
			if err := tree.Unset(trees[e.Document], e.At); err != nil && !errors.Is(err, tree.ErrNotFound) {
				return nil, err
			}
			return trees, nil
		}
		tree.Set(trees[e.Document], e.At, n)
		return trees, nil
	}
	var out []*tree.Map
	if l, ok := n.(*tree.List); ok {
		for _, d := range l.Items {
			if m, ok := d.(*tree.Map); ok {
				out = append(out, m)
			}
		}
	}
	return out, nil
}

// Markers returns the content with all sides of each conflict between markers, for
// an editor, and whether there are any: conflicts of keys and settings have none.
func (c *Conflicted) Markers(conflict func(out *strings.Builder, labels [3]string, lines [3][]string, chunk diff3.Chunk)) ([]byte, bool, error) {
	if !slices.ContainsFunc(c.Entries, OfValues) {
		text, err := c.Side(Ours, func(unresolved.Entry) bool { return false })
		return text, false, err
	}
	var lines [3][]string
	for state := range lines {
		text, err := c.Side(state, func(unresolved.Entry) bool { return true })
		if err != nil {
			return nil, false, err
		}
		lines[state] = slices.Collect(strings.Lines(string(text)))
	}
	var out strings.Builder
	some := false
	for _, chunk := range diff3.Chunks(lines[Base], lines[Ours], lines[Theirs]) {
		if chunk.Ours.Len() == chunk.Theirs.Len() && slices.Equal(diff3.Part(lines[Ours], chunk.Ours), diff3.Part(lines[Theirs], chunk.Theirs)) {
			for _, line := range diff3.Part(lines[Ours], chunk.Ours) {
				out.WriteString(line)
			}
			continue
		}
		some = true // the texts differ at conflicts alone
		conflict(&out, c.Notice.Labels, lines, chunk)
	}
	return []byte(out.String()), some, nil
}

// Resolve encrypts a content in the place of what the file has, as one without
// conflicts.
func (c *Conflicted) Resolve(plain []byte, o envelope.EncryptOptions) ([]byte, error) {
	d, err := c.fresh()
	if err != nil {
		return nil, err
	}
	if err := d.Replace(plain); err != nil {
		return nil, err
	}
	return d.Encrypt(o)
}

// Keep encrypts a content in which some conflicts are left.
func (c *Conflicted) Keep(plain []byte, left []unresolved.Entry, o envelope.EncryptOptions) ([]byte, error) {
	if len(left) == 0 {
		return c.Resolve(plain, o)
	}
	d, err := c.fresh()
	if err != nil {
		return nil, err
	}
	if err := d.Replace(plain); err != nil {
		return nil, err
	}
	out, err := d.Encrypt(o)
	if err != nil {
		return nil, err
	}
	return d.WithConflicts(out, unresolved.Notice{Labels: c.Notice.Labels, IDs: c.Notice.IDs}, left)
}
