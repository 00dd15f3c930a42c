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
	"slices"
	"strings"
)

// NonceSize is the length of the nonces that are written, in bytes. Readers
// take any length.
const NonceSize = 32

const tagSize = 16

// A Cipher seals and opens under one data key. Making one costs more than
// encryption a value, so a file has one Cipher. It serves one caller at a time.
type Cipher struct {
	block cipher.Block
	gcm   cipher.AEAD // for nonces of NonceSize
	room  []byte      // where values are encrypted and decrypted
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

// Encrypt returns the token of plain. A nonce must never serve two different
// plaintexts or two different aads under one data key.
func (c *Cipher) Encrypt(nonce []byte, plain string, aad []byte, typ string) string {
	defer c.tidy()
	c.room = append(slices.Grow(c.room[:0], len(plain)+tagSize), plain...)
	c.room = c.gcm.Seal(c.room[:0], nonce, c.room, aad)
	data, tag := c.room[:len(plain)], c.room[len(plain):]
	length := base64.StdEncoding.EncodedLen
	var b strings.Builder
	b.Grow(len(prefix) + length(len(data)) + len(ivMark) + length(len(nonce)) +
		len(tagMark) + length(len(tag)) + len(typeMark) + len(typ) + 1)
	b.WriteString(prefix)
	encode(&b, data)
	b.WriteString(ivMark)
	encode(&b, nonce)
	b.WriteString(tagMark)
	encode(&b, tag)
	b.WriteString(typeMark)
	b.WriteString(typ)
	b.WriteByte(']')
	return b.String()
}

// encode writes data piece by piece, so that a large value is in memory once.
func encode(to *strings.Builder, data []byte) {
	var room [128]byte
	const whole = len(room) / 4 * 3
	for ; len(data) > whole; data = data[whole:] {
		to.Write(base64.StdEncoding.AppendEncode(room[:0], data[:whole]))
	}
	to.Write(base64.StdEncoding.AppendEncode(room[:0], data))
}

// tidy lets go of the memory that a large value took.
func (c *Cipher) tidy() {
	if cap(c.room) > 1<<20 {
		c.room = nil
	}
}

// ErrForged says that a token does not belong to this data key and place, or
// that it was changed.
var ErrForged = errors.New("message authentication failed: the value was changed, moved, or encrypted under another data key")

// Decrypt returns the plaintext of t. The aad must be the one it was encrypted with.
func (c *Cipher) Decrypt(t Token, aad []byte) (string, error) {
	defer c.tidy()
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
	encrypted, nonce := c.room[:n], c.room[n:]
	gcm := c.gcm
	if len(nonce) != NonceSize {
		if gcm, err = cipher.NewGCMWithNonceSize(c.block, len(nonce)); err != nil {
			return "", fmt.Errorf("iv: %w", err)
		}
	}
	plain, err := gcm.Open(encrypted[:0], nonce, encrypted, aad)
	if err != nil {
		return "", ErrForged
	}
	return string(plain), nil
}

// decode appends what text means to a buffer, which it returns in any case.
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

// A Token is the parsed text form of an encrypted value.
type Token struct {
	data, iv, tag string // base64
	Type          string // str, int, float, bool, time, comment, bytes
}

// Len returns the length of the plaintext in bytes, which is not secret.
func (t Token) Len() int {
	bare := strings.TrimRight(t.data, "=")
	return base64.StdEncoding.DecodedLen(len(t.data)) - (len(t.data) - len(bare))
}

// Nonce returns the nonce, nil if the token is damaged.
func (t Token) Nonce() []byte {
	nonce, err := base64.StdEncoding.DecodeString(t.iv)
	if err != nil {
		return nil
	}
	return nonce
}

// ErrNoToken says that a text is not of the form of an encrypted value.
var ErrNoToken = errors.New("not of the form ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]")

// Parse splits the text form. Text after the closing bracket is ignored, as
// every reader does. No part of text is in an error.
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

// IsToken reports whether text begins as an encrypted value does.
func IsToken(text string) bool { return strings.HasPrefix(text, prefix) }

// IsComment reports whether text is the token of a comment.
func IsComment(text string) bool {
	t, err := Parse(text)
	return err == nil && t.Type == "comment"
}
