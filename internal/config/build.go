package config

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/age"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms"
)

// A builder makes master keys of what one rule says, for one path.
type builder struct {
	file     *File
	captures captures
	keys     []keeper.MasterKey // the group in work
}

// groups returns the key groups of a rule: those of key_groups or, if there
// are none, one of the keys that the rule names itself.
func (b *builder) groups(c *creation) ([][]keeper.MasterKey, error) {
	if len(c.groups) == 0 {
		err := b.simple(c)
		if err != nil || len(b.keys) == 0 {
			return nil, err
		}
		return [][]keeper.MasterKey{b.keys}, nil
	}
	var groups [][]keeper.MasterKey
	for _, g := range c.groups {
		b.keys = nil
		if err := b.group(g); err != nil {
			return nil, err
		}
		if len(b.keys) > 0 {
			groups = append(groups, b.keys)
		} else if len(c.groups) > 1 {
			return nil, b.file.refuse(g.at, errors.New("empty key group provided"), "name a key in it, or take it out")
		}
	}
	return groups, nil
}

// simple adds the keys that stand in the rule itself.
func (b *builder) simple(c *creation) error {
	var kms []kmsKey
	for _, list := range c.keys.kms {
		for _, arn := range awskms.SplitKeys(list.value) {
			kms = append(kms, kmsKey{at: list.at, arn: text{arn, list.at}, profile: c.profile})
		}
	}
	return b.inOrder(c.keys, func() error { return b.kms(kms) }, func() error { return b.each(c.keys.azure, ParseAzure) })
}

// group adds the keys of a group, those that it merges first.
func (b *builder) group(g group) error {
	for _, m := range g.merge {
		if err := b.group(m); err != nil {
			return err
		}
	}
	return b.inOrder(g.keys, func() error { return b.kms(g.kms) }, func() error { return b.azure(g.azure) })
}

// A parser reads a list of keys.
type parser func(list string) ([]keeper.MasterKey, error)

// inOrder adds the keys of all kinds in the order in which files of rules have
// always had them.
func (b *builder) inOrder(k keys, kms, azure func() error) error {
	list := func(items []text, p parser) func() error { return func() error { return b.each(items, p) } }
	for _, step := range []func() error{
		list(k.age, age.ParseRecipients), list(k.pgp, ParsePGP), kms,
		list(k.gcp, ParseGCP), list(k.hckms, ParseHCKMS), azure, list(k.vault, ParseVault),
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) each(items []text, parse parser) error {
	for _, item := range items {
		if item.value == "" {
			return b.file.refuse(item.at, errors.New("the name of the key is missing"), "")
		}
		made, err := parse(item.value)
		if err != nil {
			return b.file.refuse(item.at, err, "")
		}
		b.keys = append(b.keys, made...)
	}
	return nil
}

// kms adds AWS keys. Both forms of a rule end here, so ARN+ROLE is understood
// in both.
func (b *builder) kms(list []kmsKey) error {
	for _, k := range list {
		if k.arn.value == "" {
			return b.file.refuse(k.at, errors.New("the arn of the key is missing"), "")
		}
		arn, err := b.name(k.arn)
		role, err1 := b.name(k.role)
		profile, err2 := b.name(k.profile)
		context, err3 := b.texts(k.context)
		if err := cmp.Or(err, err1, err2, err3); err != nil {
			return err
		}
		made, err := awskms.NewKey(arn, role, profile, context)
		if err != nil {
			return b.file.refuse(k.at, err, "")
		}
		b.keys = append(b.keys, made)
	}
	return nil
}

func (b *builder) azure(list []azureKey) error {
	for _, k := range list {
		made, err := azureKeyOf(k.vaultURL.value, k.name.value, k.version.value)
		if err != nil {
			return b.file.refuse(k.at, err, "")
		}
		b.keys = append(b.keys, made)
	}
	return nil
}

// name expands a part of the name of a key.
func (b *builder) name(t text) (string, error) {
	out, err := b.captures.expandName(t)
	if err != nil {
		return "", b.file.refuse(t.at, err, "")
	}
	return out, nil
}

// texts expands the values of an encryption context.
func (b *builder) texts(texts map[string]text) (map[string]string, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	all := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		out, err := b.captures.expand(texts[name])
		if err != nil {
			return nil, b.file.refuse(texts[name].at, err, "")
		}
		all[name] = out
	}
	return all, nil
}

// bind returns the groups with an encryption context for the AWS keys that
// have none of their own. What is then named twice in a group counts once.
func bind(groups [][]keeper.MasterKey, context map[string]string) [][]keeper.MasterKey {
	var all [][]keeper.MasterKey
	for _, g := range groups {
		known := map[string]bool{}
		var keys []keeper.MasterKey
		for _, k := range g {
			if k.Kind == keeper.KMS && len(k.Map("context")) == 0 {
				k = k.With("context", context)
			}
			if id := k.EntryID(); !known[id] {
				known[id] = true
				keys = append(keys, k)
			}
		}
		all = append(all, keys)
	}
	return all
}
