package app

import (
	"context"
	"errors"

	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// A status is what FileStatus says. Details are left out unless asked for:
// scripts compare the line.
type status struct {
	Encrypted    bool   `json:"encrypted"`
	Sealed       *bool  `json:"sealed,omitempty"`
	LastModified string `json:"lastmodified,omitempty"`
	Version      string `json:"version,omitempty"`
}

// FileStatus prints whether a file is encrypted, as one line of JSON. It needs
// no keys. Whatever is no encrypted file is not encrypted: also what does not
// parse.
func (a *App) FileStatus(ctx context.Context, f File, c Common, details bool) error {
	s, err := a.readSealed(ctx, f, c, codeReadInput)
	if err != nil {
		return err
	}
	sealed, err := sops.Read(s.data, s.in)
	encrypted := err == nil && sealed.Meta.MAC != ""
	if err != nil && !errors.Is(err, sops.ErrNotEncrypted) && looksSealed(s) {
		return s.name(err)
	}
	st := status{Encrypted: encrypted}
	if details && encrypted {
		has := sealed.Meta.Seal != ""
		st.Sealed, st.LastModified, st.Version = &has, sealed.Meta.MACData(), sealed.Meta.Version
	}
	return hint.EncodeJSON(a.Stdout, st, "")
}

// looksSealed reports whether the file has a metadata entry, whatever its
// state: then the reason why it is not readable matters.
func looksSealed(s *source) bool {
	d, err := s.in.ParseSealed(s.data)
	return err == nil && d.Meta() != nil
}
