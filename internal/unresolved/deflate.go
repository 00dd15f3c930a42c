package unresolved

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
)

// maxInflated bounds what a token can grow to.
const maxInflated = 256 << 20

func deflate(text []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}

func inflate(packed []byte) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxInflated+1))
	if err == nil && len(text) > maxInflated {
		err = errors.New("too long")
	}
	return text, err
}
