// Package cipher encrypts and decrypts single values under a data key: AES-256-GCM
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
	"unsafe"
)

// NonceSize is the length of the nonces that are written, in bytes. Readers
// take any length.
const NonceSize = 32

const tagSize = 16

// A Cipher encrypts and decrypts under one data key. Making one costs more than
// encrypting a value, so a file has one Cipher. It serves one caller at a time.
type Cipher struct {
	block cipher.Block
	gcm   cipher.AEAD // for nonces of NonceSize
	// free is memory for texts: a file has many short ones, and shares it among
	// them. What was given out is never written again.
	free    []byte
	derived *derivation // nil: the nonces are those that Encrypt is given
}

// room returns memory for n bytes, of length 0. What is used of it must be taken
// by keep before room is called again.
func (c *Cipher) room(n int) []byte {
	if n > cap(c.free) {
		if n > shared/8 {
			return make([]byte, 0, n)
		}
		c.free = make([]byte, 0, shared)
	}
	return c.free[:0:n]
}

// keep returns b, which is in memory of room, as a text.
func (c *Cipher) keep(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if cap(c.free) > 0 && &b[0] == &c.free[:1][0] {
		c.free = c.free[len(b):len(b):cap(c.free)]
	}
	return unsafe.String(&b[0], len(b))
}

// shared is the size in bytes of the memory that short texts share.
const shared = 32 << 10

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
	if c.derived != nil {
		if token, ok := c.derived.tokens[Value{plain, string(aad), typ}]; ok {
			return token
		}
		nonce = c.derived.nonce(nonce, plain, aad, typ)
	}
	length := base64.StdEncoding.EncodedLen
	size := len(prefix) + length(len(plain)) + len(ivMark) + length(len(nonce)) +
		len(tagMark) + length(tagSize) + len(typeMark) + len(typ) + 1
	// What GCM makes is in the memory after the token, unless that is much.
	token := c.room(size + len(plain) + tagSize)
	made := token[size:size]
	if len(plain) > shared {
		token, made = make([]byte, 0, size), make([]byte, 0, len(plain)+tagSize)
	}
	made = append(made, plain...)
	made = c.gcm.Seal(made[:0], nonce, made, aad)
	token = append(token, prefix...)
	token = base64.StdEncoding.AppendEncode(token, made[:len(plain)])
	token = append(token, ivMark...)
	token = base64.StdEncoding.AppendEncode(token, nonce)
	token = append(token, tagMark...)
	token = base64.StdEncoding.AppendEncode(token, made[len(plain):])
	token = append(token, typeMark...)
	token = append(token, typ...)
	return c.keep(append(token, ']'))
}

// ErrForged says that a token does not belong to this data key and place, or
// that it was changed.
var ErrForged = errors.New("message authentication failed: the value was changed, moved, or encrypted under another data key")

// Decrypt returns the plaintext of t. The aad must be the one it was encrypted with.
func (c *Cipher) Decrypt(t Token, aad []byte) (string, error) {
	// Data and tag in one piece, as GCM wants them, and then the nonce.
	length := base64.StdEncoding.DecodedLen
	room := c.room(length(len(t.data)) + length(len(t.tag)) + length(len(t.iv)))
	var err error
	if room, err = decode(room, "data", t.data); err != nil {
		return "", err
	}
	if room, err = decode(room, "tag", t.tag); err != nil {
		return "", err
	}
	n := len(room)
	if room, err = decode(room, "iv", t.iv); err != nil {
		return "", err
	}
	encrypted, nonce := room[:n], room[n:]
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
	return c.keep(plain), nil
}

// decode appends what text means to a buffer.
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
	t, ok := parseUsual(body)
	if !ok {
		if t, ok = parseAny(body); !ok {
			return Token{}, ErrNoToken
		}
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

// parseUsual splits a body with nonce and tag of the usual lengths.
func parseUsual(body string) (t Token, ok bool) {
	const tagLen, ivLen = 24, 44
	typ := strings.LastIndexByte(body, ':') + 1
	tagEnd := typ - len(typeMark)
	ivEnd := tagEnd - tagLen - len(tagMark)
	dataEnd := ivEnd - ivLen - len(ivMark)
	if dataEnd < 0 || strings.IndexByte(body, ',') != dataEnd {
		return t, false
	}
	t = Token{
		data: body[:dataEnd], iv: body[ivEnd-ivLen : ivEnd],
		tag: body[tagEnd-tagLen : tagEnd], Type: body[typ:],
	}
	ok = strings.HasPrefix(body[dataEnd:], ivMark) && strings.HasPrefix(body[ivEnd:], tagMark) &&
		strings.HasPrefix(body[tagEnd:], typeMark) &&
		strings.IndexByte(t.iv, ',') < 0 && strings.IndexByte(t.tag, ',') < 0
	return t, ok
}

// parseAny splits any body.
func parseAny(body string) (t Token, ok bool) {
	if t.data, body, ok = strings.Cut(body, ivMark); !ok {
		return t, false
	}
	if t.iv, body, ok = strings.Cut(body, tagMark); !ok {
		return t, false
	}
	t.tag, t.Type, ok = strings.Cut(body, typeMark)
	return t, ok
}

// IsToken reports whether text begins as an encrypted value does.
func IsToken(text string) bool { return strings.HasPrefix(text, prefix) }

// IsComment reports whether text is the token of a comment.
func IsComment(text string) bool {
	t, err := Parse(text)
	return err == nil && t.Type == "comment"
}
