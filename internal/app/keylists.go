package app

import (
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

// given reports whether a key is named.
func (l KeyLists) given() bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(l.of)), func(text *string) bool { return *text != "" })
}

// take takes the list of a kind out.
func (l *KeyLists) take(kind *keeper.Kind) string {
	text := *l.Of(kind)
	*l.Of(kind) = ""
	return text
}

// parse returns the keys of all lists.
func (l KeyLists) parse() ([]keeper.MasterKey, error) {
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

// parse returns the keys, each of which must be good.
func (k RepeatedKeys) parse() ([]keeper.MasterKey, error) {
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

// explicitKeys returns the keys of flags and variables, and the name of a
// variable if any came from there.
func (a *App) explicitKeys(l KeyLists, access Access) (keys []keeper.MasterKey, variable string, err error) {
	keys, variable, err = l.orElse(a.Env.Get)
	return awskey.UnderProfile(keys, access.AWSProfile), variable, err
}

// naming returns access with the roles that keys of this run name: what a flag
// asks for is not replaced by another identity.
func (o Access) naming(keys []keeper.MasterKey) Access {
	o.keyRoles = append(o.keyRoles, awskey.Roles(keys)...)
	return o
}
