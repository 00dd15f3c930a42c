package compat

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Features and quirks of SOPS 3.13.3, numbered as in the specification of the
// command line that this project was written from.
const (
	features = 185
	quirks   = 60
)

// TestEveryFeatureAndQuirkHasItsProof reads testdata/proof.txt, which names for
// each id scripts, Go tests and paragraphs of the table, or says why it is open.
func TestEveryFeatureAndQuirkHasItsProof(t *testing.T) {
	t.Parallel()
	var want []string
	for i := range features {
		want = append(want, fmt.Sprintf("F%03d", i+1))
	}
	for i := range quirks {
		want = append(want, fmt.Sprintf("Q%02d", i+1))
	}
	text, err := os.ReadFile("testdata/proof.txt")
	if err != nil {
		t.Fatal(err)
	}
	var got, open []string
	titles := paragraphs(t)
	for line := range strings.Lines(string(text)) {
		id, proofs, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		got = append(got, id)
		if strings.HasPrefix(proofs, "open ") {
			open = append(open, id)
			continue
		}
		for proof := range strings.SplitSeq(proofs, ", ") {
			if err := exists(proof, titles); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("ids are missing, twice or out of order: %v", got)
	}
	t.Logf("%d ids, %d of them open: %v", len(got), len(open), open)
}

// exists reports what is wrong with a proof: the name of a script, of a test with
// its package, or of a paragraph of the table.
func exists(proof string, titles []string) error {
	const root = "../../.."
	kind, name, _ := strings.Cut(proof, " ")
	switch kind {
	case "script":
		_, err := os.Stat(filepath.Join(root, "internal/cli/testdata/script", name+".txtar"))
		return err
	case "test":
		dir, function, _ := strings.Cut(name, " ")
		files, _ := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err == nil && strings.Contains(string(text), "\nfunc "+function+"(") {
				return nil
			}
		}
		return fmt.Errorf("%s has no test %s", dir, function)
	case "rows":
		if slices.Contains(titles, name) {
			return nil
		}
		return fmt.Errorf("the table has no paragraph %q", name)
	}
	return fmt.Errorf("%q is neither script, test nor rows", proof)
}

func paragraphs(t *testing.T) (titles []string) {
	t.Helper()
	for _, r := range readRows(t) {
		if !slices.Contains(titles, r.title) {
			titles = append(titles, r.title)
		}
	}
	return titles
}
