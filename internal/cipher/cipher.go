// Package cipher seals and opens single values under a data key: AES-256-GCM
// with a nonce of 32 bytes, the path of the value as additional data, and the
// text form
//
//	ENC[AES256_GCM,data:BoPx0eU=,iv:AAEC…Hh8=,tag:faT+…rg==,type:str]
//
// There is one cipher on the wire, so this package has no interface.
package cipher

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// NonceSize is the length of the nonces that are written, in bytes. Readers
// take any length.
const NonceSize = 32

// A Cipher seals and opens under one data key. Making one costs more than
// sealing a value, so a file has one Cipher. It serves one caller at a time.
type Cipher struct {
	block cipher.Block
	gcm   cipher.AEAD // for nonces of NonceSize
	room  []byte      // where values are sealed and opened
}

// New returns the cipher of a data key of 32 bytes.
func New(dataKey []byte) (*Cipher, error) {
	if len(dataKey) != 32 {
		return nil, fmt.Errorf("a data key has 32 bytes, this one has %d", len(dataKey))
	}
	block, err := aes.NewCipher(dataKey)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCMWithNonceSize(block, NonceSize)
	if err != nil {
		return nil, err
	}
	return &Cipher{block: block, gcm: gcm}, nil
}

// Seal returns the token of plain. A nonce must never serve two different
// plaintexts or two different aads under one data key.
func (c *Cipher) Seal(nonce []byte, plain string, aad []byte, typ string) string {
	c.room = append(c.room[:0], plain...)
	c.room = c.gcm.Seal(c.room[:0], nonce, c.room, aad)
	sealed := len(c.room)
	data, tag := c.room[:len(plain)], c.room[len(plain):]
	b := append(c.room, prefix...)
	b = base64.StdEncoding.AppendEncode(b, data)
	b = append(b, ivMark...)
	b = base64.StdEncoding.AppendEncode(b, nonce)
	b = append(b, tagMark...)
	b = base64.StdEncoding.AppendEncode(b, tag)
	b = append(b, typeMark...)
	b = append(b, typ...)
	b = append(b, ']')
	c.room = b
	return string(b[sealed:])
}

// ErrForged says that a token does not belong to this data key and place, or
// that it was changed.
var ErrForged = errors.New("message authentication failed: the value was changed, moved, or encrypted under another data key")

// Open returns the plaintext of t. The aad must be the one it was sealed with.
func (c *Cipher) Open(t Token, aad []byte) (string, error) {
	// Data and tag in one piece, as GCM wants them, and then the nonce.
	var err error
	if c.room, err = decode(c.room[:0], "data", t.data); err != nil {
		return "", err
	}
	if c.room, err = decode(c.room, "tag", t.tag); err != nil {
		return "", err
	}
	n := len(c.room)
	if c.room, err = decode(c.room, "iv", t.iv); err != nil {
		return "", err
	}
	sealed, nonce := c.room[:n], c.room[n:]
	gcm := c.gcm
	if len(nonce) != NonceSize {
		if gcm, err = cipher.NewGCMWithNonceSize(c.block, len(nonce)); err != nil {
			return "", fmt.Errorf("iv: %w", err)
		}
	}
	plain, err := gcm.Open(sealed[:0], nonce, sealed, aad)
	if err != nil {
		return "", ErrForged
	}
	return string(plain), nil
}

// decode appends what text stands for to a buffer, which it returns in any case.
func decode(to []byte, name, text string) ([]byte, error) {
	out, err := base64.StdEncoding.AppendDecode(to, []byte(text))
	if err != nil || len(out) == len(to) {
		return to, fmt.Errorf("%s: not base64", name)
	}
	return out, nil
}

const (
	prefix   = "ENC[AES256_GCM,data:"
	ivMark   = ",iv:"
	tagMark  = ",tag:"
	typeMark = ",type:"
)

// A Token is the parsed text form of a sealed value.
type Token struct {
	data, iv, tag string // base64
	Type          string // str, int, float, bool, time, comment, bytes
}

// Len returns the length of the plaintext in bytes, which is not secret.
func (t Token) Len() int {
	bare := strings.TrimRight(t.data, "=")
	return base64.StdEncoding.DecodedLen(len(t.data)) - (len(t.data) - len(bare))
}

// ErrNoToken says that a text is not of the form of a sealed value.
var ErrNoToken = errors.New("not of the form ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]")

// Parse splits the text form. Text behind the closing bracket is ignored, as
// every reader in the field does. No part of text is in an error.
func Parse(text string) (Token, error) {
	if !IsToken(text) {
		return Token{}, ErrNoToken
	}
	end := strings.LastIndexByte(text, ']')
	if end < 0 {
		return Token{}, ErrNoToken
	}
	body := text[len(prefix):end]
	var t Token
	var ok bool
	if t.data, body, ok = strings.Cut(body, ivMark); !ok {
		return Token{}, ErrNoToken
	}
	if t.iv, body, ok = strings.Cut(body, tagMark); !ok {
		return Token{}, ErrNoToken
	}
	if t.tag, t.Type, ok = strings.Cut(body, typeMark); !ok {
		return Token{}, ErrNoToken
	}
	if t.data == "" || t.iv == "" || t.tag == "" || t.Type == "" {
		return Token{}, ErrNoToken
	}
	// The base64 decoder would pass over line breaks.
	if strings.IndexByte(text[:end], '\n') >= 0 || strings.IndexByte(text[:end], '\r') >= 0 {
		return Token{}, ErrNoToken
	}
	return t, nil
}

// IsToken reports whether text begins as a sealed value does.
func IsToken(text string) bool { return strings.HasPrefix(text, prefix) }
