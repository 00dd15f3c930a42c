// Package formatname has the names of the formats, and which one the name of a
// file says.
package formatname

import (
	"path"
	"path/filepath"
	"slices"
)

// All lists the formats.
func All() []string { return []string{"yaml", "json", "dotenv", "ini", "binary"} }

// Known reports whether a format has that name.
func Known(name string) bool { return slices.Contains(All(), name) }

// ForPath returns the name of the format that a file of that name has, and
// whether the name says so; all other files are binary.
func ForPath(name string) (format string, known bool) {
	switch path.Ext(filepath.ToSlash(name)) {
	case ".yaml", ".yml":
		return "yaml", true
	case ".json":
		return "json", true
	case ".env":
		return "dotenv", true
	case ".ini":
		return "ini", true
	}
	return "binary", false
}
