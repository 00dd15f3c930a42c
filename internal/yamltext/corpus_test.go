package yamltext

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpus returns the YAML files of the project's test data, and those below the
// directories of $SOPS_CORPUS.
func corpus(t testing.TB) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, dir := range append([]string{"../../format/yaml/testdata", "../../internal/test/golden"}, filepath.SplitList(os.Getenv("SOPS_CORPUS"))...) {
		err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yml") {
				return err
			}
			text, err := os.ReadFile(name)
			files[name] = string(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// variants are the ways in which editors, systems and we write the same text.
var variants = map[string]func(string) string{
	"as it is":   func(s string) string { return s },
	"CRLF":       func(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n") },
	"no newline": func(s string) string { return strings.TrimRight(s, "\r\n") },
	"BOM":        func(s string) string { return byteOrderMark + strings.TrimPrefix(s, byteOrderMark) },
	"blank tail": func(s string) string { return s + "\n\n\n" },
	"encrypted": func(s string) string {
		if _, err := Parse(s); err != nil {
			return s
		}
		return encrypted(s)
	},
}

// TestTheCorpusAgreesWithTheLibrary holds us to the library over all files and
// variants of them: the same is refused; values, types and places are the same;
// and so is what comments belong to, but where we say that we are in doubt. The
// share of those is shown.
func TestTheCorpusAgreesWithTheLibrary(t *testing.T) {
	t.Parallel()
	files := corpus(t)
	for variant, change := range variants {
		read, refused, doubted := 0, 0, 0
		for name, text := range files {
			text = change(text)
			f, err := Parse(text)
			sure := err == nil && len(f.Doubts) == 0
			switch {
			case err != nil:
				refused++
			case !sure:
				doubted++
				if variant == "as it is" {
					t.Logf("%s:%d: %s", name, f.Doubts[0].Line, f.Doubts[0].Construct)
				}
			default:
				read++
			}
			if d := disagreement(text, sure); d != "" {
				t.Errorf("%s (%s): %s", name, variant, d)
			}
			if d := entryDisagreement(text); d != "" {
				t.Errorf("%s (%s, with an entry at the end): %s", name, variant, d)
			}
		}
		t.Logf("%s: %d files: %d agree, %d are in doubt, %d are refused", variant, len(files), read, doubted, refused)
	}
}

// TestUTF16IsRefused: the library reads it, files with secrets are never in it.
func TestUTF16IsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"\xff\xfea\x00", "\xfe\xff\x00a", "\xfe\xff"} {
		if _, err := Parse(text); err == nil || !bytes.Contains([]byte(err.Error()), []byte("UTF-16")) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
