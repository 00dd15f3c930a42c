package integrity

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/tree"
	"github.com/seed-1f7fdfb8/sops/internal/deflate"
)

// The seal is one more token in the metadata: the digest of the file's
// structure and the list of its master keys, bound to the MAC text. Other
// programs ignore it, and drop it when they write, so a file without one is read
// as they read it.

// A sealed structure travels whole, to name what was changed, while it is
// small.
const (
	maxStructure = 32 << 10 // bytes
	maxSealText  = 2048     // bytes, deflated
)

// sealVersion is the encoding of the seals that are written: that of structure,
// with the keys apart. Older seals have no version; see checkOldSeal.
const sealVersion = 2

type sealContent struct {
	Version int    `json:"v,omitempty"`
	Digest  []byte `json:"d"`
	Text    []byte `json:"t,omitempty"` // the structure, deflated
	// Keys are the master keys of the file.
	Keys fingerprints `json:"k,omitempty"`
	// Unverified are keys that were in a file without a seal, or that were put
	// into the list of one with a seal. They may decrypt the file, but neither a
	// rule nor a person vouches for them.
	Unverified fingerprints `json:"w,omitempty"`
	// Injected are those of Unverified that were put into a sealed list.
	Injected fingerprints `json:"x,omitempty"`
	// Unproved says that structure and rule are those of a file that had no seal.
	Unproved bool `json:"n,omitempty"`

	OldUnverified []string `json:"u,omitempty"` // Unverified, before sealVersion
}

func sealData(macText string) []byte { return []byte("seal:" + macText) }

// Seal returns the seal of an encrypted file: its metadata, and its trees as r
// reads them. The second half of the nonce becomes the mark of the list of keys.
func Seal(c *cipher.Cipher, nonce []byte, m *meta.Metadata, trees []*tree.Map, r Reading, macText string, f *Finding) (string, error) {
	d := describe(&structure{reading: r, limit: maxStructure}, m, trees)
	content := sealContent{Version: sealVersion, Digest: d.digest, Keys: d.keys, Unproved: f.Unproved}
	for _, id := range f.unverified {
		content.Unverified = append(content.Unverified, fingerprint(id))
	}
	for _, id := range f.injected {
		content.Injected = append(content.Injected, fingerprint(id))
	}
	if d.text != "" {
		packed, err := deflate.Pack(d.text)
		if err != nil {
			return "", fmt.Errorf("seal: %w", err)
		}
		if len(packed) <= maxSealText {
			content.Text = packed
		}
	}
	plain, err := json.Marshal(content)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	d.keys.mark(nonce)
	return c.Encrypt(nonce, string(plain), sealData(macText), "str"), nil
}

// CheckSeal compares an encrypted file with its seal. A list of master keys that
// is another than the sealed one is a finding: it says who can decrypt the file,
// and nothing about what is in it. Everything else is an error; where the seal
// itself can be decrypted, there is a finding about the keys nevertheless.
func CheckSeal(c *cipher.Cipher, m *meta.Metadata, trees []*tree.Map, macText string) (*Finding, error) {
	if m.Seal == "" {
		return Unsealed(m.MasterKeys()), nil
	}
	content, err := openSeal(c, m.Seal, macText)
	if err != nil {
		return nil, sealError(err)
	}
	if content.Version < sealVersion {
		return checkOldSeal(content, m, trees)
	}
	found := describe(&structure{reading: AsRead{}, long: true}, m, trees)
	text := ""
	if !slices.EqualFunc(content.Keys, found.keys, bytes.Equal) || !bytes.Equal(content.Digest, found.digest) {
		// What differs is named by the texts.
		text, _ = deflate.Unpack(content.Text)
		found = describe(&structure{reading: AsRead{}, limit: maxDescribed}, m, trees)
	}
	f := &Finding{Unproved: content.Unproved}
	if !slices.EqualFunc(content.Keys, found.keys, bytes.Equal) {
		f.Keys = keysError(text, found.text)
	}
	for i, g := range m.MasterKeys() {
		for _, k := range g {
			mark := fingerprint(k.ID())
			injected := content.Injected.contains(mark) || !content.Keys.contains(groupFingerprint(i, k))
			f.note(k, injected || content.Unverified.contains(mark), injected)
		}
	}
	f.Removed = slices.ContainsFunc(content.Keys, func(one []byte) bool { return !found.keys.contains(one) })
	if !bytes.Equal(content.Digest, found.digest) {
		return f, structureError(text, found.text)
	}
	return f, nil
}

// SameSeal reports whether two metadata have one seal, and say the same of what
// it is of: beside the same trees, it fits both or neither.
func SameSeal(a, b *meta.Metadata) bool {
	x := describe(&structure{reading: AsRead{}, long: true}, a, nil)
	y := describe(&structure{reading: AsRead{}, long: true}, b, nil)
	return a.Seal == b.Seal && bytes.Equal(x.digest, y.digest) && slices.EqualFunc(x.keys, y.keys, bytes.Equal)
}

func openSeal(c *cipher.Cipher, text, macText string) (sealContent, error) {
	var content sealContent
	token, err := cipher.Parse(text)
	if err != nil {
		return content, err
	}
	plain, err := c.Decrypt(token, sealData(macText))
	if err != nil {
		return content, errors.New("it was changed or belongs to another state of the file")
	}
	return content, json.Unmarshal([]byte(plain), &content)
}

// structureError names the first difference of two structures, where both have
// a text.
func structureError(sealed, found string) *Error {
	if sealed == "" || found == "" {
		return sealError(errors.New("the structure of the file was changed outside of sops"))
	}
	return sealError(fmt.Errorf("the file was changed outside of sops: %s", differs(withoutKeys(sealed), withoutKeys(found))))
}

func keysError(sealed, found string) error {
	what := "it is another list than the sealed one"
	if sealed != "" && found != "" {
		what = keysDiffer(sealed, found)
	}
	return fmt.Errorf("seal mismatch: the list of master keys was changed outside of sops: %s", cmp.Or(what, "an entry is there more than once"))
}
