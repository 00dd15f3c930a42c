package decrypt

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/formatname"
	"github.com/seed-1f7fdfb8/sops/internal/suggest"
)

// A Format is a format of files. The names and numbers are those of SOPS.
type Format int

// The formats.
const (
	Binary Format = iota
	Dotenv
	Ini
	Json
	Yaml
)

func names() []string { return []string{"binary", "dotenv", "ini", "json", "yaml"} }

// String returns the name of the format.
func (f Format) String() string {
	if f < 0 || int(f) >= len(names()) {
		return fmt.Sprintf("Format(%d)", int(f))
	}
	return names()[f]
}

// FormatForPath returns the format that a file of that name has: Binary, unless
// the name says something else.
func FormatForPath(path string) Format {
	name, _ := formatname.ForPath(path)
	return Format(slices.Index(names(), name))
}

func parseFormat(name string) (Format, error) {
	f := slices.Index(names(), name)
	if f < 0 {
		return 0, &formatError{name}
	}
	return Format(f), nil
}

// formatError is a word that is no format.
type formatError struct{ name string }

func (e *formatError) Error() string {
	return fmt.Sprintf("there is no format %q", e.name)
}

// Hints returns the formats, and first the one that was probably meant.
func (e *formatError) Hints() []string {
	all := "the formats are " + strings.Join(names(), ", ")
	if meant := suggest.Closest(e.name, names()); meant != "" {
		return []string{fmt.Sprintf("did you mean %q?", meant), all}
	}
	return []string{all}
}
