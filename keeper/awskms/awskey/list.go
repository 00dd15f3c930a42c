package awskey

import (
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Role returns the role in which a key is reached, "" if it names none.
func Role(m keeper.MasterKey) string { return m.Text(FieldRole) }

// Roles returns the roles that keys name.
func Roles(keys []keeper.MasterKey) []string {
	var roles []string
	for _, m := range keys {
		if role := Role(m); m.Kind == keeper.KMS && role != "" {
			roles = append(roles, role)
		}
	}
	return roles
}

// UnderProfile returns keys with the profile that --aws-profile P stores in
// those of AWS KMS, the last of the given ones, as SOPS always did. One for an
// account alone, ACCOUNT=P, is for one run and stored nowhere.
func UnderProfile(keys []keeper.MasterKey, profiles []string) []keeper.MasterKey {
	profile := ""
	for _, p := range profiles {
		if !strings.Contains(p, "=") {
			profile = p
		}
	}
	if profile == "" {
		return keys
	}
	keys = slices.Clone(keys)
	for i, m := range keys {
		if m.Kind == keeper.KMS {
			keys[i].Fields = append(slices.Clone(m.Fields), keeper.Field{Name: FieldProfile, Text: profile})
		}
	}
	return keys
}

// Prefer ranks the AWS KMS keys of a file, those of lower rank first: keys that
// were named, then those in the region of this machine, then the rest.
func Prefer(named []keeper.MasterKey, region string) func(keeper.WrappedKey) int {
	return func(w keeper.WrappedKey) int {
		if w.Kind != keeper.KMS {
			return 0
		}
		text := w.Text(FieldARN)
		arn, err := ParseARN(text)
		switch {
		case slices.ContainsFunc(named, func(m keeper.MasterKey) bool { return m.Text(FieldARN) == text }):
			return 0
		case err == nil && arn.Region == region:
			return 1
		}
		return 2
	}
}
