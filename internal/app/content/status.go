package content

import (
	"context"
	"errors"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/sniff"
)

// A status is what FileStatus says. Details are left out unless asked for:
// scripts compare the line.
type status struct {
	File         string `json:"file,omitempty"` // where there are several
	Encrypted    bool   `json:"encrypted"`
	Sealed       *bool  `json:"sealed,omitempty"`
	LastModified string `json:"lastmodified,omitempty"`
	Version      string `json:"version,omitempty"`
}

// StatusOptions are the options of FileStatus.
type StatusOptions struct {
	Details bool
	Named   bool // print the name of the file
}

// FileStatus prints whether a file is encrypted, as one line of JSON. It needs
// no keys. What is no encrypted file is not encrypted, also if it does not
// parse; an encrypted file that cannot be read is an error.
func FileStatus(ctx context.Context, a *app.App, f app.File, c app.Common, o StatusOptions) error {
	s, err := a.ReadEncrypted(ctx, f, c, app.Input)
	if err != nil {
		return err
	}
	e, err := s.Encrypted()
	encrypted := err == nil && e.Meta.MAC != ""
	switch {
	case errors.Is(err, envelope.ErrNotEncrypted):
		if sniff.Token(s.Data) > 0 {
			a.Warn(err.Error())
		}
	case err != nil && looksEncrypted(s):
		return err
	}
	st := status{Encrypted: encrypted}
	if o.Named {
		st.File = f.Path
	}
	if o.Details && encrypted {
		has := e.Meta.Seal != ""
		st.Sealed, st.LastModified, st.Version = &has, e.Meta.MACData(), e.Meta.Version
	}
	return hint.EncodeJSON(a.Stdout, st, "")
}

// looksEncrypted reports whether the file has a metadata entry or an encrypted
// value, whatever its state: then the reason why it is not readable matters.
func looksEncrypted(s *app.Source) bool {
	if sniff.Token(s.Data) > 0 {
		return true
	}
	d, err := s.In.ParseEncrypted(s.Data)
	return err == nil && d.Meta() != nil
}
