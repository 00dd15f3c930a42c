package app

import (
	"context"
	"errors"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/std"
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
// no keys. What is no encrypted file is not encrypted, also if it does not
// parse; an encrypted file that cannot be read is an error.
func (a *App) FileStatus(ctx context.Context, f File, c Common, details bool) error {
	s, err := a.readEncrypted(ctx, f, c, Input)
	if err != nil {
		return err
	}
	e, err := s.readEncrypted()
	encrypted := err == nil && e.Meta.MAC != ""
	switch {
	case errors.Is(err, envelope.ErrNotEncrypted):
		if std.Token(s.data) > 0 {
			a.Warn(err.Error())
		}
	case err != nil && s.looksEncrypted():
		return err
	}
	st := status{Encrypted: encrypted}
	if details && encrypted {
		has := e.Meta.Seal != ""
		st.Sealed, st.LastModified, st.Version = &has, e.Meta.MACData(), e.Meta.Version
	}
	return hint.EncodeJSON(a.Stdout, st, "")
}

// looksEncrypted reports whether the file has a metadata entry or an encrypted
// value, whatever its state: then the reason why it is not readable matters.
func (s *source) looksEncrypted() bool {
	if std.Token(s.data) > 0 {
		return true
	}
	d, err := s.in.ParseEncrypted(s.data)
	return err == nil && d.Meta() != nil
}
