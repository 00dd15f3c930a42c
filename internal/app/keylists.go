package app

import (
	"cmp"
	"maps"
	"slices"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// KeyLists are the master keys that flags name: for each kind, by its name, a
// list as one flag gives it. The zero value names none.
type KeyLists struct{ of map[string]*string }

// Of returns where the list of a kind is kept.
func (l *KeyLists) Of(kind *keeper.Kind) *string { return at(&l.of, kind) }

// at returns the place of a kind in a map, which it makes if need be.
func at[T any](of *map[string]*T, kind *keeper.Kind) *T {
	if *of == nil {
		*of = map[string]*T{}
	}
	if (*of)[kind.Name] == nil {
		(*of)[kind.Name] = new(T)
	}
	return (*of)[kind.Name]
}

// Given reports whether a key is named.
func (l KeyLists) Given() bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(l.of)), func(text *string) bool { return *text != "" })
}

// Take takes the list of a kind out.
func (l *KeyLists) Take(kind *keeper.Kind) string {
	text := *l.Of(kind)
	*l.Of(kind) = ""
	return text
}

// Parse returns the keys of all lists.
func (l KeyLists) Parse() ([]keeper.MasterKey, error) {
	keys, _, err := l.orElse(func(string) string { return "" })
	return keys, err
}

// orElse returns the keys of all lists, those of a variable where there is no
// list, and the name of a variable that was used, if any was.
func (l KeyLists) orElse(getenv func(name string) string) (keys []keeper.MasterKey, variable string, err error) {
	for _, kind := range kinds.All() {
		text := *l.Of(kind)
		if text == "" {
			if text = getenv(kind.Variable()); text != "" {
				variable = kind.Variable()
			}
		}
		parsed, err := kind.Parse(text)
		if err != nil {
			return nil, "", err
		}
		keys = append(keys, parsed...)
	}
	return keys, variable, nil
}

// RepeatedKeys are the master keys of flags that may be given several times.
type RepeatedKeys struct{ of map[string]*[]string }

// Of returns where the texts of a kind are kept.
func (k *RepeatedKeys) Of(kind *keeper.Kind) *[]string { return at(&k.of, kind) }

// Parse returns the keys, each of which must be good.
func (k RepeatedKeys) Parse() ([]keeper.MasterKey, error) {
	var keys []keeper.MasterKey
	for _, kind := range kinds.All() {
		for _, text := range *k.Of(kind) {
			parsed, err := kind.Parse(text)
			if err != nil {
				return nil, err
			}
			keys = append(keys, parsed...)
		}
	}
	return keys, nil
}

// ExplicitKeys returns the keys of flags and variables, and the name of a
// variable if any came from there.
func (a *App) ExplicitKeys(l KeyLists, access Access) (keys []keeper.MasterKey, variable string, err error) {
	keys, variable, err = l.orElse(a.Env.Get)
	return awskey.UnderProfile(keys, access.AWSProfile), variable, err
}

// Naming returns access with the roles that keys of this run name: what a flag
// asks for is not replaced by another identity.
func (o Access) Naming(keys []keeper.MasterKey) Access {
	o.keyRoles = append(o.keyRoles, awskey.Roles(keys)...)
	return o
}

// ParseContext reads an encryption context, nil if the text is empty.
func ParseContext(text string) (map[string]string, error) {
	if text == "" {
		return nil, nil
	}
	return awskey.ParseContext(text)
}

// NewContext returns the context that the flag, or else the variable, gives to
// AWS keys.
func (a *App) NewContext(flag string) (map[string]string, error) {
	return ParseContext(cmp.Or(flag, a.Env.Get("SOPS_KMS_ENCRYPTION_CONTEXT")))
}

// WithContext reports whether any key took the context.
func WithContext(groups [][]keeper.MasterKey, texts map[string]string) bool {
	used := false
	for _, g := range groups {
		for i, m := range g {
			bound, took := m.Under(texts)
			g[i], used = bound, used || took
		}
	}
	return used
}
