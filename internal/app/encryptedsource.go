package app

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/std"
)

// What merges leave behind: files with markers of conflicts in them, and files
// that lost their metadata.

// unmerged returns an error for a file in which a merge left its markers. A
// binary file may hold any bytes.
func (s *source) unmerged() error {
	line := std.Conflict(s.data)
	encrypted := !s.plain || std.Token(s.data) > 0
	if line == 0 || s.in.Name() == "binary" && !encrypted {
		return nil
	}
	return s.name(&conflictError{line: line, file: s.File, plain: s.plain, encrypted: encrypted && std.Token(s.data) > 0})
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
	if e.file.isStdin() {
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

// holdsTokens refuses to encrypt a text with encrypted values, which would have
// to be decrypted twice: either it is encrypted, or its metadata was lost.
func (s *source) holdsTokens(allowed bool) error {
	line := std.Token(s.data)
	if line == 0 || allowed {
		return nil
	}
	const anyway = "if it is to be encrypted once more: --allow-encrypted"
	format, ok := std.Detect(s.data)
	switch {
	case ok && format == s.in.Name() && format != "binary":
		return nil // the reserved entry is refused where the content is taken
	case ok:
		return s.name(&Error{Kind: envelope.ErrReserved, Err: fmt.Errorf("line %d: the file seems to be encrypted already (%s)", line, format), Advice: []string{
			"to change an encrypted file use: sops edit FILE", anyway,
		}})
	}
	e := s.lostMetadata(fmt.Errorf("line %d: the file holds encrypted values", line))
	e.Kind, e.Advice = envelope.ErrReserved, append(e.Advice, anyway)
	return s.name(e)
}

// lostMetadata is the error for a file with encrypted values and without the
// metadata that tells how to decrypt them.
func (s *source) lostMetadata(err error) *Error {
	e := &Error{Kind: Other, Err: fmt.Errorf("%w, but the metadata that opens them (the entry sops) is lost, as in a merge", err)}
	if !s.isStdin() {
		e.Advice = []string{"git has the states that had it: git log -p -- FILE"}
		if !filepath.IsAbs(s.Path) {
			e.Advice = append(e.Advice, "take the metadata, or all of the file, out of one of them, such as: git show HEAD~1:./FILE")
		}
	}
	return e
}

// notEncrypted says what to do with a file that has no metadata.
func (s *source) notEncrypted(err error) error {
	if line := std.Token(s.data); line > 0 {
		return s.name(s.lostMetadata(fmt.Errorf("%w: line %d holds an encrypted value", err, line)))
	}
	e := &Error{Kind: Other, Err: err}
	if !s.isStdin() {
		e.Advice = []string{"the file is in clear; encrypt it with: sops encrypt -i FILE"}
	}
	return s.name(e)
}

// readEncrypted parses the encrypted file of s.
func (s *source) readEncrypted() (*envelope.Encrypted, error) {
	encrypted, err := envelope.Parse(s.data, s.in)
	switch {
	case err == nil:
		return encrypted, nil
	case errors.Is(err, envelope.ErrNotEncrypted) && !s.isAnother():
		return nil, s.notEncrypted(err)
	case errors.Is(err, envelope.ErrNotEncrypted): // but encrypted it is
		err = fmt.Errorf("this is no encrypted %s file", s.in.Name())
	}
	format, ok := std.Detect(s.data)
	switch {
	case !ok && s.in.Name() == "binary" && std.Token(s.data) > 0: // its name says nothing
		return nil, s.notEncrypted(envelope.ErrNotEncrypted)
	case ok && format != s.in.Name():
		return nil, s.name(&Error{Kind: Other, Err: err, Advice: []string{
			fmt.Sprintf("the content is that of an encrypted %s file; name it with --input-type %s", format, format),
		}})
	}
	return nil, s.name(err)
}

// isAnother reports whether the text is an encrypted file of another format than
// the one it is read as, which finds no metadata in it.
func (s *source) isAnother() bool {
	name, ok := std.Detect(s.data)
	if !ok || name == s.in.Name() {
		return false
	}
	f, err := std.Format(name)
	if err != nil {
		return false
	}
	d, err := f.ParseEncrypted(s.data)
	return err == nil && d.Meta() != nil
}
