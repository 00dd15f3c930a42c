// Package layouts keeps the layout of a file in its metadata: it encrypts and
// decrypts it, and keeps the hints that it holds with their tokens.
package layouts

import (
	"encoding/json"
	"fmt"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/deflate"
)

// The layout travels as one more token in the metadata: DEFLATE over JSON. Its
// additional data holds the MAC text, so that a layout from another state of
// the file cannot be decrypted. Other programs ignore it, and drop it when they write.

func layoutData(macText string) []byte { return []byte("layout:" + macText) }

// Encrypt returns the token of l, "" for one that says nothing.
func Encrypt(c *cipher.Cipher, nonce []byte, l *format.Layout, macText string) (string, error) {
	if l.Empty() {
		return "", nil
	}
	text, err := json.Marshal(l)
	if err != nil {
		return "", fmt.Errorf("layout: %w", err)
	}
	packed, err := deflate.Pack(string(text))
	if err != nil {
		return "", fmt.Errorf("layout: %w", err)
	}
	return c.Encrypt(nonce, string(packed), layoutData(macText), "str"), nil
}

// Decrypt returns nil for a layout that cannot be decrypted: it is only looks.
func Decrypt(c *cipher.Cipher, text, macText string) *format.Layout {
	token, err := cipher.Parse(text)
	if err != nil {
		return nil
	}
	packed, err := c.Decrypt(token, layoutData(macText))
	if err != nil {
		return nil
	}
	plain, err := deflate.Unpack([]byte(packed))
	if err != nil {
		return nil
	}
	l := &format.Layout{}
	if json.Unmarshal([]byte(plain), l) != nil {
		return nil
	}
	return l
}
