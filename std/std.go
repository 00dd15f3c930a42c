// Package std spells out every format and every keeper that comes with this
// module, for programs that want them all.
package std

import (
	"fmt"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/format/binary"
	"github.com/seed-1f7fdfb8/sops/format/dotenv"
	"github.com/seed-1f7fdfb8/sops/format/ini"
	"github.com/seed-1f7fdfb8/sops/format/json"
	"github.com/seed-1f7fdfb8/sops/format/yaml"
	"github.com/seed-1f7fdfb8/sops/internal/formatname"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/age"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms"
	"github.com/seed-1f7fdfb8/sops/keeper/azurekv"
	"github.com/seed-1f7fdfb8/sops/keeper/gcpkms"
	"github.com/seed-1f7fdfb8/sops/keeper/huaweikms"
	"github.com/seed-1f7fdfb8/sops/keeper/pgp"
	"github.com/seed-1f7fdfb8/sops/keeper/vault"
)

// Indents are the indentations with which formats render text anew, in
// characters a level; -1 is one tab a level in JSON, and nil is the default of
// the format. Text that is only changed keeps its own.
type Indents struct{ YAML, JSON, JSONBinary *int }

// Format returns the format of that name: yaml, json, dotenv, ini or binary.
func Format(name string) (format.Format, error) { return Indented(name, Indents{}) }

// FormatForPath returns the format of a file of that name, and whether the name
// says so; every other file is binary.
func FormatForPath(name string) (f format.Format, known bool) {
	by, known := formatname.ForPath(name)
	f, err := Format(by)
	if err != nil {
		panic("std: " + err.Error()) // the names are those of formats
	}
	return f, known
}

// Indented returns the format of that name with the given indentations.
func Indented(name string, s Indents) (format.Format, error) {
	if name == "binary" {
		n, err := jsonIndent(s.JSONBinary)
		return binary.Indented(n), err
	}
	f, err := textFormat(name, s)
	if err != nil {
		return nil, err
	}
	return format.Transcoded(f), nil
}

func textFormat(name string, s Indents) (format.Format, error) {
	switch name {
	case "yaml":
		if s.YAML == nil {
			return yaml.Format{}, nil
		}
		if *s.YAML < 0 {
			return nil, fmt.Errorf("YAML cannot be indented by %d", *s.YAML)
		}
		return yaml.Format{Indent: *s.YAML}, nil
	case "json":
		n, err := jsonIndent(s.JSON)
		return json.Indented(n), err
	case "dotenv":
		return dotenv.Format{}, nil
	case "ini":
		return ini.Format{}, nil
	}
	return nil, fmt.Errorf("no format is called %q", name)
}

// tab stands for one tab a level in the settings of JSON.
const tab = -1

func jsonIndent(n *int) (int, error) {
	switch {
	case n == nil:
		return tab, nil
	case *n < tab:
		return 0, fmt.Errorf("JSON cannot be indented by %d", *n)
	}
	return *n, nil
}

// Options are those of each keeper. The zero Options are ready for use.
type Options struct {
	AWS    awskms.Options
	Age    age.Options
	PGP    pgp.Options
	GCP    gcpkms.Options
	Azure  azurekv.Options
	Vault  vault.Options
	Huawei huaweikms.Options
}

// Keepers returns every keeper.
func Keepers(o Options) keeper.Mux {
	return keeper.NewMux(awskms.New(o.AWS), age.New(o.Age), pgp.New(o.PGP), gcpkms.New(o.GCP), azurekv.New(o.Azure), vault.New(o.Vault), huaweikms.New(o.Huawei))
}
