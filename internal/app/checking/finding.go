package checking

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// The rules, by the ids that findings name.
const (
	clearSecret      = "V1" // the file's own selection says encrypted, and the value is readable
	driftSelect      = "V2" // the creation rule selects other values than the file does
	wronglyEncrypted = "V3" // a token where the file's selection says readable
	notEncrypted     = "V6" // a file that a creation rule matches, and which is not encrypted
	badToken         = "T1" // begins as a token does, and is none
	commentToken     = "T2" // the token of a comment in the place of a value
	duplicateToken   = "T3" // one token at two paths
	badMetadata      = "S1" // metadata that cannot be read, or is missing beside tokens
	conflictMarkers  = "S3" // the markers of a merge
	unresolvedMerge  = "S4" // conflicts of a merge that the file keeps
	noSeal           = "M3" // no seal where the rule demands one
	keysDrift        = "K1" // other keys, groups or threshold than the rule has
	badConfig        = "C1" // a configuration, or the rule for the file, that cannot be used
)

// severities are how bad a finding is.
const (
	isError   = "error"
	isWarning = "warning"
)

// A Finding is what is wrong at one place. Its JSON is the report for programs. There
// is never a value in it.
type Finding struct {
	V        int      `json:"v"`
	Type     string   `json:"type"`
	Rule     string   `json:"rule"`
	Severity string   `json:"severity"`
	Path     string   `json:"path"`
	Line     int      `json:"line"`    // 0 where none is known
	Address  string   `json:"address"` // of a value, as set takes it; "" where there is none
	Message  string   `json:"message"`
	Hints    []string `json:"hints"`
}

// found makes a finding. The hints are command lines, or what to do.
func found(rule, severity, path string, line int, message string, hints ...string) Finding {
	return Finding{1, "finding", rule, severity, filepath.ToSlash(path), line, "", message, append([]string{}, hints...)}
}

// at gives a finding the address of a value.
func (f Finding) at(address string) Finding {
	f.Address = address
	return f
}

// same reports whether two findings say the same.
func same(a, b Finding) bool { return compare(a, b) == 0 }

// compare orders findings by path, line and rule.
func compare(a, b Finding) int {
	return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), strings.Compare(a.Rule, b.Rule),
		strings.Compare(a.Address, b.Address), strings.Compare(a.Message, b.Message))
}

// report writes findings in their order, one a line, and reports whether there is an
// error among them.
func report(a *app.App, all []Finding) (wrong bool, err error) {
	slices.SortFunc(all, compare)
	for _, f := range slices.CompactFunc(all, same) {
		wrong = wrong || f.Severity == isError
		if a.JSON {
			err = hint.EncodeJSON(a.Stdout, f, "")
		} else {
			_, err = fmt.Fprintln(a.Stdout, f.text())
		}
		if err != nil {
			return wrong, err
		}
	}
	return wrong, nil
}

// text is the line for people.
func (f Finding) text() string {
	place := f.Path
	if f.Line > 0 {
		place += fmt.Sprintf(":%d", f.Line)
	}
	text := fmt.Sprintf("%s: %s: ", place, f.Severity)
	if f.Address != "" {
		text += f.Address + " "
	}
	text += f.Message
	if len(f.Hints) > 0 {
		text += "; " + f.Hints[0]
	}
	return hint.Line(text) + " [" + f.Rule + "]"
}
