package laws_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/formatname"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/std"
)

// A realFile is one file that was written for another purpose.
type realFile struct {
	name   string
	format format.Format
	src    []byte
}

// realFiles returns the golden inputs of the fixtures and every file below
// $SOPS_CORPUS, a folder that "go run ./internal/test/corpus gather" fills. With
// $SOPS_CORPUS_SAMPLE only so many files of each format are taken, by hash, so
// that it is always the same ones.
func realFiles(t testing.TB) []realFile {
	t.Helper()
	golden := func(name string) bool { return strings.HasPrefix(filepath.Base(name), "in.") }
	files := filesBelow(t, filepath.Join(fixtures, "files"), golden)
	files = append(files, filesBelow(t, filepath.Join(fixtures, "quirks"), golden)...)
	dir := os.Getenv("SOPS_CORPUS")
	if dir == "" {
		return files
	}
	gathered := filesBelow(t, dir, func(string) bool { return true })
	if n, err := strconv.Atoi(os.Getenv("SOPS_CORPUS_SAMPLE")); err == nil {
		gathered = sampleOf(gathered, n)
	}
	return append(files, gathered...)
}

func filesBelow(t testing.TB, root string, wanted func(string) bool) []realFile {
	t.Helper()
	var files []realFile
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !wanted(name) {
			return err
		}
		byName, known := formatname.ForPath(name)
		if !known {
			return nil
		}
		f, err := std.Format(byName)
		if err != nil {
			return err
		}
		src, err := os.ReadFile(name)
		files = append(files, realFile{name, f, src})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// sampleOf returns n files of each format.
func sampleOf(files []realFile, n int) []realFile {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b realFile) int {
		x, y := sha256.Sum256(a.src), sha256.Sum256(b.src)
		return cmp.Or(bytes.Compare(x[:], y[:]), cmp.Compare(a.name, b.name))
	})
	taken := map[string]int{}
	return slices.DeleteFunc(files, func(f realFile) bool {
		taken[f.format.Name()]++
		return taken[f.format.Name()] > n
	})
}

// variants of a text that a round trip must keep as well.
var variants = map[string]func([]byte) []byte{
	"as is":      func(b []byte) []byte { return b },
	"CRLF":       func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) },
	"no newline": func(b []byte) []byte { return bytes.TrimRight(b, "\r\n") },
	"BOM":        func(b []byte) []byte { return append([]byte("\xEF\xBB\xBF"), b...) },
	"blank tail": func(b []byte) []byte { return append(bytes.Clone(b), "\n\n"...) },
}

type tally struct{ all, refused, exact, whole int }

// TestTheCorpusComesBackByteForByte encrypts and decrypts every real file in
// five variants. What is refused is counted; what is accepted must come back,
// and no secret may be outside the tokens.
func TestTheCorpusComesBackByteForByte(t *testing.T) {
	t.Parallel()
	count := map[string]*tally{}
	for _, file := range realFiles(t) {
		c := count[file.format.Name()]
		if c == nil {
			c = &tally{}
			count[file.format.Name()] = c
		}
		for variant, change := range variants {
			c.all++
			roundTrip(t, file.format, file.name+", "+variant, change(file.src), c)
		}
	}
	for _, name := range formatname.All() {
		if c := count[name]; c != nil {
			t.Logf("%s: %d texts, %d refused, %d exact, %d with the layout kept whole", name, c.all, c.refused, c.exact, c.whole)
		}
	}
}

func roundTrip(t *testing.T, f format.Format, name string, src []byte, c *tally) {
	t.Helper()
	whole := 0
	o, err := envelope.New(t.Context(), src, f, envelope.Plan{
		Groups: [][]keeper.MasterKey{{keeper.Undescribed(keeper.Age, "recipient", "r")}}, Random: zeros{},
		Warn: func(string) { whole++ },
	}, memoryKeeper{})
	if err != nil {
		c.refused++
		return
	}
	encrypted, err := o.Encrypt(encryptOptions())
	if err != nil {
		t.Errorf("%s: accepted, then %v", name, err)
		return
	}
	s, err := envelope.Parse(encrypted, f)
	if err != nil {
		t.Errorf("%s: encrypted, then %v", name, err)
		return
	}
	back, err := s.DecryptWith(o.Data, envelope.DecryptOptions{Warn: func(msg string) { t.Errorf("%s: warning: %s", name, msg) }})
	switch {
	case err != nil:
		t.Errorf("%s: encrypted, then %v", name, err)
	case !bytes.Equal(plainOf(back), src):
		t.Errorf("%s: came back differently", name)
	default:
		c.exact++
		c.whole += whole
	}
	if leaked, err := leaks(f, o, encrypted); err != nil || len(leaked) > 0 {
		t.Errorf("%s: %d words of secrets are in the encrypted file, the first of %d bytes (%v)", name, len(leaked), len(firstOf(leaked)), err)
	}
}

func firstOf(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[0]
}
