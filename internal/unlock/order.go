package unlock

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/suggest"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// ParseOrder reads a comma list of kinds, such as "kms, age". An empty list
// means the default.
func ParseOrder(list string) ([]string, error) {
	if strings.TrimSpace(list) == "" {
		return kinds.DefaultOrder(), nil
	}
	var order []string
	for item := range strings.SplitSeq(list, ",") {
		kind := strings.TrimSpace(item)
		switch {
		case kind == "":
			continue
		case !slices.Contains(kinds.Names(), kind):
			return nil, &OrderError{Kind: kind}
		case slices.Contains(order, kind):
			return nil, &OrderError{Kind: kind, Duplicate: true}
		}
		order = append(order, kind)
	}
	return order, nil
}

// An OrderError is a bad item of a decryption order.
type OrderError struct {
	Kind      string
	Duplicate bool // the kind is right, and is there twice
}

func (e *OrderError) Error() string {
	if e.Duplicate {
		return fmt.Sprintf("decryption order: %q appears twice", e.Kind)
	}
	return fmt.Sprintf("decryption order: %q is no kind of key", e.Kind)
}

// Hints names the kinds, and first the one that was probably meant.
func (e *OrderError) Hints() []string {
	if e.Duplicate {
		return []string{fmt.Sprintf("name %q once", e.Kind)}
	}
	all := "the kinds are " + strings.Join(kinds.Names(), ", ")
	if k := nearest(e.Kind); k != "" {
		return []string{fmt.Sprintf("did you mean %q?", k), all}
	}
	return []string{all}
}

// nearest returns the kind that name probably means, or "".
func nearest(name string) string {
	if k := kinds.Called(name); k != nil {
		return k.Name
	}
	return suggest.Closest(name, kinds.Names())
}

// candidate is one key of a group and how it fared.
type candidate struct {
	key     keeper.WrappedKey
	checked bool  // it is known whether it asks
	asks    bool  // a person has to do something
	err     error // why it did not help; nil if it has not been tried, or did
}

// asks reports whether a person has to do something before the key can be used.
// It is found out when the key's turn comes, since that may take a while.
func (s *search) asks(ctx context.Context, c *candidate) bool {
	return keeper.Asks(ctx, s.keeper, c.key)
}

// candidates returns the keys of a group, best first.
func candidates(g keeper.Group, o Options) []*candidate {
	cs := make([]*candidate, len(g))
	for i, w := range g {
		cs[i] = &candidate{key: w}
	}
	slices.SortStableFunc(cs, func(a, b *candidate) int {
		return cmp.Or(cmp.Compare(o.rank(a.key.Kind), o.rank(b.key.Kind)), cmp.Compare(o.Prefer(a.key), o.Prefer(b.key)))
	})
	return cs
}

// rank returns the place of a kind in the order of trial. What the order does
// not name follows in that of files, whatever order the caller's group has.
func (o Options) rank(kind string) int {
	if i := slices.Index(o.Order, kind); i >= 0 {
		return i
	}
	all := kinds.Names()
	if i := slices.Index(all, kind); i >= 0 {
		return len(o.Order) + i
	}
	return len(o.Order) + len(all)
}
