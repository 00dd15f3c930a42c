package sops

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/key"
)

// The seal is one more token in the metadata: the digest of the file's
// structure, bound to the MAC text. Other programs ignore it, and drop it when
// they write, so a file without one is read as they read it.

// A sealed structure travels whole, to name what was changed, while it is
// small.
const (
	maxStructure = 32 << 10 // bytes
	maxSealText  = 2048     // bytes, deflated
)

type sealContent struct {
	Digest []byte `json:"d"`
	Text   []byte `json:"t,omitempty"` // the structure, deflated
	// Unverified are keys that stood in a file without a seal before. They can
	// open the file, but nobody vouched for them.
	Unverified []string `json:"u,omitempty"`
}

func sealData(macText string) []byte { return []byte("seal:" + macText) }

// sealStructure returns the seal of a structure.
func sealStructure(c *cipher.Cipher, nonce []byte, d description, macText string, unverified []string) (string, error) {
	content := sealContent{Digest: d.digest, Unverified: unverified}
	if d.text != "" && len(d.text) <= maxStructure {
		packed, err := deflate(d.text)
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
	return c.Seal(nonce, string(plain), sealData(macText), "str"), nil
}

// checkSeal compares the file with its seal and returns the keys that nobody
// vouched for. A file without a seal has none to compare with.
func (s *Sealed) checkSeal(c *cipher.Cipher, macText string) (unverified []string, err error) {
	if s.Meta.Seal == "" {
		return identitiesOf(s.Meta.MasterKeys()), nil
	}
	found := structureOf(s.Meta, s.doc.Trees(), asItStands{})
	content, err := openSeal(c, s.Meta.Seal, macText)
	if err != nil {
		return nil, sealFailure(err)
	}
	if bytes.Equal(content.Digest, found.digest) {
		return content.Unverified, nil
	}
	reason := errors.New("the structure of the file was changed outside of sops")
	if text, err := inflate(content.Text); err == nil && text != "" && found.text != "" {
		reason = fmt.Errorf("the file was changed outside of sops: %s", differs(text, found.text))
	}
	return nil, sealFailure(reason)
}

func openSeal(c *cipher.Cipher, text, macText string) (sealContent, error) {
	var content sealContent
	token, err := cipher.Parse(text)
	if err != nil {
		return content, err
	}
	plain, err := c.Open(token, sealData(macText))
	if err != nil {
		return content, errors.New("it was changed or belongs to another state of the file")
	}
	return content, json.Unmarshal([]byte(plain), &content)
}

func sealFailure(reason error) *Failure {
	f := failf(CodeMAC, "seal mismatch: %w", reason)
	f.Advice = []string{
		"look at what changed: git log -p FILE",
		"if you trust the file as it stands, read it with --ignore-mac and save it again with: sops edit --ignore-mac FILE",
	}
	return f
}

// identitiesOf lists keys as a seal names them.
func identitiesOf(groups [][]key.MasterKey) []string {
	var out []string
	for _, g := range groups {
		for _, m := range g {
			out = append(out, sealName(m))
		}
	}
	return out
}

// SameKey reports whether two entries are about one key, whatever role or
// profile leads to it.
func SameKey(a, b key.MasterKey) bool {
	return a.Kind == b.Kind && lasting(a).Identity() == lasting(b).Identity()
}

// sealName names a key as it is written in the file: a fingerprint has several
// spellings, and seals hold the one that the file has.
func sealName(m key.MasterKey) string {
	if m.Kind == key.PGP {
		return m.Kind + " " + m.Text("fp")
	}
	return m.Kind + " " + lasting(m).Identity()
}

func deflate(text string) ([]byte, error) {
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

// inflate refuses bombs.
func inflate(packed []byte) (string, error) {
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxInflated))
	return string(plain), err
}
