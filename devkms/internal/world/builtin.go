package world

import (
	_ "embed"
	"slices"
)

//go:embed builtin.yaml
var builtinYAML string

// Builtin returns the world that the package comment describes.
func Builtin() *World {
	w, err := Parse("builtin.yaml", []byte(builtinYAML))
	if err != nil {
		panic("world: " + err.Error())
	}
	return w
}

// BuiltinYAML returns the built-in world as a world file, to copy from.
func BuiltinYAML() []byte { return []byte(builtinYAML) }

//go:embed schema.json
var schemaJSON string

// Schema returns the JSON Schema of world files, for editors.
func Schema() []byte { return []byte(schemaJSON) }

// Clone copies what fillIn changes; policies are never changed.
func (w *World) Clone() *World {
	c := *w
	c.Accounts = slices.Clone(w.Accounts)
	for i := range c.Accounts {
		c.Accounts[i].Keys = slices.Clone(c.Accounts[i].Keys)
		c.Accounts[i].Issuers = slices.Clone(c.Accounts[i].Issuers)
	}
	c.SSO, c.Instance, c.Task, c.Pod, c.Anywhere = copied(w.SSO), copied(w.Instance), copied(w.Task), copied(w.Pod), copied(w.Anywhere)
	return &c
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
