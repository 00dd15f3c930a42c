package keystore

import (
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
)

// NamesOf returns every name of the key that name may mean in the region.
func (st *Store) NamesOf(name, region string) []string {
	if name == "" {
		return nil
	}
	names := []string{name}
	for arn, k := range st.Keys {
		if k.Region != region {
			continue
		}
		aliases := st.AliasesOf(k)
		if name == arn || name == k.ID || slices.ContainsFunc(aliases, func(a string) bool { return name == a || strings.HasSuffix(name, ":"+k.Account+":"+a) }) {
			names = append(names, arn, k.ID)
			for _, a := range aliases {
				names = append(names, a, awsname.AliasARN(region, k.Account, a))
			}
		}
	}
	return names
}
