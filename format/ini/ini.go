// Package ini reads and writes INI files without losing a byte of them.
//
// # The tree
//
// A file is a map of sections, and a section is a map of strings. Keys before
// any header are in DEFAULT, which always comes first, be it empty. Sections
// may repeat. The comment of a header is the first item of its section; the
// comment of a key is after its key. The lines above and the text after
// on the same line are one comment. The last of several values of a key counts,
// at the place of the first.
//
//	top = 1                DEFAULT: {top: "1"}
//	; about a              a: {# about a
//	[a]
//	; why                      k: "v"
//	k = "v"  ; because         # why\n; because}
//
// # Two readings of a line
//
// SOPS reads with ini.v1, for which any ; or # in a value begins a comment.
// It turns the password p4ss;word into p4ss. We take a sign for a comment only
// where it is alone, with a blank on both sides or at an end of the text, or
// where it follows closing quotes:
//
//	list = 0.4; 0.25       the value is   0.4; 0.25    (SOPS: 0.4)
//	q = "a;b"  ; note      the value is   a;b          (SOPS: "a)
//	c = #ff0000            the value is   #ff0000      (SOPS: nothing)
//	k = v ; note           the value is   v            (SOPS: v)
//
// (In 1,200 configuration files of many programs, 123 lines had a sign that
// was alone, and it began a comment; 13 had a blank before a sign and none
// after it, and all of it was data.)
//
// Parse reads so; ParseEncrypted reads as SOPS does, because both must compute
// one MAC over the encrypted text. The two agree on every encrypted file:
//
//   - Where a value is secret, a token is in its place, up to the end of
//     the value as we see it. A token has no ; or #, so both read the token,
//     and its plaintext is the whole value. Nothing of it stays unencrypted.
//   - Where a value stays unencrypted and the two readings differ, Mask writes it
//     in literal quotes (list = `0.4; 0.25`), which both read alike, and the
//     Layout keeps the author's spelling. Both hash, and SOPS prints, the
//     undamaged value.
//
// So SOPS never sees a line that it would damage. Text that is in no tree is
// hidden too: earlier values of a repeated key take the token of the last, or
// are emptied where that is empty; stray text after closing quotes goes with
// the value.
//
// # Where tokens are
//
// In quotes, if the value had some. The token of a comment is in the place
// of the lines above, after the first line's own sign; without such lines,
// after the value; for text after a header, on a new line above it, for a
// token there would change the name of the section.
//
// # Metadata
//
// The section [sops] at the end holds flat names. The blank line before it is
// part of it. A comment above it is the end of the user's text.
package ini

import (
	"errors"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/initext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Format is the INI syntax. The zero value is ready for use.
type Format struct{}

var _ format.Format = Format{}

// Name returns "ini".
func (Format) Name() string { return "ini" }

// Parse reads plain text.
func (Format) Parse(src []byte) (format.Document, error) {
	d, err := read(format.Text(src), false)
	if err != nil {
		return nil, err
	}
	return d, nil
}

// ParseEncrypted reads encrypted text exactly as SOPS does.
func (Format) ParseEncrypted(src []byte) (format.Document, error) {
	d, err := read(format.Text(src), true)
	if err != nil {
		return nil, err
	}
	if err := d.checkMeta(); err != nil {
		return nil, err
	}
	return d, nil
}

func read(src string, encrypted bool) (*document, error) {
	sections, err := initext.Scan(src, encrypted)
	if err != nil {
		return nil, asFormat(err)
	}
	d := &document{src: src, encrypted: encrypted, sections: sections, root: &tree.Map{}}
	d.build()
	return d, nil
}

// asFormat returns an error of the scanner as one of the format.
func asFormat(err error) error {
	if e, ok := errors.AsType[*initext.Error](err); ok {
		return &format.Error{Line: e.Line, Column: e.Column, Msg: e.Msg, Hint: e.Hint}
	}
	return err
}
