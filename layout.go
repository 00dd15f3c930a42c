package sops

import (
	"bytes"
	"compress/flate"
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"io"

	"github.com/seed-1f7fdfb8/sops/doc"
	"github.com/seed-1f7fdfb8/sops/internal/cipher"
)

// The layout travels as one more token in the metadata: DEFLATE over JSON. Its
// additional data holds the MAC text, so that a layout from another state of
// the file does not open. Other programs ignore it, and drop it when they write.

const maxLayout = 64 << 20 // bytes after inflating; a bomb is no layout

func layoutData(macText string) string { return "layout:" + macText }

func sealLayout(c *cipher.Cipher, nonce []byte, l *doc.Layout, macText string) (string, error) {
	if l.Empty() {
		return "", nil
	}
	text, err := json.Marshal(l)
	if err != nil {
		return "", fmt.Errorf("layout: %w", err)
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.DefaultCompression)
	if err != nil {
		return "", fmt.Errorf("layout: %w", err)
	}
	if _, err := w.Write(text); err != nil {
		return "", fmt.Errorf("layout: %w", err)
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("layout: %w", err)
	}
	return c.Seal(nonce, packed.String(), layoutData(macText), "str"), nil
}

// openLayout returns nil for a layout that does not open: it is only looks.
func openLayout(c *cipher.Cipher, text, macText string) *doc.Layout {
	token, err := cipher.Parse(text)
	if err != nil {
		return nil
	}
	packed, err := c.Open(token, layoutData(macText))
	if err != nil {
		return nil
	}
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader([]byte(packed))), maxLayout))
	if err != nil {
		return nil
	}
	l := &doc.Layout{}
	if json.Unmarshal(plain, l) != nil {
		return nil
	}
	return l
}

// fits reports whether the whole text in l belongs to what was decrypted.
func fits(l *doc.Layout, bare []byte) bool { return bytes.Equal(l.Digest, digest(bare)) }

func digest(text []byte) []byte {
	sum := sha512.Sum512_256(text)
	return sum[:]
}
