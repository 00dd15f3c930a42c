package app

import (
	"bytes"

	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// An indentation says when a text is formatted again.
type indentation int

const (
	asItIs    indentation = iota
	ifOther               // the configuration names another indentation than the text has
	inAnyCase             // --indent
)

// wantedIndentation says what flag and configuration want of a file type.
func wantedIndentation(typ string, stores config.Stores, flag bool) indentation {
	named := map[string]*int{"yaml": stores.YAML, "json": stores.JSON}[typ] != nil
	switch {
	case named && flag:
		return inAnyCase
	case named:
		return ifOther
	}
	return asItIs
}

// Indented returns plain, which is trees in the output format, with the
// indentation that is wanted. A text that has it already stays as its author
// wrote it.
func (s *Source) Indented(plain []byte, trees []*tree.Map) ([]byte, error) {
	if s.indents == asItIs {
		return plain, nil
	}
	out, err := s.Out.Render(trees)
	if err != nil {
		return nil, &Error{Kind: Render, Err: err}
	}
	if s.indents == ifOther && firstIndent(plain) == firstIndent(out) {
		return plain, nil
	}
	return out, nil
}

// firstIndent returns the white space before the first line that begins with
// some; the lines of two texts of one content come in the same order.
func firstIndent(text []byte) string {
	for line := range bytes.Lines(text) {
		rest := bytes.TrimLeft(line, " \t")
		if n := len(line) - len(rest); n > 0 && len(bytes.TrimSpace(rest)) > 0 {
			return string(line[:n])
		}
	}
	return ""
}

// Reindented returns d, which is in the output format, with the indentation that
// is wanted.
func (s *Source) Reindented(d *envelope.Decrypted) (*envelope.Decrypted, error) {
	if s.indents == asItIs {
		return d, nil
	}
	plain, err := d.Plain()
	if err != nil {
		return nil, err
	}
	text, err := s.Indented(plain, d.Trees())
	if err != nil || bytes.Equal(text, plain) {
		return d, err
	}
	return d, d.Replace(text)
}

// Converted returns the content in the output format.
func (s *Source) Converted(d *envelope.Decrypted) (*envelope.Decrypted, error) {
	if s.In.Name() != s.Out.Name() {
		return d.As(s.Out)
	}
	return s.Reindented(d)
}

// Plaintext returns the content in the output format.
func (s *Source) Plaintext(d *envelope.Decrypted) ([]byte, error) {
	if s.In.Name() == s.Out.Name() {
		plain, err := d.Plain()
		if err != nil {
			return nil, err
		}
		return s.Indented(plain, d.Trees())
	}
	out, err := s.Out.Render(d.Trees())
	if err != nil {
		return nil, &Error{Kind: Render, Err: err}
	}
	return out, nil
}
