package layouts

import (
	"maps"

	"github.com/seed-1f7fdfb8/sops/format"
)

// OfTokens reports whether hints are about single tokens only, so that they
// stay true when others come and go.
func OfTokens(l *format.Layout) bool { return l == nil || len(l.Aliases) == 0 && len(l.Lines) == 0 }

// Prune drops the hints about other tokens than those that are there, by Ref.
func Prune(l *format.Layout, tokens []string) *format.Layout {
	if l == nil || len(l.Scalars) == 0 && len(l.Comments) == 0 {
		return l
	}
	present, size := map[string]bool{}, 0
	for _, token := range tokens {
		if token != "" {
			hash := format.TokenHash(token)
			present[hash], size = true, len(hash)
		}
	}
	out := *l
	out.Scalars, out.Comments = maps.Clone(l.Scalars), maps.Clone(l.Comments)
	gone := func(name, _ string) bool { return !present[name[:min(size, len(name))]] }
	maps.DeleteFunc(out.Scalars, gone)
	maps.DeleteFunc(out.Comments, gone)
	return &out
}

// Rekey puts the hints of a layout under the tokens that took the place of the
// old ones. The name of a hint begins with the hash of a token; what follows is
// the format's own, where one token has several hints.
func Rekey(l *format.Layout, old, tokens []string) *format.Layout {
	if l == nil {
		return nil
	}
	renewed, size := map[string]string{}, 0
	for ref, token := range tokens {
		if token != "" {
			hash := format.TokenHash(old[ref])
			renewed[hash], size = format.TokenHash(token), len(hash)
		}
	}
	rename := func(hints map[string]string) map[string]string {
		out := make(map[string]string, len(hints))
		for name, hint := range hints {
			if is, ok := renewed[name[:min(size, len(name))]]; ok {
				out[is+name[size:]] = hint
			}
		}
		return out
	}
	out := *l
	out.Scalars, out.Comments, out.Aliases = rename(l.Scalars), rename(l.Comments), rename(l.Aliases)
	return &out
}

// Spell returns l with the spelling of the value that a token is of.
func Spell(l *format.Layout, token, spelling string) *format.Layout {
	out := format.Layout{}
	if l != nil {
		out = *l
	}
	if out.Scalars = maps.Clone(out.Scalars); out.Scalars == nil {
		out.Scalars = map[string]string{}
	}
	out.Scalars[format.TokenHash(token)] = spelling
	return &out
}
