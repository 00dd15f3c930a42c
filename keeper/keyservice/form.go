package keyservice

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// looksWrapped reports whether what a service returned has the form in which
// files have wrapped keys of the kind. Anything else would be written into the
// file, and be found out only when the file is to be read.
func looksWrapped(kind string, enc []byte) bool {
	if len(enc) == 0 || !utf8.Valid(enc) {
		return false
	}
	switch text := string(enc); kind {
	case keeper.Age:
		return armored(text, "AGE ENCRYPTED FILE")
	case keeper.PGP:
		return armored(text, "PGP MESSAGE")
	case keeper.Vault:
		return strings.HasPrefix(text, "vault:v") && !strings.ContainsFunc(text, blankOrControl)
	default: // base64 in one of its alphabets
		enc = bytes.TrimRight(enc, "=")
		for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if _, err := alphabet.DecodeString(string(enc)); err == nil && !bytes.ContainsAny(enc, "\r\n") {
				return true
			}
		}
		return false
	}
}

func armored(text, what string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, "-----BEGIN "+what+"-----\n") && strings.HasSuffix(text, "\n-----END "+what+"-----") &&
		!strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && r != '\r' && (r < ' ' || r > '~') })
}

func blankOrControl(r rune) bool { return r <= ' ' || r > '~' }
