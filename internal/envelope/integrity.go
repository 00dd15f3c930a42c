package envelope

import (
	"bytes"
	"cmp"
	"compress/flate"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/keeper"
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
// with the keys apart. Seals without a version are of before; see oldSeal.
const sealVersion = 2

type sealContent struct {
	Version int    `json:"v,omitempty"`
	Digest  []byte `json:"d"`
	Text    []byte `json:"t,omitempty"` // the structure, deflated
	// Keys are the master keys of the file.
	Keys fingerprints `json:"k,omitempty"`
	// Doubtful are keys that were in a file without a seal, or that were put into
	// the list of one with a seal. They may open the file, but neither a rule nor
	// a person vouches for them.
	Doubtful fingerprints `json:"w,omitempty"`
	// Injected are those of Doubtful that were put into a sealed list.
	Injected fingerprints `json:"x,omitempty"`
	// Unproved says that structure and rule are those of a file that had no seal.
	Unproved bool `json:"n,omitempty"`

	Unverified []string `json:"u,omitempty"` // Doubtful, before sealVersion
}

func sealData(macText string) []byte { return []byte("seal:" + macText) }

// A finding is what the seal of a file says about it.
type finding struct {
	doubtful []string // the IDs of keys that nothing vouches for
	injected []string // those of them that were put into a sealed list
	unproved bool     // nothing vouches for structure and rule
	ignored  bool     // MAC or seal do not fit, and the user trusts the content
	keys     error    // how the list of master keys differs from the sealed one, or nil
	removed  bool     // the sealed list has a key that this one lacks
}

// note notes what is doubtful about a key.
func (f *finding) note(m keeper.MasterKey, doubtful, injected bool) {
	if doubtful {
		f.doubtful = append(f.doubtful, m.ID())
	}
	if injected {
		f.injected = append(f.injected, m.ID())
	}
}

// vouch takes the doubt from keys.
func (f *finding) vouch(keys []keeper.MasterKey) {
	for _, m := range keys {
		id := m.ID()
		same := func(other string) bool { return other == id }
		f.doubtful, f.injected = slices.DeleteFunc(f.doubtful, same), slices.DeleteFunc(f.injected, same)
	}
}

// unknown is the finding about a file that no seal says anything of.
func unknown(groups [][]keeper.MasterKey) *finding {
	f := &finding{unproved: true}
	for _, m := range slices.Concat(groups...) {
		f.doubtful = append(f.doubtful, m.ID())
	}
	return f
}

// sealStructure returns the seal of a structure. The second half of the nonce
// becomes the mark of the list of keys.
func sealStructure(c *cipher.Cipher, nonce []byte, d description, macText string, f *finding) (string, error) {
	content := sealContent{Version: sealVersion, Digest: d.digest, Keys: d.keys, Unproved: f.unproved}
	for _, id := range f.doubtful {
		content.Doubtful = append(content.Doubtful, fingerprint(id))
	}
	for _, id := range f.injected {
		content.Injected = append(content.Injected, fingerprint(id))
	}
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
	d.keys.mark(nonce)
	return c.Encrypt(nonce, string(plain), sealData(macText), "str"), nil
}

// checkSeal compares the file with its seal. A list of master keys that is
// another than the sealed one is a finding: it says who can open the file, and
// nothing about what is in it. Everything else is an error; where the seal itself
// opens, there is a finding about the keys nevertheless.
func (s *Encrypted) checkSeal(c *cipher.Cipher, macText string) (*finding, error) {
	if s.Meta.Seal == "" {
		return unknown(s.Meta.MasterKeys()), nil
	}
	content, err := openSeal(c, s.Meta.Seal, macText)
	if err != nil {
		return nil, sealFailure(err)
	}
	if content.Version < sealVersion {
		return s.checkOldSeal(content)
	}
	found := structureOf(s.Meta, s.doc.Trees(), asItStands{})
	text, _ := inflate(content.Text) // it only names what differs
	f := &finding{unproved: content.Unproved}
	if !slices.EqualFunc(content.Keys, found.keys, bytes.Equal) {
		f.keys = keysFailure(text, found.text)
	}
	for i, g := range s.Meta.MasterKeys() {
		for _, m := range g {
			mark := fingerprint(m.ID())
			injected := content.Injected.contains(mark) || !content.Keys.contains(groupFingerprint(i, m))
			f.note(m, injected || content.Doubtful.contains(mark), injected)
		}
	}
	f.removed = slices.ContainsFunc(content.Keys, func(one []byte) bool { return !found.keys.contains(one) })
	if !bytes.Equal(content.Digest, found.digest) {
		return f, structureFailure(text, found.text)
	}
	return f, nil
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

// structureFailure names the first difference of two structures, where both have
// a text.
func structureFailure(sealed, found string) *Failure {
	if sealed == "" || found == "" {
		return sealFailure(errors.New("the structure of the file was changed outside of sops"))
	}
	return sealFailure(fmt.Errorf("the file was changed outside of sops: %s", differs(withoutKeys(sealed), withoutKeys(found))))
}

func keysFailure(sealed, found string) error {
	what := "it is another list than the sealed one"
	if sealed != "" && found != "" {
		what = keysDiffer(sealed, found)
	}
	return fmt.Errorf("seal mismatch: the list of master keys was changed outside of sops: %s", cmp.Or(what, "an entry is there more than once"))
}

func sealFailure(reason error) *Failure {
	f := failf(ErrSeal, "seal mismatch: %w", reason)
	f.Advice = []string{
		"look at what changed: git log -p -- FILE",
		"if you trust the file as it stands, make a new seal, in the editor: sops edit --ignore-mac FILE",
	}
	return f
}

// fingerprintSize is the length in bytes of what a seal says of a key.
const fingerprintSize = 24

// fingerprints are digests of master keys, in their order.
type fingerprints [][]byte

func fingerprintsOf(groups [][]keeper.MasterKey) fingerprints {
	var all fingerprints
	for i, g := range groups {
		for _, m := range g {
			all = append(all, groupFingerprint(i, m))
		}
	}
	slices.SortFunc(all, bytes.Compare)
	return all
}

func groupFingerprint(group int, m keeper.MasterKey) []byte {
	return fingerprint(strconv.Itoa(group) + ";" + m.ID())
}

func fingerprint(text string) []byte {
	sum := sha512.Sum512_256([]byte(text))
	return sum[:fingerprintSize]
}

func (f fingerprints) contains(one []byte) bool {
	return slices.ContainsFunc(f, func(other []byte) bool { return bytes.Equal(one, other) })
}

// mark puts a digest of the list into the second half of a nonce, the first half
// of which is random: so it can be seen without the data key that a list is not
// the sealed one. A nonce stays one that never comes twice, and the mark of a
// seal cannot be changed without the data key, since the cipher binds the nonce.
func (f fingerprints) mark(nonce []byte) {
	const half = cipher.NonceSize / 2
	h := sha512.New512_256()
	h.Write(nonce[:half])
	for _, one := range f {
		h.Write(one)
	}
	copy(nonce[half:], h.Sum(nil))
}

// KeysMarked reports whether the list of master keys bears the mark of the seal.
// It takes no key, and proves nothing to a reader who has none: the mark is for
// those who changed the list by hand. Seals of before have no mark.
func (s *Encrypted) KeysMarked() bool {
	token, err := cipher.Parse(s.Meta.Seal)
	if err != nil {
		return false
	}
	nonce := token.Nonce()
	if len(nonce) != cipher.NonceSize {
		return false
	}
	marked := bytes.Clone(nonce)
	fingerprintsOf(s.Meta.MasterKeys()).mark(marked)
	return bytes.Equal(nonce, marked)
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
