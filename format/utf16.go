package format

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// Names of encodings in a Layout.
const (
	utf16LE = "utf-16le"
	utf16BE = "utf-16be"
)

// Transcoded returns f for texts in UTF-16 as well, as PowerShell 5 writes them:
// with a byte order mark. An encrypted file that is made of one is UTF-8, which
// every reader takes, and remembers the encoding in its layout. An encrypted
// file that is found in UTF-16 stays so when it is changed.
func Transcoded(f Format) Format { return transcoded{f} }

type transcoded struct{ Format }

// Parse reads plain text.
func (f transcoded) Parse(src []byte) (Document, error) { return parseAs(src, false, f.Format.Parse) }

// ParseEncrypted reads text that was encrypted.
func (f transcoded) ParseEncrypted(src []byte) (Document, error) {
	return parseAs(src, true, f.Format.ParseEncrypted)
}

func parseAs(src []byte, encrypted bool, parse func([]byte) (Document, error)) (Document, error) {
	text, encoding, err := fromUTF16(src)
	if err != nil {
		return nil, err
	}
	d, err := parse(text)
	if err != nil {
		return nil, err
	}
	return &recoded{d, encoding, encrypted}, nil
}

// A recoded document is one whose text has an encoding.
type recoded struct {
	Document
	encoding  string // "" is UTF-8
	encrypted bool
}

// Mask replaces leaves by tokens.
func (d *recoded) Mask(tokens []string) (Masked, error) { return d.MaskAs(tokens, Guide{}) }

// MaskAs does so under guidance.
func (d *recoded) MaskAs(tokens []string, g Guide) (Masked, error) {
	encrypted := "" // the encoding of the encrypted text
	if d.encrypted {
		encrypted = d.encoding
	}
	if like, ok := g.Like.(*recoded); ok {
		g.Like, encrypted = like.Document, like.encoding
	}
	m, err := Mask(d.Document, tokens, g)
	if err != nil {
		return m, err
	}
	insert := m.Insert
	m.Insert = func(meta *tree.Map) ([]byte, error) { return toUTF16(encrypted)(insert(meta)) }
	if d.encrypted || d.encoding == "" {
		return m, nil
	}
	layout := Layout{}
	if m.Layout != nil {
		layout = *m.Layout
	}
	layout.Encoding = d.encoding
	m.Layout = &layout
	return m, nil
}

// Unmask replaces tokens by values. The text gets the encoding that it had when
// it was encrypted.
func (d *recoded) Unmask(values []Plain, l *Layout) ([]byte, error) {
	encoding := ""
	if l != nil {
		encoding = l.Encoding
	}
	return toUTF16(encoding)(d.Document.Unmask(values, l))
}

// SetMeta replaces the metadata.
func (d *recoded) SetMeta(meta *tree.Map) ([]byte, error) {
	return toUTF16(d.encoding)(d.Document.SetMeta(meta))
}

// Bytes returns the text in its encoding.
func (d *recoded) Bytes() []byte {
	text, err := d.text()
	if err != nil {
		return d.Document.Bytes() // Apply refused it
	}
	return text
}

func (d *recoded) text() ([]byte, error) { return toUTF16(d.encoding)(d.Document.Bytes(), nil) }

// Apply makes changes.
func (d *recoded) Apply(changes []Change) (Document, error) {
	changed, err := d.Document.Apply(changes)
	if err != nil {
		return nil, err
	}
	out := &recoded{changed, d.encoding, d.encrypted}
	_, err = out.text()
	return out, err
}

func order(encoding string) binary.ByteOrder {
	if encoding == utf16BE {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// fromUTF16 returns src as UTF-8, and its encoding if it had another one.
func fromUTF16(src []byte) (text []byte, encoding string, err error) {
	switch {
	case bytes.HasPrefix(src, []byte("\xff\xfe")):
		encoding = utf16LE
	case bytes.HasPrefix(src, []byte("\xfe\xff")):
		encoding = utf16BE
	default:
		return src, "", nil
	}
	src = src[2:]
	out := make([]byte, 0, len(src))
	lines := 1
	for i := 0; i < len(src); i += 2 {
		r, n := runeAt(src[i:], order(encoding))
		if n == 0 {
			return nil, "", &Error{Line: lines, Msg: "the text is UTF-16 and holds half a character"}
		}
		if r == '\n' {
			lines++
		}
		out = utf8.AppendRune(out, r)
		i += n - 2
	}
	return out, encoding, nil
}

// runeAt returns the character at the start of src and its length, 0 if it is
// not whole.
func runeAt(src []byte, o binary.ByteOrder) (rune, int) {
	if len(src) < 2 {
		return 0, 0
	}
	r := rune(o.Uint16(src))
	if !utf16.IsSurrogate(r) {
		return r, 2
	}
	if len(src) < 4 {
		return 0, 0
	}
	if r = utf16.DecodeRune(r, rune(o.Uint16(src[2:]))); r == utf8.RuneError {
		return 0, 0
	}
	return r, 4
}

// toUTF16 returns what encodes a text that was made without an error.
func toUTF16(encoding string) func([]byte, error) ([]byte, error) {
	return func(text []byte, err error) ([]byte, error) {
		if err != nil || encoding != utf16LE && encoding != utf16BE {
			return text, err
		}
		o := order(encoding)
		out := make([]byte, 2, 2*len(text)+2)
		o.PutUint16(out, 0xFEFF)
		for len(text) > 0 {
			r, n := utf8.DecodeRune(text)
			if r == utf8.RuneError && n == 1 {
				return nil, &Error{Msg: "the text holds bytes that UTF-16 cannot"}
			}
			text = text[n:]
			for _, unit := range utf16.AppendRune(nil, r) {
				out = append(out, 0, 0)
				o.PutUint16(out[len(out)-2:], unit)
			}
		}
		return out, nil
	}
}
