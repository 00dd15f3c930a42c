package laws_test

import (
	"testing"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/format/dotenv"
	"github.com/seed-1f7fdfb8/sops/format/ini"
	"github.com/seed-1f7fdfb8/sops/format/json"
	"github.com/seed-1f7fdfb8/sops/format/yaml"
)

// TestARefusalHasNoDocument: a nil pointer in the interface would pass for a
// document.
func TestARefusalHasNoDocument(t *testing.T) {
	t.Parallel()
	for _, f := range []format.Format{yaml.Format{}, json.Format{}, dotenv.Format{}, ini.Format{}} {
		for name, parse := range map[string]func([]byte) (format.Document, error){"Parse": f.Parse, "ParseEncrypted": f.ParseEncrypted} {
			d, err := parse([]byte("[unclosed\n\xff: {"))
			if err == nil || d != nil {
				t.Errorf("%s: %s gives the document %T and the error %v", f.Name(), name, d, err)
			}
		}
	}
}
