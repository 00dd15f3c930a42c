package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// enough is how many files of each format the promises of the project are
// shown on.
var enough = map[string]int{"yaml": 2000, "json": 500, "dotenv": 100, "ini": 150}

// gather fetches the packages of rows and puts the files into dir, sorted by
// format. It reports what could not be had.
func gather(rows []row, dir string, out io.Writer) error {
	var mu sync.Mutex
	got, lost := map[string]int{}, 0
	all, by := sources(rows)
	eachSource(all, func(s source, root string, err error) {
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			lost += len(by[s])
			fmt.Fprintf(out, "%s: %d files could not be had: %v\n", s, len(by[s]), err)
			return
		}
		for _, r := range by[s] {
			if err := r.copy(root, dir); err != nil {
				lost++
				fmt.Fprintf(out, "%s: %v\n", s, err)
				continue
			}
			got[formatOf(r.path)]++
		}
	})
	short := false
	for format, n := range enough {
		fmt.Fprintf(out, "%s: %d files, wanted at least %d\n", format, got[format], n)
		short = short || got[format] < n
	}
	fmt.Fprintf(out, "%d packages, %d of %d files could not be had\n", len(all), lost, len(rows))
	if short {
		return errors.New("there are too few files")
	}
	return nil
}

// copy puts the file into dir if it is the one that was listed.
func (r row) copy(root, dir string) error {
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(r.path)))
	if err != nil {
		return err
	}
	if newRow(r.source, r.path, content) != r {
		return fmt.Errorf("%s: not the file that was listed", r.path)
	}
	to := filepath.Join(dir, r.target())
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o644)
}

// target is the place of the file among the gathered ones. Its name ends as its
// format wants.
func (r row) target() string {
	format := formatOf(r.path)
	name := r.path
	if known := filepath.Ext(name); known != extensions[format] && known != ".yml" {
		name += extensions[format]
	}
	return filepath.Join(format, r.ecosystem, strings.ReplaceAll(r.name, "/", "_")+"@"+r.version, filepath.FromSlash(name))
}

// eachSource fetches packages, four at a time, each into a folder that is gone
// after f.
func eachSource(all []source, f func(s source, root string, err error)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, 4)
	for _, s := range all {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			dir, err := os.MkdirTemp("", "corpus")
			if err != nil {
				f(s, "", err)
				return
			}
			defer os.RemoveAll(dir)
			root, err := fetch(s, dir)
			f(s, root, err)
		})
	}
	wg.Wait()
}
