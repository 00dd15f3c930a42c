package cipher

import (
	"bytes"
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

// Nonce returns the nonce that Encrypt uses for a value where it is given this one: a
// caller that marks a nonce must know it.
func (c *Cipher) Nonce(given []byte, plain string, aad []byte, typ string) []byte {
	if c.derived == nil {
		return given
	}
	return c.derived.nonce(given, plain, aad, typ)
}

// nonce makes a nonce of NonceSize bytes, unless the first half of the given one is
// set.
func (d *derivation) nonce(given []byte, plain string, aad []byte, typ string) []byte {
	isZero := func(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }
	half := len(given) / 2
	if !isZero(given[:half]) {
		return given
	}
	mac := hmac.New(sha256.New, d.key)
	for _, part := range [][]byte{given[half:], aad, []byte(typ), []byte(plain)} {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		mac.Write(part)
	}
	out := mac.Sum(nil)
	if !isZero(given[half:]) {
		copy(out[half:], given[half:])
	}
	return out
}
