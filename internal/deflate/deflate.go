// Package deflate packs texts for the metadata of files.
package deflate

import (
	"bytes"
	"compress/flate"
	"io"
)

// maxInflated is the length of the longest text that is inflated, in bytes.
const maxInflated = 64 << 20

// Pack packs a text for the metadata.
func Pack(text string) ([]byte, error) {
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.DefaultCompression)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(w, text); err != nil {
		return nil, err
	}
	err = w.Close()
	return packed.Bytes(), err
}

// Unpack unpacks a text. Of one that is too long to be true it returns the
// beginning.
func Unpack(packed []byte) (string, error) {
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxInflated))
	return string(plain), err
}
