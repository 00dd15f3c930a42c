package config

import (
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/yamlread"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// keys are what a rule or a group says of master keys, by the names of their
// kinds.
type keys struct {
	lists    map[string][]yamlread.Text // texts, each of which may name several keys
	elements map[string][]element       // mappings, each of which names one
}

// An element is a key that is written as a mapping.
type element struct {
	at    yamlread.Place
	texts map[string]yamlread.Text            // by the names of the fields in files
	maps  map[string]map[string]yamlread.Text // likewise
}

func (k *keys) addList(kind string, list []yamlread.Text) {
	if k.lists == nil {
		k.lists = map[string][]yamlread.Text{}
	}
	k.lists[kind] = list
}

func (k *keys) addElements(kind string, list []element) {
	if k.elements == nil {
		k.elements = map[string][]element{}
	}
	k.elements[kind] = list
}

// any reports whether a key is named. Lists may be there and be empty.
func (k keys) any() bool {
	for _, list := range k.lists {
		if len(list) > 0 {
			return true
		}
	}
	return false
}

// keyFields are the lists of keys of a creation rule, and what it says for all
// keys of a kind.
func keyFields() []field[creation] {
	var table []field[creation]
	for _, kind := range kinds.All() {
		name := kind.RuleName()
		table = append(table, field[creation]{name, func(r *reader, n yamlread.Node, c *creation) {
			c.keys.addList(kind.Name, r.texts(n, name))
		}})
		for _, f := range kind.Fields {
			switch {
			case f.InRule == "":
			case f.Map:
				table = append(table, field[creation]{f.InRule, func(r *reader, n yamlread.Node, c *creation) {
					c.context, c.contextAt = r.Pairs(n, f.InRule), n.At()
				}})
			default:
				table = append(table, field[creation]{f.InRule, func(r *reader, n yamlread.Node, c *creation) {
					c.forAll[f.InRule] = r.Text(n, f.InRule)
				}})
			}
		}
	}
	return table
}

// ignored names what of a rule counts only where it has no key_groups.
func ignored() string {
	names := []string{"keys"}
	for _, kind := range kinds.All() {
		for _, f := range kind.Fields {
			if f.InRule != "" && !f.Map {
				names = append(names, f.InRule)
			}
		}
	}
	return strings.Join(names, " and ")
}

// groupKeyFields are the lists of keys of a key group.
func groupKeyFields() []field[group] {
	var table []field[group]
	for _, kind := range kinds.All() {
		name := kind.GroupName()
		read := func(r *reader, n yamlread.Node, g *group) { g.keys.addList(kind.Name, r.texts(n, name)) }
		if kind.HasElements() {
			read = func(r *reader, n yamlread.Node, g *group) {
				g.keys.addElements(kind.Name, readEach(r, n, name, elementScope(kind), elementFields(kind), newElement))
			}
		}
		table = append(table, field[group]{name, read})
	}
	return table
}

func newElement(p yamlread.Place) element {
	return element{at: p, texts: map[string]yamlread.Text{}, maps: map[string]map[string]yamlread.Text{}}
}

// elementScope is what people call an element of the keys of a kind.
func elementScope(kind *keeper.Kind) scope { return scope("an element of " + kind.GroupName()) }

// elementFields are the fields of such an element.
func elementFields(kind *keeper.Kind) []field[element] {
	var table []field[element]
	for _, f := range kind.Fields {
		switch {
		case f.Element == "":
		case f.Map:
			table = append(table, field[element]{f.Element, func(r *reader, n yamlread.Node, e *element) {
				e.maps[f.Name] = r.Pairs(n, f.Element)
			}})
		default:
			table = append(table, field[element]{f.Element, func(r *reader, n yamlread.Node, e *element) {
				e.texts[f.Name] = r.Text(n, f.Element)
			}})
		}
	}
	return table
}

// kindOfScope returns the kind whose elements s is about, nil if there is none.
func kindOfScope(s scope) *keeper.Kind {
	all := kinds.All()
	at := slices.IndexFunc(all, func(k *keeper.Kind) bool { return k.HasElements() && elementScope(k) == s })
	if at < 0 {
		return nil
	}
	return all[at]
}
