package many

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/discover"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// A Selection says which files a command works on.
type Selection struct {
	Paths     []string // files and, with Recursive, directories
	Recursive bool
	Ignored   bool   // also what git ignores
	Directory string // where results go, under the names of their files; "" is elsewhere
	Apart     bool   // the names below directories must differ
	Command   string // for advice, such as "rotate -i"
	// Wants also chooses among files that are not encrypted; nil wants encrypted
	// ones alone. Files that were named are always wanted.
	Wants func(*app.App, discover.File) bool
}

// Files returns the files of the selection: those that were named, and those that
// were found below directories. A file that has two names comes once.
func (s Selection) Files(ctx context.Context, a *app.App) ([]discover.File, error) {
	if len(s.Paths) == 0 {
		return nil, app.Fail(app.NoFile, "name files, or a directory with -r", "no file specified")
	}
	var (
		all  []discover.File
		seen discover.Seen
	)
	for _, path := range s.Paths {
		if f := (app.File{Path: path}); f.IsStdin() {
			return nil, app.Fail(app.Conflict, "give it alone, or name files", "standard input cannot be one of several files, or below a directory")
		}
		info, err := os.Stat(a.Abs(path))
		switch {
		case err == nil && !info.IsDir():
			if !seen.Again(info) {
				all = append(all, discover.File{Path: path, Below: filepath.Base(path)})
			}
			continue
		case err != nil: // the command says what is wrong with it
			all = append(all, discover.File{Path: path, Below: filepath.Base(path)})
			continue
		case !s.Recursive:
			return nil, app.Fail(app.Other, fmt.Sprintf("to take the files below it, add -r: sops %s -r %s", s.Command, hint.Path(path)), "%s is a directory", path)
		}
		found, err := s.below(ctx, a, path)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if info, err := os.Stat(a.Abs(f.Path)); err != nil || !seen.Again(info) {
				all = append(all, f)
			}
		}
	}
	if len(all) == 0 {
		return nil, s.nothing()
	}
	return all, s.apart(all)
}

// Names returns the paths of the files of the selection.
func (s Selection) Names(ctx context.Context, a *app.App) ([]string, error) {
	files, err := s.Files(ctx, a)
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Path
	}
	return names, err
}

// apart makes sure that no two files have one name in the directory of results.
func (s Selection) apart(all []discover.File) error {
	if s.Directory == "" && !s.Apart {
		return nil
	}
	names := map[string]string{}
	for _, f := range all {
		if other, taken := names[f.Below]; taken {
			return app.Fail(app.Conflict, "take them one after the other, into two directories", "%s and %s would both become %s",
				other, f.Path, filepath.Join(s.Directory, f.Below))
		}
		names[f.Below] = f.Path
	}
	return nil
}

// Into returns the name of the result for f, and makes the directory that it
// will be in.
func (s Selection) Into(a *app.App, f discover.File) (string, error) {
	to := filepath.Join(s.Directory, f.Below)
	if err := mayBecome(a, f.Path, to); err != nil || a.DryRun {
		return to, err
	}
	const private = 0o700 // the content may be plaintext
	if err := os.MkdirAll(a.Abs(s.Directory), private); err != nil {
		return to, err
	}
	root, err := os.OpenRoot(a.Abs(s.Directory)) // no link leads out of it
	if err != nil {
		return to, err
	}
	defer root.Close()
	return to, root.MkdirAll(filepath.Dir(f.Below), private)
}

// mayBecome refuses a result that would be written over its own file, or where a
// link says.
func mayBecome(a *app.App, path, to string) error {
	there, err := os.Lstat(a.Abs(to))
	if err != nil {
		return nil
	}
	if there.Mode()&fs.ModeSymlink != 0 {
		return app.Fail(app.Output, "remove it, or name another directory", "%s is a link: the result would be written where it leads", hint.Line(to))
	}
	if source, err := os.Stat(a.Abs(path)); err == nil && os.SameFile(source, there) {
		return app.Fail(app.Conflict, "to write over the files themselves use -i", "%s would be written over itself", hint.Line(path))
	}
	return nil
}

// below returns the files that are wanted below a directory.
func (s Selection) below(ctx context.Context, a *app.App, path string) ([]discover.File, error) {
	found, err := discover.Find(ctx, path, discover.Options{Dir: a.Dir, Plain: s.Wants != nil, Ignored: s.Ignored, Quick: s.Wants == nil})
	if err != nil {
		return nil, err
	}
	for _, w := range found.Warnings {
		a.Warn(w)
	}
	if n := len(found.Sparse); n > 0 {
		a.Notef("%s outside the sparse checkout not looked at, such as %s", count(n, "file"), hint.Line(found.Sparse[0]))
	}
	if n := len(found.Nested); n > 0 {
		a.Notef("%s within the repository not looked into: %s", count(n, "repository"), hint.Line(strings.Join(found.Nested, " ")))
	}
	if found.Mentions > 0 {
		a.Verbosef("%s below %s with encrypted values, but without the metadata of an encrypted file, left out", count(found.Mentions, "file"), path)
	}
	if s.Wants == nil {
		return found.Files, nil
	}
	var wanted []discover.File
	own := a.OneOf(a.Stdout, a.Stderr, a.ShowError) // which loads each configuration once
	for _, f := range found.Files {
		if s.Wants(own, f) {
			wanted = append(wanted, f)
		}
	}
	return wanted, nil
}

func (s Selection) nothing() error {
	what := "encrypted file"
	if s.Wants != nil {
		what = "file to encrypt"
	}
	advice := "see what is there with: sops filestatus FILE"
	if !s.Ignored {
		advice = "to look also at files that git ignores, add --no-ignore"
	}
	return app.Fail(app.Other, advice, "there is no %s below %s", what, strings.Join(s.Paths, " "))
}

// count puts a number before a word.
func count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	if base, ok := strings.CutSuffix(word, "y"); ok {
		return fmt.Sprintf("%d %sies", n, base)
	}
	return fmt.Sprintf("%d %ss", n, word)
}
