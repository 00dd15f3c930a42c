package app

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/sniff"
	"github.com/seed-1f7fdfb8/sops/std"
)

// What is left of merges: files with markers of conflicts in them, and files
// that lost their metadata.

// unmerged returns an error for a file in which a merge left its markers. A
// binary file may hold any bytes.
func (s *Source) unmerged() error {
	line := sniff.Conflict(s.Data)
	if line == 0 {
		return nil
	}
	encrypted := !s.plain || sniff.Token(s.Data) > 0
	if s.In.Name() == "binary" && !encrypted {
		return nil
	}
	return s.Named(&conflictError{line: line, file: s.File, plain: s.plain, encrypted: encrypted && sniff.Token(s.Data) > 0})
}

// A conflictError is about the markers of a merge.
type conflictError struct {
	line             int
	file             File
	plain, encrypted bool // to be encrypted; holds encrypted values
}

func (e *conflictError) Error() string {
	return fmt.Sprintf("line %d: the file has the markers of a merge conflict", e.line)
}

func (e *conflictError) Position() (line, column int) { return e.line, 1 }

// Is reports whether target is the kind of the failure.
func (e *conflictError) Is(target error) bool {
	if e.plain {
		return target == Input
	}
	return target == Other
}

func (e *conflictError) Hints() []string {
	if e.file.IsStdin() {
		return nil
	}
	const ours = "take one side whole (--theirs for the other): git checkout --ours -- FILE"
	if !e.encrypted {
		return []string{ours, "or take the markers and the lines of one side out with an editor"}
	}
	return []string{
		ours,
		"or take the markers and the lines of one side out with a text editor; then make a new MAC with: sops edit --ignore-mac FILE",
		"if the conflict was committed, the states before it are in: git log -p -- FILE",
	}
}

// LostMetadata is the error for a file with encrypted values and without the
// metadata that says how to decrypt them.
func (s *Source) LostMetadata(err error) *Error {
	e := &Error{Kind: Other, Err: fmt.Errorf("%w, but the metadata that opens them (the entry sops) is lost, as in a merge", err)}
	if !s.IsStdin() {
		e.Advice = []string{"git has the states that had it: git log -p -- FILE"}
		if !filepath.IsAbs(s.Path) {
			e.Advice = append(e.Advice, "take the metadata, or all of the file, out of one of them, such as: git show HEAD~1:./FILE")
		}
	}
	return e
}

// notEncrypted says what to do with a file that has no metadata.
func (s *Source) notEncrypted(err error) error {
	if line := sniff.Token(s.Data); line > 0 {
		return s.Named(s.LostMetadata(fmt.Errorf("%w: line %d holds an encrypted value", err, line)))
	}
	e := &Error{Kind: Other, Err: err}
	if !s.IsStdin() {
		e.Advice = []string{"the file is not encrypted; encrypt it with: sops encrypt -i FILE"}
	}
	return s.Named(e)
}

// Encrypted parses the encrypted file s.
func (s *Source) Encrypted() (*envelope.Encrypted, error) {
	encrypted, err := envelope.Parse(s.Data, s.In)
	switch {
	case err == nil:
		return encrypted, nil
	case errors.Is(err, envelope.ErrNotEncrypted) && !s.isAnother():
		return nil, s.notEncrypted(err)
	case errors.Is(err, envelope.ErrNotEncrypted): // but encrypted it is
		err = fmt.Errorf("this is no encrypted %s file", s.In.Name())
	}
	format, ok := sniff.Detect(s.Data)
	switch {
	case !ok && s.In.Name() == "binary" && sniff.Token(s.Data) > 0: // its name says nothing
		return nil, s.notEncrypted(envelope.ErrNotEncrypted)
	case ok && format != s.In.Name():
		return nil, s.Named(&Error{Kind: Other, Err: err, Advice: []string{
			fmt.Sprintf("the content is that of an encrypted %s file; name it with --input-type %s", format, format),
		}})
	}
	return nil, s.Named(err)
}

// isAnother reports whether the text is an encrypted file of another format than
// the one it is read as, which finds no metadata in it.
func (s *Source) isAnother() bool {
	name, ok := sniff.Detect(s.Data)
	if !ok || name == s.In.Name() {
		return false
	}
	f, err := std.Format(name)
	if err != nil {
		return false
	}
	d, err := f.ParseEncrypted(s.Data)
	return err == nil && d.Meta() != nil
}
