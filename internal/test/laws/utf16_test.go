package laws_test

import (
	"bytes"
	"encoding/binary"
	"testing"
	"unicode/utf16"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// inUTF16 encodes text as PowerShell 5 does, or the other way round.
func inUTF16(text string, o binary.AppendByteOrder) []byte {
	out := o.AppendUint16(nil, 0xFEFF)
	for _, unit := range utf16.Encode([]rune(text)) {
		out = o.AppendUint16(out, unit)
	}
	return out
}

var utf16Orders = map[string]binary.AppendByteOrder{"LE": binary.LittleEndian, "BE": binary.BigEndian}

func TestTextsInUTF16ComeBackByteForByte(t *testing.T) {
	t.Parallel()
	for name, texts := range seedTexts {
		for _, text := range texts {
			for what, o := range utf16Orders {
				if name == "binary" {
					continue
				}
				for _, text := range []string{text, text + "\r\n", "# \u00e9 \U0001F511\n" + text} {
					src := inUTF16(text, o)
					c, err := encryptText(t, lawFormatNamed(t, name), src)
					if err != nil {
						if _, bad := lawFormatNamed(t, name).Parse([]byte(text)); bad == nil {
							t.Errorf("%s %s %q: %v", name, what, text, err)
						}
						continue
					}
					if bytes.IndexByte(c.encrypted, 0) >= 0 {
						t.Errorf("%s %s %q: the encrypted file is not UTF-8", name, what, text)
					}
					back, err := c.open(c.encrypted)
					if err != nil || !bytes.Equal(plainOf(back), src) {
						t.Errorf("%s %s %q: %v, %q", name, what, text, err, plainOf(back))
					}
				}
			}
		}
	}
}

// TestAnEncryptedFileInUTF16IsReadAndStaysSo: PowerShell 5 makes UTF-16 of what
// a program prints into a file. The text inside is still UTF-8.
func TestAnEncryptedFileInUTF16IsReadAndStaysSo(t *testing.T) {
	t.Parallel()
	for name, src := range map[string]string{
		"yaml": "# c\na: b\nn: 1\n", "json": "{\"a\": \"b\"}\n", "dotenv": "a=b\n", "ini": "[a]\nb = c\n",
	} {
		for what, o := range utf16Orders {
			c, err := encryptText(t, lawFormatNamed(t, name), []byte(src))
			if err != nil {
				t.Fatal(err)
			}
			decrypted, err := c.open(inUTF16(string(c.encrypted), o))
			if err != nil || string(plainOf(decrypted)) != src {
				t.Errorf("%s %s: %v, %q", name, what, err, plainOf(decrypted))
				continue
			}
			at := tree.Address{{Key: "a", IsKey: true}}
			if name == "ini" {
				at = append(at, tree.Step{Key: "b", IsKey: true})
			}
			if err := decrypted.Set(at, tree.Text("new")); err != nil {
				t.Fatal(err)
			}
			// A comment more is a change that is not made in place.
			if err := decrypted.Replace(append([]byte("# more\n"), plainOf(decrypted)...)); err != nil && name != "json" {
				t.Fatal(err)
			}
			out, err := decrypted.Encrypt(encryptOptions())
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(out[:2], o.AppendUint16(nil, 0xFEFF)) {
				t.Errorf("%s %s: after set the file is %q…", name, what, out[:20])
			}
			if _, err := c.open(out); err != nil {
				t.Errorf("%s %s: after set: %v", name, what, err)
			}
		}
	}
}

func TestHalfACharacterOfUTF16IsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	for _, src := range []string{"\xff\xfea\x00:\x00 \x00b\x00\n\x00c", "\xff\xfe\n\x00\x00\xd8a\x00", "\xfe\xff\x00\n\xd8\x00"} {
		_, err := lawFormatNamed(t, "yaml").Parse([]byte(src))
		if err == nil || err.Error() != "line 2: the text is UTF-16 and holds half a character" {
			t.Errorf("%q: %v", src, err)
		}
	}
}
