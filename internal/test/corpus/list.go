package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A source is one version of one package.
type source struct{ ecosystem, name, version string }

func (s source) String() string { return s.ecosystem + " " + s.name + "@" + s.version }

// A row is one file of a package.
type row struct {
	source
	path string // below the root of the package, with slashes
	size int
	sum  string // SHA-256, hexadecimal
}

func (r row) String() string {
	return strings.Join([]string{r.ecosystem, r.name, r.version, r.path, strconv.Itoa(r.size), r.sum}, "\t")
}

func newRow(s source, name string, content []byte) row {
	sum := sha256.Sum256(content)
	return row{s, name, len(content), hex.EncodeToString(sum[:])}
}

func parseList(text string) ([]row, error) {
	var rows []row
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 6 {
			return nil, fmt.Errorf("list.tsv: line %d has %d fields, want 6", len(rows)+1, len(f))
		}
		size, err := strconv.Atoi(f[4])
		if err != nil {
			return nil, fmt.Errorf("list.tsv: line %d: size: %w", len(rows)+1, err)
		}
		rows = append(rows, row{source{f[0], f[1], f[2]}, f[3], size, f[5]})
	}
	return rows, nil
}

// sources returns the packages of rows, sorted, each with its rows.
func sources(rows []row) ([]source, map[source][]row) {
	by := map[source][]row{}
	for _, r := range rows {
		by[r.source] = append(by[r.source], r)
	}
	var all []source
	for s := range by {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b source) int { return cmp.Compare(a.String(), b.String()) })
	return all, by
}

// extensions are what a gathered file's name ends with, by its format.
var extensions = map[string]string{"yaml": ".yaml", "json": ".json", "dotenv": ".env", "ini": ".ini"}

// formatOf returns the format of a file by its name, "" if it has none.
func formatOf(name string) string {
	base := path.Base(name)
	if base == ".env" || strings.HasPrefix(base, ".env.") {
		return "dotenv"
	}
	switch path.Ext(base) {
	case ".yaml", ".yml":
		return "yaml"
	case ".json":
		return "json"
	case ".env":
		return "dotenv"
	case ".ini", ".cfg", ".conf":
		return "ini"
	}
	return ""
}
