package mergefile

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/internal/unresolved"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A side is one state of the file.
type side struct {
	text      []byte
	encrypted *envelope.Encrypted // nil if it is not encrypted
	decrypted *envelope.Decrypted
	trees     []*tree.Map
	conflicts []unresolved.Entry // of an earlier merge

	// Of the side that the result is made of:
	rotate bool       // it gets a new data key
	rule   *rule.Rule // it is encrypted by
}

// fresh decrypts the side once more: a Decrypted can be changed only once.
func (s *side) fresh(f format.Format, o envelope.DecryptOptions) (*envelope.Decrypted, error) {
	e, err := envelope.Parse(s.text, f)
	if err != nil {
		return nil, err
	}
	return e.DecryptWith(s.decrypted.Data, o)
}

var names = [3]string{"the common ancestor", "ours", "theirs"}

// read opens the three states. A base that cannot be opened is none.
func (m *merging) read(ctx context.Context) error {
	plain := 0
	for _, i := range []int{Ours, Theirs, Base} {
		s := &side{text: m.in.Texts[i]}
		if i == Base && len(s.text) == 0 {
			continue
		}
		err := m.parse(s)
		if err == nil && s.encrypted != nil {
			err = m.open(ctx, s)
		}
		switch {
		case err != nil && i == Base:
			m.notef("%s cannot be opened (%v): whatever the sides do not agree in is a conflict", names[i], err)
			continue
		case err != nil:
			return fmt.Errorf("%s: %w", names[i], err)
		case s.encrypted == nil && i != Base:
			plain++
		}
		m.sides[i] = s
	}
	theirs, base := m.sides[Theirs], m.sides[Base]
	switch {
	case plain == 2:
		return ErrPlain
	case plain == 1 && base != nil && base.encrypted != nil:
		who := names[Ours]
		if theirs.encrypted == nil {
			who = names[Theirs]
		}
		return fmt.Errorf("%s is not encrypted any more", who)
	case plain == 1:
		m.notef("one side encrypted the file: it stays encrypted")
	}
	return nil
}

// parse parses a side, encrypted or not.
func (m *merging) parse(s *side) error {
	var err error
	s.encrypted, err = envelope.Parse(s.text, m.in.Format)
	if err == nil || !errors.Is(err, envelope.ErrNotEncrypted) {
		return err
	}
	d, err := m.in.Format.Parse(s.text)
	if err != nil {
		return err
	}
	s.trees = d.Trees()
	return nil
}

// open decrypts a side, with a data key of another one if that fits: no key service
// is asked twice for the same.
func (m *merging) open(ctx context.Context, s *side) error {
	o := m.options.Decrypt
	o.Conflicts = true
	if n, locked := unresolved.Unlock(s.encrypted.Meta); locked && n.Count == 0 {
		m.notef("a merge that was not possible before is made now")
	}
	for _, other := range m.sides {
		if other == nil || other.decrypted == nil {
			continue
		}
		quiet := o
		quiet.Warn = nil
		if d, err := s.encrypted.DecryptWith(other.decrypted.Data, quiet); err == nil {
			return m.opened(s, d)
		}
	}
	d, err := s.encrypted.Decrypt(ctx, m.options.Keepers, o)
	if err != nil {
		return err
	}
	return m.opened(s, d)
}

func (m *merging) opened(s *side, d *envelope.Decrypted) error {
	s.decrypted, s.trees, s.conflicts = d, d.Trees(), s.encrypted.Conflicts()
	return nil
}

// failed is the result where the sides could not be compared: ours, locked.
func (m *merging) failed(reason error) *Result {
	r := &Result{Text: m.in.Texts[Ours], Failure: reason, Notes: m.notes}
	ours, err := envelope.Parse(m.in.Texts[Ours], m.in.Format)
	if err != nil {
		return r
	}
	n := unresolved.Notice{Labels: m.in.Labels, IDs: m.in.IDs, Reason: summary(reason)}
	text, err := ours.WithMeta(func(meta *meta.Metadata) error {
		if meta.Merge == "" {
			unresolved.Lock(meta, n)
		}
		return nil
	})
	if err == nil {
		r.Text = text
	}
	return r
}

// summary is why a merge was not possible, in few words that hold nothing of a
// server or a file.
func summary(err error) string {
	var unlock interface{ UserError() string }
	switch {
	case errors.As(err, &unlock):
		return "no key at hand opens both sides"
	case errors.Is(err, envelope.ErrNotEncrypted), errors.Is(err, ErrPlain):
		return "a side is not encrypted"
	}
	return "a side cannot be read"
}

// sameData reports whether two sides have one data key.
func sameData(a, b *side) bool {
	return a != nil && b != nil && a.decrypted != nil && b.decrypted != nil && a.decrypted.Data.Equal(b.decrypted.Data)
}

func masterKeys(groups []keeper.Group) [][]keeper.MasterKey {
	out := make([][]keeper.MasterKey, len(groups))
	for i, g := range groups {
		for _, w := range g {
			out[i] = append(out[i], w.MasterKey)
		}
	}
	return out
}
