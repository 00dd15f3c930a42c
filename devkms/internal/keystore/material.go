package keystore

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// A Ring is the key material of a key, all generations of it. The regions of
// a multi-Region key share one. It is never empty.
type Ring struct{ Generations []*Generation }

// NewRing returns a ring whose first generation is g.
func NewRing(g *Generation) *Ring { return &Ring{[]*Generation{g}} }

// A Generation is what one rotation made. Old ones decrypt for ever.
type Generation struct {
	ID      string // 64 hexadecimal digits
	secret  []byte
	Created time.Time
	Kind    string // how it came: "" for the first, ON_DEMAND or AUTOMATIC
	aead    cipher.AEAD
}

func newGeneration(secret []byte, created time.Time, kind string) (*Generation, error) {
	aead, err := newAEAD(secret)
	if err != nil {
		return nil, fmt.Errorf("key material: %w", err)
	}
	// The id must not help to guess the secret, and a hash of 32 random bytes
	// does not.
	sum := sha256.Sum256(append([]byte("devkms key material id\x00"), secret...))
	return &Generation{hex.EncodeToString(sum[:]), secret, created, kind, aead}, nil
}

// Current is the generation that encrypts.
func (r *Ring) Current() *Generation { return r.Generations[len(r.Generations)-1] }

func (r *Ring) byID(id string) *Generation {
	for _, g := range r.Generations {
		if g.ID == id {
			return g
		}
	}
	return nil
}

// A Blob is a ciphertext blob, taken apart. Its layout is our own, as only
// the server reads it; it begins as AWS's blobs do. It names no region,
// so that the replicas of a multi-Region key open it too.
//
//	01 02 02 00 78 | 01 | account (12 digits) | length of key id (1) | key id
//	| id of key material (32) | nonce (12) | AES-256-GCM ciphertext and tag
//
// Everything before the ciphertext, with the encryption context, is
// associated data.
type Blob struct {
	Account, KeyID, Material string
	header, nonce, sealed    []byte
}

const blobPrefix = "\x01\x02\x02\x00\x78\x01"

var errBlob = errors.New("not a ciphertext blob of this server")

// ParseBlob takes a ciphertext blob apart; nothing of it is verified yet.
func ParseBlob(b []byte) (Blob, error) {
	rest, ok := bytes.CutPrefix(b, []byte(blobPrefix))
	if !ok || len(rest) < 13 {
		return Blob{}, errBlob
	}
	n := int(rest[12])
	if len(rest) < 13+n+32+12+16 {
		return Blob{}, errBlob
	}
	end := 13 + n + 32 + 12
	at := len(blobPrefix) + end
	return Blob{
		Account: string(rest[:12]), KeyID: string(rest[13 : 13+n]), Material: hex.EncodeToString(rest[13+n : 13+n+32]),
		header: b[:at], nonce: rest[13+n+32 : end], sealed: rest[end:],
	}, nil
}

// Seal encrypts under the current generation.
func (r *Ring) Seal(random io.Reader, account, keyID string, plain []byte, context map[string]string) ([]byte, error) {
	g := r.Current()
	id, err := hex.DecodeString(g.ID)
	if err != nil {
		return nil, fmt.Errorf("key material id: %w", err)
	}
	header := slices.Concat([]byte(blobPrefix), []byte(account), []byte{byte(len(keyID))}, []byte(keyID), id, make([]byte, 12))
	nonce := header[len(header)-12:]
	if _, err := io.ReadFull(random, nonce); err != nil {
		return nil, fmt.Errorf("nonce: %w", err)
	}
	return append(header, g.aead.Seal(nil, nonce, plain, associated(header, context))...), nil
}

// Open decrypts, or fails without saying why.
func (r *Ring) Open(b Blob, context map[string]string) ([]byte, error) {
	g := r.byID(b.Material)
	if g == nil {
		return nil, errBlob
	}
	return g.aead.Open(nil, b.nonce, b.sealed, associated(b.header, context))
}

// associated is the header and the encryption context in canonical form:
// sorted by key, every text after its length, so that no two contexts are
// spelled alike.
func associated(header []byte, context map[string]string) []byte {
	out := slices.Clone(header)
	for _, k := range slices.Sorted(maps.Keys(context)) {
		for _, s := range []string{k, context[k]} {
			out = binary.BigEndian.AppendUint32(out, uint32(len(s)))
			out = append(out, s...)
		}
	}
	return out
}

// newAEAD returns AES-256-GCM under the given key.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
