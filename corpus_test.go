package sops_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/doc"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/standard"
	"github.com/seed-1f7fdfb8/sops/key"
)

// variants of a text that a round trip must keep as well.
var variants = map[string]func([]byte) []byte{
	"as is":      func(b []byte) []byte { return b },
	"CRLF":       func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) },
	"no newline": func(b []byte) []byte { return bytes.TrimRight(b, "\r\n") },
	"BOM":        func(b []byte) []byte { return append([]byte("\xEF\xBB\xBF"), b...) },
	"blank tail": func(b []byte) []byte { return append(bytes.Clone(b), "\n\n"...) },
}

// TestTheCorpusComesBackByteForByte encrypts and decrypts every file below
// $SOPS_CORPUS, a folder of real files, and the golden inputs of the fixtures
// in any case. What is refused is counted; what is accepted must come back.
func TestTheCorpusComesBackByteForByte(t *testing.T) {
	t.Parallel()
	count := map[string]*tally{}
	golden := func(name string) bool { return strings.HasPrefix(filepath.Base(name), "in.") }
	eachCorpusFile(t, filepath.Join(fixtures, "files"), golden, count)
	eachCorpusFile(t, filepath.Join(fixtures, "quirks"), golden, count)
	if dir := os.Getenv("SOPS_CORPUS"); dir != "" {
		eachCorpusFile(t, dir, func(string) bool { return true }, count)
	}
	for _, name := range standard.Names() {
		if c := count[name]; c != nil {
			t.Logf("%s: %d texts, %d refused, %d exact, %d with the layout kept whole", name, c.all, c.refused, c.exact, c.warned)
		}
	}
}

func eachCorpusFile(t *testing.T, root string, wanted func(string) bool, count map[string]*tally) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && wanted(name) {
			roundTrips(t, name, count)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

type tally struct{ all, refused, exact, warned int }

func roundTrips(t *testing.T, name string, count map[string]*tally) {
	byName, known := standard.ForPath(name)
	if !known {
		return
	}
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := standard.Format(byName, config.Stores{})
	if err != nil {
		t.Fatal(err)
	}
	if count[byName] == nil {
		count[byName] = &tally{}
	}
	c := count[byName]
	for variant, change := range variants {
		c.all++
		roundTrip(t, f, name+", "+variant, change(src), c)
	}
}

func roundTrip(t *testing.T, f doc.Format, name string, src []byte, c *tally) {
	o, err := sops.New(t.Context(), src, f, sops.Plan{
		Groups: [][]key.MasterKey{{key.New(key.Age, "recipient", "r")}}, Random: zeros{},
		Warn: func(string) { c.warned++ },
	}, memoryKeeper{})
	if err != nil {
		c.refused++
		return
	}
	sealed, err := o.Seal(sealOptions())
	if err != nil {
		t.Errorf("%s: accepted, then %v", name, err)
		return
	}
	s, err := sops.Read(sealed, f)
	if err != nil {
		t.Errorf("%s: sealed, then %v", name, err)
		return
	}
	back, err := s.OpenWith(o.Data, sops.OpenOptions{Warn: func(msg string) { t.Errorf("%s: warning: %s", name, msg) }})
	if err != nil {
		t.Errorf("%s: sealed, then %v", name, err)
		return
	}
	if !bytes.Equal(back.Plain(), src) {
		t.Errorf("%s: came back differently", name)
		return
	}
	c.exact++
}
