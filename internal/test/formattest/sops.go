package formattest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// sopsFile is a file that the released sops wrote.
type sopsFile struct {
	Name      string
	Encrypted string
	Plain     []byte            // what its decrypt printed
	Values    map[string][]byte // plaintexts by the tag of their token
}

// RunSOPS checks files that the released sops wrote: opening gives what it
// prints, byte for byte, and setting the metadata that is there changes nothing.
func RunSOPS(t *testing.T, f format.Format, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var table struct{ Files []sopsFile }
	if err := json.Unmarshal(b, &table); err != nil {
		t.Fatal(err)
	}
	if len(table.Files) == 0 {
		t.Fatalf("%s holds no files", path)
	}
	for _, p := range table.Files {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			if err := p.check(f); err != nil {
				t.Error(err)
			}
		})
	}
}

func (p sopsFile) check(f format.Format) error {
	s, err := f.ParseEncrypted([]byte(p.Encrypted))
	if err != nil {
		return err
	}
	values, err := p.open(s)
	if err != nil {
		return err
	}
	if err := exact(s, values, nil, p.Plain); err != nil {
		return err
	}
	meta, ok := s.Meta().(*tree.Map)
	if !ok {
		return errors.New("there is no metadata")
	}
	same, err := s.SetMeta(meta)
	if err != nil {
		return fmt.Errorf("SetMeta: %w", err)
	}
	if !bytes.Equal(same, []byte(p.Encrypted)) {
		return fmt.Errorf("SetMeta with the metadata that is there gives\n%s", same)
	}
	return nil
}

var tokenParts = regexp.MustCompile(`^ENC\[AES256_GCM,.*,tag:(.*),type:(.*)\]`)

func (p sopsFile) open(s format.Document) ([]format.Plain, error) {
	leaves := leavesOf(s.Trees())
	values := make([]format.Plain, len(leaves))
	used := 0
	for i, l := range leaves {
		parts := tokenParts.FindStringSubmatch(l.value.Canonical())
		if parts == nil {
			continue
		}
		plain, ok := p.Values[parts[1]]
		if !ok {
			return nil, fmt.Errorf("leaf %d: no plaintext for its token", i)
		}
		used++
		comment, typ := false, parts[2]
		if typ == "comment" {
			comment, typ = true, "str"
		}
		v, err := tree.Decode(typ, string(plain))
		if err != nil {
			return nil, err
		}
		values[i] = format.Plain{Set: true, Value: v, Comment: comment}
	}
	if used != len(p.Values) {
		return nil, fmt.Errorf("%d tokens were found, want %d", used, len(p.Values))
	}
	return values, nil
}
