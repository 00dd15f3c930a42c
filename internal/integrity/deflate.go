package integrity

import (
	"bytes"
	"compress/flate"
	"io"
)

// maxInflated is the length of the longest text that is inflated, in bytes.
const maxInflated = 64 << 20

// Deflate packs a text for the metadata.
func Deflate(text string) ([]byte, error) {
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

// Inflate unpacks a text. Of one that is too long to be true it returns the
// beginning.
func Inflate(packed []byte) (string, error) {
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxInflated))
	return string(plain), err
}
