// Package mergefile merges encrypted files: it decrypts base, ours and theirs,
// merges their trees, their keys and their settings, and makes the result of the
// text of the side whose data key it keeps, so that all that did not change stays
// as it is, to the byte.
//
//	r, err := mergefile.Merge(ctx, mergefile.Input{Format: yaml.Format{}, Texts: ...}, options)
//
// Where no rule says which side counts, the result keeps all sides, encrypted, and
// is refused by every program that checks MACs: see package unresolved. Nothing is
// written by this package, and nothing is printed.
package mergefile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/merge"
	"github.com/seed-1f7fdfb8/sops/internal/unresolved"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// The three states of a file.
const (
	Base = iota
	Ours
	Theirs
)

// Kinds of conflicts that are not about values.
const (
	Keys      merge.Kind = "keys"
	Settings  merge.Kind = "settings"
	Binary    merge.Kind = "binary"
	Decrypted merge.Kind = "decrypted"
)

// Input is what to merge. An empty base is that of a file that both sides added.
type Input struct {
	Texts  [3][]byte
	Labels [3]string // what git calls the sides
	IDs    [3]string // of their blobs
	Format format.Format
}

// Options say how.
type Options struct {
	merge.Options
	Keepers keeper.Keeper
	Decrypt envelope.DecryptOptions
	// StrictKeys makes a conflict of every list of keys that both sides changed.
	StrictKeys bool
}

// A Result is what became of the file.
type Result struct {
	Text      []byte
	Conflicts []unresolved.Entry // none: the merge is clean
	// Failure says why nothing could be compared: Text is ours, and says that it is
	// not merged. It is nil where the sides were merged.
	Failure error
	Notes   []string // what was decided and should be known; no values
}

// Clean reports whether nothing is left to do.
func (r *Result) Clean() bool { return r.Failure == nil && len(r.Conflicts) == 0 }

// Merge merges. The error is that of ctx; whatever else is wrong is in the result.
func Merge(ctx context.Context, in Input, o Options) (*Result, error) {
	ours, theirs, base := in.Texts[Ours], in.Texts[Theirs], in.Texts[Base]
	switch {
	case bytes.Equal(ours, theirs), bytes.Equal(base, theirs) && len(base) > 0:
		return &Result{Text: ours}, nil
	case bytes.Equal(base, ours) && len(base) > 0:
		return &Result{Text: theirs}, nil
	}
	m := &merging{in: in, options: o}
	r, err := m.run(ctx)
	switch {
	case err == nil:
		r.Notes = append(m.notes, r.Notes...)
		return r, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	return m.failed(err), nil
}

// A merging is one merge on its way.
type merging struct {
	in      Input
	options Options
	sides   [3]*side
	notes   []string
	entries []unresolved.Entry
}

func (m *merging) notef(format string, args ...any) {
	m.notes = append(m.notes, fmt.Sprintf(format, args...))
}

// ErrPlain says that no side is encrypted.
var ErrPlain = errors.New("neither side is encrypted")

func (m *merging) run(ctx context.Context) (*Result, error) {
	if err := m.read(ctx); err != nil {
		return nil, err
	}
	winner := m.chooseDataKey()
	settings, keys, want := m.mergeSettings(winner), m.mergeKeys(winner), m.mergeContent()
	if err := m.hide(winner, settings, want.Trees); err != nil {
		return nil, err
	}
	text, err := m.encrypt(ctx, winner, keys, want)
	if err != nil {
		return nil, err
	}
	return &Result{Text: text, Conflicts: m.entries, Notes: want.Notes}, nil
}

// mergeContent merges the trees, and carries over the conflicts that the sides
// have from earlier merges.
func (m *merging) mergeContent() merge.Result {
	var base []*tree.Map
	if b := m.sides[Base]; b != nil {
		base = b.trees
		for _, e := range b.conflicts {
			base = withoutBase(base, e)
		}
	}
	ours, theirs := m.sides[Ours], m.sides[Theirs]
	r := merge.Trees(base, ours.trees, theirs.trees, m.options.Options)
	if m.in.Format.Name() == "binary" && len(r.Conflicts) > 0 {
		m.mergeLines(&r)
	}
	for _, c := range r.Conflicts {
		if s, ok := c.Base.(*tree.Scalar); ok && s.Value.Str() == disputed {
			c.Base = nil
		}
		m.entries = append(m.entries, unresolved.Entry{Conflict: c})
	}
	for _, s := range []*side{ours, theirs} {
		for _, e := range s.conflicts {
			if !covered(m.entries, e) {
				m.entries = append(m.entries, e)
			}
		}
	}
	return r
}

// covered reports whether a conflict at the place of e, or around it, is noted.
func covered(entries []unresolved.Entry, e unresolved.Entry) bool {
	for _, other := range entries {
		if other.Document == e.Document && len(other.At) <= len(e.At) && e.At[:len(other.At)].String() == other.At.String() &&
			(len(e.At) > 0 || other.Kind == e.Kind) {
			return true
		}
	}
	return false
}

// lastModified is the later of the two times: the same merge gives the same file.
func (m *merging) lastModified() time.Time {
	var last time.Time
	for _, s := range m.sides {
		if s != nil && s.decrypted != nil && s.decrypted.Meta.LastModified.After(last) {
			last = s.decrypted.Meta.LastModified
		}
	}
	return last
}
