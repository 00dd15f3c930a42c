package formattest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format"
)

// RunCorpus checks RoundTrip for every file in the folders of a corpus, in all
// variants, and logs the counts. Refused files are counted only. There is
// nothing to check if corpus is "".
func RunCorpus(t *testing.T, f format.Format, corpus string, folders ...string) {
	t.Helper()
	if corpus == "" {
		return
	}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(corpus, folder, "*"))
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 {
			t.Errorf("corpus %s has no files in %s", corpus, folder)
		}
		exact, refused := map[string]int{}, map[string]int{}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for variant, text := range Variants(string(src)) {
				switch err := both(f, []byte(text)); {
				case err == nil:
					exact[variant]++
				case errors.Is(err, ErrRefused):
					refused[variant]++
				default:
					t.Errorf("%s, %s: %.1000s", file, variant, err)
				}
			}
		}
		t.Logf("%s: %d files; exact %v; refused %v", folder, len(files), exact, refused)
	}
}

// both masks every leaf, then every second one.
func both(f format.Format, src []byte) error {
	if err := RoundTrip(f, src, All); err != nil {
		return err
	}
	return RoundTrip(f, src, picks["every second"])
}
