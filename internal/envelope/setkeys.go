package envelope

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/integrity"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Recover returns the data key, with the shares that gave it. It checks the
// seal, where there is one.
func (s *Encrypted) Recover(ctx context.Context, k keeper.Keeper, o DecryptOptions) (*unlock.Recovered, error) {
	r, err := s.recover(ctx, k, o)
	if err != nil {
		return nil, err
	}
	s.sealer = &resealer{finding: *integrity.Unsealed(s.Meta.MasterKeys())}
	if s.Meta.Seal == "" {
		return r, nil
	}
	c, err := cipher.New(r.Data.Bytes())
	if err != nil {
		return nil, err
	}
	macText, err := integrity.StoredMAC(c, s.Meta)
	if err != nil {
		return nil, err
	}
	found, err := integrity.CheckSeal(c, s.Meta, s.doc.Trees(), macText)
	if err != nil {
		return nil, err
	}
	s.sealer = &resealer{c, macText, *found}
	return r, nil
}

// A resealer renews the seal of a file whose values stay as they are.
type resealer struct {
	cipher  *cipher.Cipher // nil if there is no seal to renew
	macText string
	finding integrity.Finding
}

// SetKeys returns the text of the file with other wrapped keys, all of the same
// data key. No value, no MAC and no date changes. It follows Recover. A nil
// random is crypto/rand.
func (s *Encrypted) SetKeys(groups []keeper.Group, threshold int, random io.Reader) ([]byte, error) {
	s.Meta.SetKeys(groups)
	s.Meta.Threshold = storedThreshold(threshold, len(groups))
	if r := s.sealer; r != nil && r.cipher != nil && !s.Meta.Plain {
		nonce := make([]byte, cipher.NonceSize)
		if _, err := io.ReadFull(orCrypto(random), nonce); err != nil {
			return nil, fmt.Errorf("nonce: %w", err)
		}
		var err error
		s.Meta.Seal, err = integrity.Seal(r.cipher, nonce, s.Meta, s.doc.Trees(), integrity.AsRead{}, r.macText, &r.finding)
		if err != nil {
			return nil, err
		}
	}
	out, err := s.doc.SetMeta(s.Meta.Encode())
	if err != nil {
		return nil, err
	}
	return out, s.sameBut(out)
}

// sameBut proves that out holds the same values and can be read.
func (s *Encrypted) sameBut(out []byte) error {
	back, err := Parse(out, s.format)
	if err != nil {
		return failf(ErrRender, "the new metadata does not read back: %w", err)
	}
	if diff := tree.Diff(s.doc.Trees(), back.doc.Trees()); diff != "" {
		return failf(ErrRender, "the new metadata would damage the file: %s", diff)
	}
	if back.Meta.MAC != s.Meta.MAC || back.Meta.MACData() != s.Meta.MACData() {
		return &Failure{Kind: ErrRender, Err: errors.New("the new metadata would damage the MAC")}
	}
	if !meta.SameEntries(s.Meta.Keys(), back.Meta.Keys()) {
		return &Failure{Kind: ErrRender, Err: errors.New("the new keys do not read back")}
	}
	return nil
}
