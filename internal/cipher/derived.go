package cipher

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
)

// A merge must give the same bytes for the same inputs, whoever makes it and how
// often. So its nonces are not random but made of all that they serve: two nonces
// are equal only where data key, place, type and plaintext are. What that gives
// away is that a value is the one that it was at an earlier merge.

// A Value is all that a token depends on, but for the data key and the nonce.
type Value struct{ Plain, AAD, Type string }

// A derivation makes nonces.
type derivation struct {
	key    []byte
	tokens map[Value]string
}

// Derived returns the cipher of a data key whose Encrypt is a function of what it
// encrypts. Of the nonce that it is given only the second half is used, and that
// only where it is not zero: it may bear a mark. Where token, which may be nil,
// knows a token under this data key, that one is taken.
func Derived(dataKey []byte, tokens map[Value]string) (*Cipher, error) {
	c, err := New(dataKey)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, dataKey)
	mac.Write([]byte("sops: nonces of a merge"))
	c.derived = &derivation{mac.Sum(nil), tokens}
	return c, nil
}

// nonce makes a nonce of NonceSize bytes.
func (d *derivation) nonce(given []byte, plain string, aad []byte, typ string) []byte {
	mac := hmac.New(sha256.New, d.key)
	marked := false
	mark := given[len(given)/2:]
	for _, b := range mark {
		marked = marked || b != 0
	}
	for _, part := range [][]byte{mark, aad, []byte(typ), []byte(plain)} {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		mac.Write(part)
	}
	out := mac.Sum(nil)
	if marked {
		copy(out[NonceSize/2:], mark)
	}
	return out
}
