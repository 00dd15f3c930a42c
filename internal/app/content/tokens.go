package content

import (
	"fmt"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/sniff"
)

// holdsTokens refuses to encrypt a text with encrypted values, which would have
// to be decrypted twice: either it is encrypted, or its metadata was lost.
func holdsTokens(s *app.Source, allowed bool) error {
	line := sniff.Token(s.Data)
	if line == 0 || allowed {
		return nil
	}
	const anyway = "if it is to be encrypted once more: --allow-encrypted"
	format, ok := sniff.Detect(s.Data)
	switch {
	case ok && format == s.In.Name() && format != "binary":
		return nil // the reserved entry is refused where the content is taken
	case ok:
		return s.Named(&app.Error{Kind: envelope.ErrReserved, Err: fmt.Errorf("line %d: the file seems to be encrypted already (%s)", line, format), Advice: []string{
			"to change an encrypted file use: sops edit FILE", anyway,
		}})
	}
	e := s.LostMetadata(fmt.Errorf("line %d: the file holds encrypted values", line))
	e.Kind, e.Advice = envelope.ErrReserved, append(e.Advice, anyway)
	return s.Named(e)
}
