package cipher

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"unsafe"
)

// Large is the length in bytes from which on a value is encrypted and decrypted in
// pieces: each piece passes all steps while it is in the caches of the processor, and
// no step needs memory for all of them.
const Large = 1 << 20

// TokenSize returns the length of the token of a value of n bytes.
func TokenSize(n int, typ string) int {
	length := base64.StdEncoding.EncodedLen
	return len(prefix) + length(n) + len(ivMark) + length(NonceSize) + len(tagMark) + length(tagSize) + len(typeMark) + len(typ) + 1
}

// AppendEncrypt does what Encrypt does, at the end of dst, and writes the plaintext
// to beside on the way. The nonce must have NonceSize.
func (c *Cipher) AppendEncrypt(dst, nonce []byte, plain string, aad []byte, typ string, beside io.Writer) []byte {
	s, room := c.newStream(nonce, aad), make([]byte, piece)
	dst = append(dst, prefix...)
	text := unsafe.Slice(unsafe.StringData(plain), len(plain))
	for len(text) > 0 {
		part := text[:min(piece, len(text))]
		text = text[len(part):]
		beside.Write(part)
		encrypted := room[:len(part)]
		s.apply(encrypted, part)
		s.add(encrypted)
		dst = base64.StdEncoding.AppendEncode(dst, encrypted)
	}
	tag := s.tag()
	dst = base64.StdEncoding.AppendEncode(append(dst, ivMark...), nonce)
	dst = base64.StdEncoding.AppendEncode(append(dst, tagMark...), tag[:])
	return append(append(append(dst, typeMark...), typ...), ']')
}

// DecryptLarge does what Decrypt does, and writes the plaintext to beside on the way:
// what that got counts only if there is no error. Where the token is spent, its own
// memory becomes that of the plaintext.
func (c *Cipher) DecryptLarge(t Token, aad []byte, spent bool, beside io.Writer) (string, error) {
	var tag, nonce [NonceSize]byte
	gotTag, err := decode(tag[:0], "tag", t.tag)
	if err != nil {
		return "", err
	}
	gotNonce, err := decode(nonce[:0], "iv", t.iv)
	if err != nil {
		return "", err
	}
	if len(gotNonce) != NonceSize { // no program writes such
		plain, err := c.Decrypt(t, aad)
		io.WriteString(beside, plain)
		return plain, err
	}
	const line = piece / 3 * 4
	in := unsafe.Slice(unsafe.StringData(t.data), len(t.data))
	out := in[:0]
	if !spent {
		out = make([]byte, 0, base64.StdEncoding.DecodedLen(len(in)))
	}
	s, room := c.newStream(gotNonce, aad), make([]byte, piece)
	for len(in) > 0 {
		part := in[:min(line, len(in))]
		in = in[len(part):]
		n, err := base64.StdEncoding.Decode(room, part)
		if err != nil || n != piece && len(in) > 0 {
			return "", fmt.Errorf("data: not base64")
		}
		s.add(room[:n])
		from := len(out)
		out = out[:from+n]
		s.apply(out[from:], room[:n])
		beside.Write(out[from:])
	}
	if want := s.tag(); subtle.ConstantTimeCompare(want[:], gotTag) != 1 {
		return "", ErrForged
	}
	return unsafe.String(unsafe.SliceData(out), len(out)), nil
}
