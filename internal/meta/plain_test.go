package meta

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/cipher"
)

// The mark of plain metadata is a fact of the wire: files bear it from then on.
func TestTheMarkOfPlainMetadataStaysWhatItIs(t *testing.T) {
	t.Parallel()
	c, err := cipher.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	mac := func(nonce []byte) string { return c.Encrypt(nonce, "00", []byte("data"), "str") }
	nonce := bytes.Repeat([]byte{7}, cipher.NonceSize)
	if markedPlain(mac(nonce)) {
		t.Error("a nonce without the mark is taken for one with it")
	}
	MarkPlain(nonce)
	const want = "07070707070707070707070707070707fb5dfb6b00fede709e5d6bc392292122"
	if got := hex.EncodeToString(nonce); got != want {
		t.Errorf("the marked nonce is %s, not %s", got, want)
	}
	if !markedPlain(mac(nonce)) {
		t.Error("the mark is not found")
	}
	nonce[0]++
	if markedPlain(mac(nonce)) {
		t.Error("the mark of another nonce is taken for that of this one")
	}
}
