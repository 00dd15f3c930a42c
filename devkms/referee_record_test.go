package devkms_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A record is a row of the conformance table that a referee answers otherwise
// than AWS documents. The files are written by referee_test.go.
type record struct{ name, aws, referee string }

func (r record) String() string { return r.name + " | " + r.aws + " | " + r.referee }

func readRecords(t *testing.T, file string) []record {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []record
	for line := range strings.Lines(string(b)) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), " | ", 3)
		if len(parts) != 3 {
			t.Fatalf("%s: no record: %q", file, line)
		}
		out = append(out, record{parts[0], parts[1], parts[2]})
	}
	return out
}

func orOK(code string) string {
	if code == "" {
		return "ok"
	}
	return code
}

// TestRecordsOfTheRefereesAreRowsOfTheTable finds records of rows that have
// been renamed, removed or corrected, also where no referee can be run.
func TestRecordsOfTheRefereesAreRowsOfTheTable(t *testing.T) {
	t.Parallel()
	want := map[string]string{}
	for _, p := range allProbes() {
		want[p.name] = orOK(p.want)
	}
	files, err := filepath.Glob("testdata/referees/*.txt")
	if err != nil || len(files) != 2 {
		t.Fatalf("%d records of referees (%v), want 2", len(files), err)
	}
	for _, file := range files {
		records := readRecords(t, file)
		if !slices.IsSortedFunc(records, func(a, b record) int { return strings.Compare(a.String(), b.String()) }) {
			t.Errorf("%s is not sorted", file)
		}
		for _, r := range records {
			switch aws, ok := want[r.name]; {
			case !ok:
				t.Errorf("%s: %q is no row of the table", file, r.name)
			case aws != r.aws:
				t.Errorf("%s: %q says that AWS answers %s; the table says %s", file, r.name, r.aws, aws)
			case aws == r.referee:
				t.Errorf("%s: %q records no difference", file, r.name)
			}
		}
	}
}
