// Package kinds lists the kinds of master keys that this module knows. It links
// no SDK: the keepers that use such keys are in package std.
package kinds

import (
	"cmp"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/age/agekey"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/azurekv/azurekey"
	"github.com/seed-1f7fdfb8/sops/keeper/gcpkms/gcpkey"
	"github.com/seed-1f7fdfb8/sops/keeper/huaweikms/huaweikey"
	"github.com/seed-1f7fdfb8/sops/keeper/pgp/pgpkey"
	"github.com/seed-1f7fdfb8/sops/keeper/vault/vaultkey"
)

// All returns all kinds, in the order in which their lists are in files.
func All() []*keeper.Kind {
	return []*keeper.Kind{
		awskey.Kind(),
		gcpkey.Kind(),
		huaweikey.Kind(),
		azurekey.Kind(),
		vaultkey.Kind(),
		pgpkey.Kind(),
		agekey.Kind(),
	}
}

// ByName returns the kind of that name in files, nil if there is none.
func ByName(name string) *keeper.Kind {
	for _, k := range All() {
		if k.Name == name {
			return k
		}
	}
	return nil
}

// Names returns the names of all kinds, in the order of All.
func Names() []string {
	var names []string
	for _, k := range All() {
		names = append(names, k.Name)
	}
	return names
}

// Described returns m as a key that its kind describes, if there is such a kind.
func Described(m keeper.MasterKey) keeper.MasterKey {
	if k := ByName(m.Kind); k != nil && !m.Described() {
		return k.Describe(m)
	}
	return m
}

// DefaultOrder returns the kinds whose keys are tried first unless a person says
// otherwise: those that need no network.
func DefaultOrder() []string {
	all := slices.DeleteFunc(All(), func(k *keeper.Kind) bool { return k.Rank == 0 })
	slices.SortFunc(all, func(a, b *keeper.Kind) int { return cmp.Compare(a.Rank, b.Rank) })
	var names []string
	for _, k := range all {
		names = append(names, k.Name)
	}
	return names
}

// Called returns the kind that people call name: by its name in files or in
// rules, by its flag, or otherwise. It returns nil if there is none.
func Called(name string) *keeper.Kind {
	name = strings.ToLower(name)
	for _, k := range All() {
		if slices.Contains(append([]string{k.Name, k.RuleName(), k.GroupName(), k.Flag}, k.Aliases...), name) {
			return k
		}
	}
	return nil
}
