// Package outcome is what becomes of one file of a run: what was done to it, or
// would be, without any value.
package outcome

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/seed-1f7fdfb8/sops/internal/around"
)

// An Action is one thing that a command does to a file.
type Action struct {
	Do   string `json:"do"`   // such as set, rotate, add_key
	What string `json:"what"` // such as an address or a recipient
	Why  string `json:"why"`  // such as the place of a rule
}

// A File is what became of one file, or would have in a dry run.
type File struct {
	Format        string
	Actions       []Action
	Changed       bool   // other content was written than was there
	Before, After string // SHA-256 of the content, in hexadecimal; "" if there is none
	UpToDate      string // why nothing was to be done; "" if nothing is known
	Calls         around.Calls
}

// Did notes an action.
func (f *File) Did(do, what, why string) {
	f.Actions = append(f.Actions, Action{do, what, why})
}

// Of returns what one kind of action was done to.
func (f *File) Of(do string) (what []string) {
	for _, a := range f.Actions {
		if a.Do == do {
			what = append(what, a.What)
		}
	}
	return what
}

// Plans notes a change that was not tried, and the calls that it takes.
func (f *File) Plans(format string, unwraps, wraps int) {
	f.Format, f.Changed = format, true
	f.Calls.Unwraps.Store(int64(unwraps))
	f.Calls.Wraps.Store(int64(wraps))
}

// Became notes what the file was and what it becomes.
func (f *File) Became(before, after []byte) {
	f.Before, f.After = digest(before), digest(after)
	f.Changed = f.Before != f.After
}

// digest returns "" where there is no file.
func digest(data []byte) string {
	if data == nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
