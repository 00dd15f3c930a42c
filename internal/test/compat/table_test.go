package compat

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A row is one command line.
type row struct {
	file, title string
	number      int // of its line
	line        string

	// Where the two differ.
	quirk        string
	theirs, ours int // exit statuses
	reason       string
}

func (r row) name() string { return fmt.Sprintf("%s:%d", r.file, r.number) }

var because = regexp.MustCompile(`^\t(Q[0-9]{2}|-) ([0-9]+) ([0-9]+) (.+)$`)

// readRows reads the table.
func readRows(t *testing.T) []row {
	t.Helper()
	names, err := filepath.Glob("testdata/rows/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	var rows []row
	seen := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		title := ""
		for i, line := range strings.Split(string(text), "\n") {
			r := row{file: strings.TrimSuffix(filepath.Base(name), ".txt"), title: title, number: i + 1, line: line}
			switch {
			case line == "":
			case strings.HasPrefix(line, "# "):
				title = line[2:]
			case strings.HasPrefix(line, "\t"):
				m := because.FindStringSubmatch(line)
				if m == nil || len(rows) == 0 || rows[len(rows)-1].reason != "" {
					t.Fatalf("%s: %q is no reason of a row", r.name(), line)
				}
				last := &rows[len(rows)-1]
				last.quirk, last.reason = m[1], m[4]
				last.theirs, _ = strconv.Atoi(m[2])
				last.ours, _ = strconv.Atoi(m[3])
			case seen[line] != "":
				t.Errorf("%s: the same row as %s: %s", r.name(), seen[line], line)
			default:
				seen[line] = r.name()
				rows = append(rows, r)
			}
		}
	}
	return rows
}

func TestTheTableHasFourHundredRows(t *testing.T) {
	t.Parallel()
	rows, differ := readRows(t), 0
	for _, r := range rows {
		if r.reason != "" {
			differ++
		}
		if r.title == "" {
			t.Errorf("%s: a row without a title above it", r.name())
		}
	}
	if len(rows) < 400 {
		t.Errorf("%d rows, want 400", len(rows))
	}
	t.Logf("%d rows: %d as SOPS, %d different for a reason", len(rows), len(rows)-differ, differ)
}
