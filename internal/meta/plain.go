package meta

import (
	"bytes"
	"crypto/sha512"

	"github.com/seed-1f7fdfb8/sops/internal/cipher"
)

// A file with plain metadata has no field that could say so: other readers have a
// closed list of fields. So the nonce of its MAC says it: the first half is random,
// and the second one a digest of the first. The cipher binds the nonce, so that the
// mark cannot be put on or taken off without the data key; a program that does not
// know it draws another nonce when it writes.

// MarkPlain puts the mark into a nonce for a MAC.
func MarkPlain(nonce []byte) {
	const half = cipher.NonceSize / 2
	h := sha512.New512_256()
	h.Write(nonce[:half])
	h.Write([]byte("plain metadata"))
	copy(nonce[half:], h.Sum(nil))
}

// markedPlain reports whether the nonce of a token bears the mark.
func markedPlain(mac string) bool {
	token, err := cipher.Parse(mac)
	if err != nil {
		return false
	}
	nonce := token.Nonce()
	if len(nonce) != cipher.NonceSize {
		return false
	}
	marked := bytes.Clone(nonce)
	MarkPlain(marked)
	return bytes.Equal(nonce, marked)
}
