package app

import (
	"cmp"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/age"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms"
)

// KeyLists are the master keys that flags name, each a list with commas.
type KeyLists struct{ KMS, GCP, HCKMS, Azure, PGP, Vault, Age string }

// A keyList is one of them with its variable and its parser.
type keyList struct {
	text, variable string
	parse          func(string) ([]keeper.MasterKey, error)
}

func (l KeyLists) all() []keyList {
	return []keyList{
		{l.KMS, "SOPS_KMS_ARN", awskms.ParseKeys},
		{l.GCP, "SOPS_GCP_KMS_IDS", config.ParseGCP},
		{l.HCKMS, "SOPS_HUAWEICLOUD_KMS_IDS", config.ParseHCKMS},
		{l.Azure, "SOPS_AZURE_KEYVAULT_URLS", config.ParseAzure},
		{l.PGP, "SOPS_PGP_FP", config.ParsePGP},
		{l.Vault, "SOPS_VAULT_URIS", config.ParseVault},
		{l.Age, "SOPS_AGE_RECIPIENTS", age.ParseRecipients},
	}
}

// Parse returns the keys of all lists.
func (l KeyLists) Parse() ([]keeper.MasterKey, error) {
	var keys []keeper.MasterKey
	for _, list := range l.all() {
		parsed, err := list.parse(list.text)
		if err != nil {
			return nil, err
		}
		keys = append(keys, parsed...)
	}
	return keys, nil
}

// ExplicitKeys returns the keys of flags and variables, and the name of a
// variable if any came from there.
func (a *App) ExplicitKeys(l KeyLists, access Access) (keys []keeper.MasterKey, variable string, err error) {
	for _, list := range l.all() {
		text := list.text
		if text == "" {
			if text = a.Env.Get(list.variable); text != "" {
				variable = list.variable
			}
		}
		parsed, err := list.parse(text)
		if err != nil {
			return nil, "", err
		}
		keys = append(keys, parsed...)
	}
	StoreProfile(keys, access)
	return keys, variable, nil
}

// Naming returns access with the roles that keys of this run name: what a flag
// asks for is not replaced by another identity.
func (o Access) Naming(keys []keeper.MasterKey) Access {
	for _, m := range keys {
		if role := m.Text("role"); role != "" {
			o.keyRoles = append(o.keyRoles, role)
		}
	}
	return o
}

// StoreProfile writes the profile of --aws-profile P into new AWS keys, as SOPS
// always did; one for an account alone is for this run only.
func StoreProfile(keys []keeper.MasterKey, access Access) {
	profile := ""
	for _, p := range access.AWSProfile {
		if !strings.Contains(p, "=") {
			profile = p
		}
	}
	if profile == "" {
		return
	}
	for i, m := range keys {
		if m.Kind == keeper.KMS {
			m.Fields = append(m.Fields[:len(m.Fields):len(m.Fields)], keeper.Field{Name: "aws_profile", Text: profile})
			keys[i] = m
		}
	}
}

func ParseContext(text string) (map[string]string, error) {
	if text == "" {
		return nil, nil
	}
	return awskms.ParseContext(text)
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
			if m.Kind == keeper.KMS && len(texts) > 0 && len(m.Map("context")) == 0 {
				g[i] = m.With("context", texts)
				used = true
			}
		}
	}
	return used
}

// RepeatedKeys are the master keys of flags that may be given several times.
type RepeatedKeys struct{ KMS, GCP, HCKMS, Azure, PGP, Vault, Age []string }

// Parse returns the keys, each of which must be good.
func (k RepeatedKeys) Parse() ([]keeper.MasterKey, error) {
	var keys []keeper.MasterKey
	for i, texts := range [][]string{k.KMS, k.GCP, k.HCKMS, k.Azure, k.PGP, k.Vault, k.Age} {
		for _, text := range texts {
			parsed, err := KeyLists{}.all()[i].parse(text)
			if err != nil {
				return nil, err
			}
			keys = append(keys, parsed...)
		}
	}
	return keys, nil
}
