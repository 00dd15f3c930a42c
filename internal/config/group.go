package config

import "go.yaml.in/yaml/v3"

// A group is a key group as it is written.
type group struct {
	at    place
	merge []group
	keys  keys
}

func readGroups(r *reader, n *yaml.Node, what string) []group {
	var groups []group
	for _, item := range r.items(n, what) {
		g := group{at: at(item)}
		read(r, item, groupScope, groupFields(), &g)
		groups = append(groups, g)
	}
	return groups
}

func groupFields() []field[group] {
	merge := field[group]{"merge", func(r *reader, n *yaml.Node, g *group) { g.merge = readGroups(r, n, "merge") }}
	return append([]field[group]{merge}, groupKeyFields()...)
}

// readEach reads a list of mappings, each into what start makes.
func readEach[T any](r *reader, n *yaml.Node, what string, s scope, table []field[T], start func(place) T) []T {
	var list []T
	for _, item := range r.items(n, what) {
		v := start(at(item))
		read(r, item, s, table, &v)
		list = append(list, v)
	}
	return list
}
