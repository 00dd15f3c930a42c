package config

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"github.com/seed-1f7fdfb8/sops/keeper/age"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms"
	"github.com/seed-1f7fdfb8/sops/key"
)

// A builder makes master keys of what one rule says, for one path.
type builder struct {
	file     *File
	captures captures
	context  map[string]string // for AWS keys without one of their own
	keys     []key.MasterKey   // the group in work
	known    map[string]bool   // its keys by kind and identity
}

// A parser reads one item of a list of keys.
type parser func(item string) ([]key.MasterKey, error)

// groups returns the key groups of a rule: those of key_groups or, if there
// are none, one of the keys that the rule names itself.
func (b *builder) groups(c *creation) ([][]key.MasterKey, error) {
	if len(c.groups) == 0 {
		err := b.simple(c)
		if err != nil || len(b.keys) == 0 {
			return nil, err
		}
		return [][]key.MasterKey{b.keys}, nil
	}
	var groups [][]key.MasterKey
	for _, g := range c.groups {
		b.keys, b.known = nil, nil
		if err := b.group(g); err != nil {
			return nil, err
		}
		if len(b.keys) > 0 {
			groups = append(groups, b.keys)
		} else if len(c.groups) > 1 {
			return nil, b.file.refuse(g.at, errors.New("the key group is empty"), "name a key in it, or take it out")
		}
	}
	return groups, nil
}

// simple adds the keys that stand in the rule itself.
func (b *builder) simple(c *creation) error {
	kms := make([]kmsKey, len(c.keys.kms))
	for i, item := range c.keys.kms {
		kms[i] = kmsKey{at: item.at, arn: item, profile: c.profile}
	}
	return b.inOrder(c.keys, func() error { return b.kms(kms) }, func() error { return b.each(c.keys.azure, azureURLKey) })
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

// inOrder adds the keys of all kinds in the order in which files of rules have
// always had them.
func (b *builder) inOrder(k keys, kms, azure func() error) error {
	list := func(items []text, p parser) func() error { return func() error { return b.each(items, p) } }
	for _, step := range []func() error{
		list(k.age, age.ParseRecipients), list(k.pgp, pgpKey), kms,
		list(k.gcp, gcpKey), list(k.hckms, hckmsKey), azure, list(k.vault, vaultKey),
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) each(items []text, parse parser) error {
	for _, item := range items {
		made, err := parse(item.value)
		if err != nil {
			return b.file.refuse(item.at, err, "")
		}
		b.add(made)
	}
	return nil
}

// add appends the keys that the group does not have yet.
func (b *builder) add(made []key.MasterKey) {
	if b.known == nil {
		b.known = map[string]bool{}
	}
	for _, k := range made {
		id := k.Kind + " " + k.Identity()
		if !b.known[id] {
			b.known[id] = true
			b.keys = append(b.keys, k)
		}
	}
}

// kms adds AWS keys. Both forms of a rule end here, so ARN+ROLE is understood
// in both.
func (b *builder) kms(list []kmsKey) error {
	for _, k := range list {
		arn, err := b.name(k.arn)
		role, err1 := b.name(k.role)
		profile, err2 := b.name(k.profile)
		context, err3 := b.texts(k.context)
		if err := cmp.Or(err, err1, err2, err3); err != nil {
			return err
		}
		if len(context) == 0 {
			context = b.context
		}
		made, err := awskms.NewKey(arn, role, profile, context)
		if err != nil {
			return b.file.refuse(k.at, err, "")
		}
		b.add([]key.MasterKey{made})
	}
	return nil
}

func (b *builder) azure(list []azureKey) error {
	for _, k := range list {
		made, err := azureKeyOf(k.vaultURL.value, k.name.value, k.version.value)
		if err != nil {
			return b.file.refuse(k.at, err, "")
		}
		b.add(made)
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
