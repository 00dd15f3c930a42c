package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-1f7fdfb8/sops"
)

// FileStatus prints whether a file is encrypted, as one line of JSON. It needs
// no keys. Whatever is no encrypted file is not encrypted: also what does not
// parse.
func (a *App) FileStatus(ctx context.Context, f File, c Common) error {
	s, err := a.readSealed(ctx, f, c, codeReadInput)
	if err != nil {
		return err
	}
	sealed, err := sops.Read(s.data, s.in)
	encrypted := err == nil && sealed.Meta.MAC != ""
	if err != nil && !errors.Is(err, sops.ErrNotEncrypted) && looksSealed(s) {
		return s.name(err)
	}
	_, err = fmt.Fprintf(a.Stdout, "{\"encrypted\":%t}\n", encrypted)
	return err
}

// looksSealed reports whether the file has a metadata entry, whatever its
// state: then the reason why it is not readable matters.
func looksSealed(s *source) bool {
	d, err := s.in.ParseSealed(s.data)
	return err == nil && d.Meta() != nil
}
