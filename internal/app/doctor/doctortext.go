package doctor

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// print writes the findings for people, in one piece.
func (h fileHealth) print(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: %s\n", hint.Line(h.File), h.verdict())
	printHints(&b, "  ", h.Hints)
	group := 0
	for _, k := range h.Keys {
		if k.Group != group && h.groups > 1 {
			fmt.Fprintf(&b, "\n  Group %d\n", k.Group)
		}
		group = k.Group
		k.print(&b)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (h fileHealth) verdict() string {
	switch {
	case h.Error != "":
		return "FAILED: " + app.OneLine(h.Error)
	case h.Opens && h.groups == 1:
		return "ok"
	case h.groups == 1:
		return "FAILED: no key opens it here"
	case h.Opens:
		return fmt.Sprintf("ok: %d of %d groups open, %d are needed", len(h.Groups), h.groups, h.Needed)
	}
	return fmt.Sprintf("FAILED: %d of %d groups open here, %d are needed", len(h.Groups), h.groups, h.Needed)
}

func (k keyHealth) print(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n  %s: %s\n", hint.Line(k.Identity), okOrFailed(k.Opens))
	if k.Error != "" {
		fmt.Fprintf(b, "    FAILED  %s\n", app.OneLine(k.Error))
	}
	var attempts []keeper.Attempt
	if k.diagnosis != nil {
		attempts = k.diagnosis.Attempts
	}
	said := map[string]bool{}
	for _, at := range attempts {
		printAttempt(b, at, said)
	}
	for _, s := range k.Steps {
		line := fmt.Sprintf("    %-6s  %-12s %s", okOrFailed(s.OK), s.Name, app.OneLine(s.Detail))
		fmt.Fprintln(b, strings.TrimRight(line, " "))
		printHints(b, "    ", []string{s.Hint})
	}
	if len(attempts) == 0 {
		printHints(b, "    ", k.Hints)
	}
}

// printAttempt prints what came of one attempt. A hint that was said before is
// not repeated, nor is an identity that does not exist.
func printAttempt(b *bytes.Buffer, at keeper.Attempt, said map[string]bool) {
	if at.Absent && said[at.Hint] {
		return
	}
	fmt.Fprintf(b, "    as %s\n", at.As)
	for _, s := range at.Steps {
		line := fmt.Sprintf("      %-6s  %-22s %6s  %s", okOrFailed(s.OK), s.Name, took(s.Took), app.OneLine(s.Detail))
		fmt.Fprintln(b, strings.TrimRight(line, " "))
		if at.Cause == "" { // what stops an attempt is said once, below
			printHints(b, "      ", []string{s.Hint})
		}
	}
	if at.Cause == "" {
		return
	}
	fmt.Fprintf(b, "      cause   %s\n", app.OneLine(at.Cause))
	if !said[at.Hint] {
		printHints(b, "      ", []string{at.Hint})
	}
	said[at.Hint] = true
}

func printHints(b *bytes.Buffer, indent string, hints []string) {
	for _, h := range hints {
		if h != "" {
			fmt.Fprintf(b, "%shint    %s\n", indent, app.OneLine(h))
		}
	}
}

func okOrFailed(ok bool) string {
	if ok {
		return "ok"
	}
	return "FAILED"
}

func took(d time.Duration) string {
	return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
}
