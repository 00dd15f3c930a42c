// Package keyreport prints which keys a file has, gets and loses, for people.
package keyreport

import (
	"fmt"
	"io"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/keyplan"
)

// Colours of a terminal.
const (
	green      = "\x1b[32m"
	red        = "\x1b[31m"
	underlined = "\x1b[4m"
	uncolored  = "\x1b[0m"
)

// Print prints a report, on a terminal in colours. Scripts around SOPS know its
// marks.
func Print(w io.Writer, r keyplan.Report, color bool) error {
	var b strings.Builder
	line := func(paint, text string) {
		if color && paint != "" {
			text = paint + text + uncolored
		}
		b.WriteString(text + "\n")
	}
	line("", "Changes to the keys of "+hint.Line(r.File)+":")
	if r.Threshold[0] != r.Threshold[1] {
		line(red, fmt.Sprintf("--- shamir_threshold: %d", r.Threshold[0]))
		line(green, fmt.Sprintf("+++ shamir_threshold: %d", r.Threshold[1]))
	}
	for i, g := range r.Groups {
		line(underlined, fmt.Sprintf("Group %d", i+1))
		for _, k := range g {
			switch k.Change {
			case keyplan.Kept:
				line("", "    "+hint.Line(k.Identity))
			case keyplan.Added:
				line(green, "+++ "+hint.Line(k.Identity))
			case keyplan.Removed:
				line(red, "--- "+hint.Line(k.Identity))
			}
		}
	}
	if r.Seal != "" {
		line(red, hint.Clean(r.Seal))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
