package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/yamlread"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
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

// simple adds the keys that the rule itself names, with what it says for all of
// them.
func (b *builder) simple(c *creation) error {
	for _, kind := range kinds.All() {
		for _, t := range c.keys.lists[kind.Name] {
			if err := b.list(kind, t, c.forAll); err != nil {
				return err
			}
		}
	}
	return nil
}

// group adds the keys of a group, those that it merges first.
func (b *builder) group(g group) error {
	for _, m := range g.merge {
		if err := b.group(m); err != nil {
			return err
		}
	}
	for _, kind := range kinds.All() {
		for _, t := range g.keys.lists[kind.Name] {
			if err := b.list(kind, t, nil); err != nil {
				return err
			}
		}
		for _, e := range g.keys.elements[kind.Name] {
			if err := b.element(kind, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// list adds the keys of a list, with what all of them have in common.
func (b *builder) list(kind *keeper.Kind, t yamlread.Text, forAll map[string]yamlread.Text) error {
	list, err := b.name(t)
	if err != nil {
		return err
	}
	made, err := kind.Parse(list)
	if err != nil {
		return b.file.refuse(t.At, err, "")
	}
	common, err := b.common(kind, forAll)
	if err != nil || len(common) == 0 {
		b.keys = append(b.keys, made...)
		return err
	}
	for _, m := range made {
		m.Fields = append(m.Fields, common...)
		checked, err := kind.FromFields(m)
		if err != nil {
			return b.file.refuse(t.At, err, "")
		}
		b.keys = append(b.keys, checked...)
	}
	return nil
}

// common returns the fields that all keys of a kind have in a rule.
func (b *builder) common(kind *keeper.Kind, forAll map[string]yamlread.Text) ([]keeper.Field, error) {
	var fields []keeper.Field
	for _, f := range kind.Fields {
		t, err := b.name(forAll[f.InRule])
		if err != nil {
			return nil, err
		}
		if t != "" {
			fields = append(fields, keeper.Field{Name: f.Name, Text: t})
		}
	}
	return fields, nil
}

// element adds the key of an element of a group.
func (b *builder) element(kind *keeper.Kind, e element) error {
	m := kind.Key()
	for _, f := range kind.Fields {
		if f.Map {
			texts, err := b.texts(e.maps[f.Name])
			if err != nil {
				return err
			}
			m = m.With(f.Name, texts)
			continue
		}
		t, err := b.name(e.texts[f.Name])
		switch {
		case err != nil:
			return err
		case t != "":
			m.Fields = append(m.Fields, keeper.Field{Name: f.Name, Text: t})
		case f.Required:
			return b.file.refuse(e.at, fmt.Errorf("this element of %s has no %s", kind.GroupName(), f.Element), "")
		}
	}
	made, err := kind.FromFields(m)
	if err != nil {
		return b.file.refuse(e.at, err, "")
	}
	b.keys = append(b.keys, made...)
	return nil
}

// name expands a part of the name of a key.
func (b *builder) name(t yamlread.Text) (string, error) {
	out, err := b.captures.expandName(t)
	if err != nil {
		return "", b.file.refuse(t.At, err, "")
	}
	return out, nil
}

// texts expands the values of an encryption context.
func (b *builder) texts(texts map[string]yamlread.Text) (map[string]string, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	all := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		out, err := b.captures.expand(texts[name])
		if err != nil {
			return nil, b.file.refuse(texts[name].At, err, "")
		}
		all[name] = out
	}
	return all, nil
}

// bind returns the groups with an encryption context for the keys that can
// have one and have none of their own. What is then named twice in a group counts once.
func bind(groups [][]keeper.MasterKey, context map[string]string) [][]keeper.MasterKey {
	var all [][]keeper.MasterKey
	for _, g := range groups {
		known := map[string]bool{}
		var keys []keeper.MasterKey
		for _, k := range g {
			k, _ = k.Under(context)
			if id := k.EntryID(); !known[id] {
				known[id] = true
				keys = append(keys, k)
			}
		}
		all = append(all, keys)
	}
	return all
}
