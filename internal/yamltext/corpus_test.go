package yamltext

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpus returns the YAML files of testdata, and those below $SOPS_CORPUS.
func corpus(t testing.TB) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, dir := range append([]string{"testdata"}, filepath.SplitList(os.Getenv("SOPS_CORPUS"))...) {
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

func TestStructureAgreesWithTheLibrary(t *testing.T) {
	t.Parallel()
	for name, text := range corpus(t) {
		if d := disagreement(text, false); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestCommentsAgreeWithTheLibrary(t *testing.T) {
	t.Parallel()
	asked, all := 0, 0
	for name, text := range corpus(t) {
		f, err := Parse(text)
		if err != nil {
			continue
		}
		all++
		if len(f.Doubts) > 0 {
			asked++
			t.Logf("%s: %v", name, f.Doubts[0])
			continue
		}
		if d := disagreement(text, true); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	t.Logf("%d of %d ask", asked, all)
}
