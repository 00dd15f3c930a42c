package app

import (
	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/standard"
)

// sample returns what a new file of a format begins with.
func sample(format string) []byte {
	switch format {
	case "yaml":
		return []byte(`hello: Replace this with your own content
example_key: example_value
# Comments are encrypted as well.
example_list:
    - first
    - second
example_number: 12.5
example_booleans:
    - true
    - false
`)
	case "json":
		return []byte(`{
	"hello": "Replace this with your own content",
	"example_key": "example_value",
	"example_list": [
		"first",
		"second"
	],
	"example_number": 12.5,
	"example_booleans": [
		true,
		false
	]
}
`)
	case "dotenv":
		return []byte(`# Replace this with your own content
HELLO=world
EXAMPLE_KEY=example_value
EXAMPLE_LINES=first\nsecond
`)
	case "ini":
		return []byte(`[example]
; Replace this with your own content
hello = world
example_key = example_value
`)
	}
	return []byte("Replace this with your own content")
}

// sealRescue seals any text with the keys of o.
func (a *App) sealRescue(o *sops.Opened, text []byte) ([]byte, error) {
	f, err := standard.Format("binary", config.Stores{})
	if err != nil {
		return nil, err
	}
	return o.Rescue(text, f, sops.SealOptions{Now: a.Now(), Random: a.Random})
}
