package devkms

import (
	_ "embed"
	"slices"
)

//go:embed builtin.yaml
var builtinYAML []byte

// BuiltinWorld returns the world that the package comment describes.
func BuiltinWorld() *World {
	w, err := ParseWorld("builtin.yaml", builtinYAML)
	if err != nil {
		panic("devkms: " + err.Error())
	}
	return w
}

// BuiltinYAML returns the built-in world as a world file, to copy from.
func BuiltinYAML() []byte { return slices.Clone(builtinYAML) }

//go:embed world.schema.json
var schemaJSON []byte

// WorldSchema returns the JSON Schema of world files, for editors.
func WorldSchema() []byte { return slices.Clone(schemaJSON) }

// clone copies what fillIn changes; policies are never changed.
func (w *World) clone() *World {
	c := *w
	c.Accounts = slices.Clone(w.Accounts)
	for i := range c.Accounts {
		c.Accounts[i].Keys = slices.Clone(c.Accounts[i].Keys)
		c.Accounts[i].Issuers = slices.Clone(c.Accounts[i].Issuers)
	}
	return &c
}
