package config

import "github.com/seed-1f7fdfb8/sops/internal/yamlread"

// A group is a key group as it is written.
type group struct {
	at    yamlread.Place
	merge []group
	keys  keys
}

func readGroups(r *reader, n yamlread.Node, what string) []group {
	var groups []group
	for _, item := range r.Items(n, what) {
		g := group{at: item.At()}
		read(r, item, groupScope, groupFields(), &g)
		groups = append(groups, g)
	}
	return groups
}

func groupFields() []field[group] {
	merge := field[group]{"merge", func(r *reader, n yamlread.Node, g *group) { g.merge = readGroups(r, n, "merge") }}
	return append([]field[group]{merge}, groupKeyFields()...)
}

// readEach reads a list of mappings, each into what start makes.
func readEach[T any](r *reader, n yamlread.Node, what string, s scope, table []field[T], start func(yamlread.Place) T) []T {
	var list []T
	for _, item := range r.Items(n, what) {
		v := start(item.At())
		read(r, item, s, table, &v)
		list = append(list, v)
	}
	return list
}
