package integrity

import (
	"bytes"
	"crypto/sha512"
	"slices"
	"strconv"

	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

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
// the sealed one. A nonce is still never used again, and the mark of a
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
// It takes no key, and proves nothing to a reader without one: the mark is for
// those who changed the list by hand. Older seals have no mark.
func KeysMarked(m *meta.Metadata) bool {
	token, err := cipher.Parse(m.Seal)
	if err != nil {
		return false
	}
	nonce := token.Nonce()
	if len(nonce) != cipher.NonceSize {
		return false
	}
	marked := bytes.Clone(nonce)
	fingerprintsOf(m.MasterKeys()).mark(marked)
	return bytes.Equal(nonce, marked)
}
