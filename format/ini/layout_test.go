package ini

import (
	"maps"
	"slices"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// TestWrongLayoutsChangeLooksOnly opens every text with layouts whose hints
// belong to other leaves. The result may fail to be written, which the root
// package meets by leaving the layout out, but never holds other values.
func TestWrongLayoutsChangeLooksOnly(t *testing.T) {
	t.Parallel()
	for _, src := range corner() {
		for name, choose := range selections() {
			s, err := encryptText([]byte(src), choose)
			if err != nil {
				continue
			}
			for _, l := range wrongLayouts(s) {
				got, err := s.open(l)
				if err != nil {
					t.Errorf("%q, %s: %v", src, name, err)
					continue
				}
				after, err := Format{}.Parse(got)
				if err != nil {
					t.Errorf("%q, %s: %v\n%s", src, name, err, got)
					continue
				}
				if diff := tree.Diff(s.plain.Trees(), after.Trees()); diff != "" {
					t.Errorf("%q, %s: %s\n%s", src, name, diff, got)
				}
			}
		}
	}
}

func wrongLayouts(s *masked) []*format.Layout {
	all := &format.Layout{Scalars: map[string]string{}, Comments: map[string]string{}, Lines: map[string]string{}}
	for _, token := range s.tokens {
		if token == "" {
			continue
		}
		hash := format.TokenHash(token)
		all.Scalars[hash] = "x ; y"
		all.Comments[hash] = ""
		all.Comments[hash+tailMark] = " ; other"
	}
	for _, sec := range s.encrypted.(*document).sections {
		all.Lines[bannerMark+sec.ID()] = ";;\n[other]\n"
		for _, e := range sec.Keys {
			all.Lines[e.ID()] = "`other`"
			all.Lines[bannerMark+e.ID()] = ";;\nother = 1\n"
		}
	}
	layouts := []*format.Layout{{}, all}
	if s.layout != nil {
		layouts = append(layouts, &format.Layout{
			Scalars: rotated(s.layout.Scalars), Comments: rotated(s.layout.Comments), Lines: rotated(s.layout.Lines),
		})
	}
	return layouts
}

// rotated gives each key the value of the next.
func rotated(m map[string]string) map[string]string {
	keys := slices.Sorted(maps.Keys(m))
	out := map[string]string{}
	for i, k := range keys {
		out[k] = m[keys[(i+1)%len(keys)]]
	}
	return out
}
