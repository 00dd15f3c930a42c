package config

import _ "embed"

//go:embed schema.json
var schema string

// Schema returns the JSON Schema of a configuration, for editors.
func Schema() []byte { return []byte(schema) }
