package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/seed-1f7fdfb8/sops/format/ini"
)

const maxSize = 1 << 20 // bytes of one file

// most is how many files of a format one package gives, for variety.
var most = map[string]int{"yaml": 60, "json": 18, "dotenv": 40, "ini": 60}

// choose prints the rows of packages that are worth having: no file twice, no
// templates, not too many of one package.
func choose(have []row, ecosystem string, packages []string, out io.Writer) error {
	var all []source
	for _, p := range packages {
		i := strings.LastIndexByte(p, '@')
		if i < 1 {
			return fmt.Errorf("%s: want PACKAGE@VERSION", p)
		}
		all = append(all, source{ecosystem, p[:i], p[i+1:]})
	}
	seen := map[string]bool{}
	for _, r := range have {
		seen[r.sum] = true
	}
	var mu sync.Mutex
	eachSource(all, func(s source, root string, err error) {
		mu.Lock()
		defer mu.Unlock()
		var rows []row
		if err == nil {
			rows, err = candidates(s, root, seen)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", s, err)
			return
		}
		for _, r := range rows {
			fmt.Fprintln(out, r)
		}
		fmt.Fprintf(os.Stderr, "%s: %d files\n", s, len(rows))
	})
	return nil
}

// candidates returns the rows of one package.
func candidates(s source, root string, seen map[string]bool) ([]row, error) {
	by := map[string][]row{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		format := formatOf(rel)
		if format == "" || strings.ContainsAny(rel, "\t\n") {
			return nil
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		r := newRow(s, rel, content)
		if !seen[r.sum] && wanted(format, rel, content) {
			seen[r.sum] = true
			by[format] = append(by[format], r)
		}
		return nil
	})
	var rows []row
	for format, found := range by {
		rows = append(rows, spread(found, most[format])...)
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.path, b.path) })
	return rows, err
}

func wanted(format, name string, content []byte) bool {
	if len(content) == 0 || len(content) > maxSize || bytes.IndexByte(content, 0) >= 0 {
		return false
	}
	if strings.Contains("/"+name, "/templates/") && bytes.Contains(content, []byte("{{")) {
		return false
	}
	if format != "ini" || strings.HasSuffix(name, ".ini") {
		return true
	}
	// Of the many things that are called .conf, those that are INI.
	_, err := ini.Format{}.Parse(content)
	return err == nil && bytes.Contains(content, []byte("\n["))
}

// spread returns n rows from all over rows.
func spread(rows []row, n int) []row {
	if len(rows) <= n {
		return rows
	}
	out := make([]row, n)
	for i := range out {
		out[i] = rows[i*len(rows)/n]
	}
	return out
}
