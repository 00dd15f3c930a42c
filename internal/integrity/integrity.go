// Package integrity proves that an encrypted file is as it was written: the MAC
// over its values, which is part of the format, and the seal over everything
// else that matters, which is ours.
//
// The MAC covers the bytes of all values in order. The seal covers what the MAC
// does not see: keys, types, the shape of lists, the selection rule, the version
// and the list of master keys. Both are tokens in the metadata, and the seal is
// bound to the MAC, so that the seal of another state of the file does not fit:
//
//	text, err := integrity.StoredMAC(c, m)      // of the metadata m, decrypted
//	err = mac.Check(text)                       // mac has seen all values
//	f, err := integrity.CheckSeal(c, m, trees, text)
//
// A Finding says what the seal says of the master keys: to wrap a data key for
// one that was put into the list by hand may give it away.
package integrity

import (
	"errors"
	"fmt"
)

// What an Error may be, for errors.Is.
var (
	ErrMAC  = errors.New("the MAC is missing or does not fit")
	ErrSeal = errors.New("the seal does not fit")
)

// An Error is a MAC or a seal that does not fit.
type Error struct {
	kind, err error
	advice    []string
}

func (e *Error) Error() string   { return e.err.Error() }
func (e *Error) Unwrap() []error { return []error{e.kind, e.err} }

// Hints returns what to do about it.
func (e *Error) Hints() []string { return e.advice }

const look = "look at what changed: git log -p -- FILE"

func macError(format string, err error) *Error {
	return &Error{ErrMAC, fmt.Errorf(format, err), []string{
		look, "if you trust the content as it is, make a new MAC, in the editor: sops edit --ignore-mac FILE",
	}}
}

func sealError(reason error) *Error {
	return &Error{ErrSeal, fmt.Errorf("seal mismatch: %w", reason), []string{
		look, "if you trust the file as it is, make a new seal, in the editor: sops edit --ignore-mac FILE",
	}}
}
