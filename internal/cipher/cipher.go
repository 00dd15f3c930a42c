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

const tagSize = 16

// A Cipher seals and opens under one data key. Making one costs more than
// sealing a value, so a file has one Cipher.
type Cipher struct {
	block cipher.Block
	gcm   cipher.AEAD // for nonces of NonceSize
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
func (c *Cipher) Seal(nonce []byte, plain, aad, typ string) string {
	sealed := c.gcm.Seal(make([]byte, 0, len(plain)+tagSize), nonce, []byte(plain), []byte(aad))
	data, tag := sealed[:len(plain)], sealed[len(plain):]
	e := base64.StdEncoding
	n := len(prefix) + e.EncodedLen(len(data)) + len(ivMark) + e.EncodedLen(len(nonce)) +
		len(tagMark) + e.EncodedLen(len(tag)) + len(typeMark) + len(typ) + 1
	var b strings.Builder
	b.Grow(n)
	var room [128]byte // what most values fit into, so that only the token is on the heap
	b.WriteString(prefix)
	b.Write(e.AppendEncode(room[:0], data))
	b.WriteString(ivMark)
	b.Write(e.AppendEncode(room[:0], nonce))
	b.WriteString(tagMark)
	b.Write(e.AppendEncode(room[:0], tag))
	b.WriteString(typeMark)
	b.WriteString(typ)
	b.WriteByte(']')
	return b.String()
}

// ErrForged says that a token does not belong to this data key and place, or
// that it was changed.
var ErrForged = errors.New("message authentication failed: the value was changed, moved, or encrypted under another data key")

// Open returns the plaintext of t. The aad must be the one it was sealed with.
func (c *Cipher) Open(t Token, aad string) (string, error) {
	// Nonce, data and tag in one piece of memory, the last two as GCM wants them.
	length := base64.StdEncoding.DecodedLen
	room, err := decode(make([]byte, 0, length(len(t.iv))+length(len(t.data))+length(len(t.tag))), "iv", t.iv)
	if err != nil {
		return "", err
	}
	n := len(room)
	if room, err = decode(room, "data", t.data); err != nil {
		return "", err
	}
	if room, err = decode(room, "tag", t.tag); err != nil {
		return "", err
	}
	nonce, sealed := room[:n], room[n:]
	gcm := c.gcm
	if len(nonce) != NonceSize {
		if gcm, err = cipher.NewGCMWithNonceSize(c.block, len(nonce)); err != nil {
			return "", fmt.Errorf("iv: %w", err)
		}
	}
	plain, err := gcm.Open(sealed[:0], nonce, sealed, []byte(aad))
	if err != nil {
		return "", ErrForged
	}
	return string(plain), nil
}

// decode appends what text stands for.
func decode(to []byte, name, text string) ([]byte, error) {
	out, err := base64.StdEncoding.AppendDecode(to, []byte(text))
	if err != nil || len(out) == len(to) {
		return nil, fmt.Errorf("%s: not base64", name)
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
	return base64.StdEncoding.DecodedLen(len(t.data)) - strings.Count(t.data, "=")
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
	if strings.ContainsAny(text[:end], "\r\n") {
		return Token{}, ErrNoToken
	}
	return t, nil
}

// IsToken reports whether text begins as a sealed value does.
func IsToken(text string) bool { return strings.HasPrefix(text, prefix) }
