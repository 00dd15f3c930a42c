package history

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/git"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// DiffOptions are the options of Diff.
type DiffOptions struct {
	app.Access
	Args   []string // revisions and files, as git diff takes them
	Paths  []string
	Staged bool
	Values bool
	NoKeys bool
}

// Diff shows how encrypted files differ between two states that git knows.
func Diff(ctx context.Context, a *app.App, o DiffOptions) error {
	repo, err := git.At(ctx, a.Abs(""))
	if err != nil {
		return &app.Error{Kind: app.Other, Err: err}
	}
	r, err := newReader(ctx, a, o.Access, o.NoKeys)
	if err != nil {
		return err
	}
	args := []string{"diff", "--raw", "-z", "--no-renames", "--no-abbrev", "--no-ext-diff", "--no-textconv"}
	if o.Staged {
		args = append(args, "--cached")
	}
	args = append(args, o.Args...)
	if len(o.Paths) > 0 { // else git knows files from revisions
		args = append(append(args, "--"), o.Paths...)
	}
	all, err := repo.Fields(ctx, args...)
	if err != nil {
		return &app.Error{Kind: app.Other, Err: err}
	}
	for i := 0; i+1 < len(all); i += 2 {
		if err := diffOne(ctx, a, repo, r, o, strings.Fields(all[i]), all[i+1]); err != nil {
			return err
		}
	}
	if r.failure != nil && !o.NoKeys {
		a.Warnf("some files could not be opened, and were compared by their ciphertext: %v", r.failure)
	}
	return nil
}

// diffOne shows how one file differs; f is what git says of it: the modes, the
// names of the blobs, the kind of change.
func diffOne(ctx context.Context, a *app.App, repo *git.Repo, r *reader, o DiffOptions, f []string, name string) error {
	if len(f) != 5 || f[4] == "U" {
		return nil
	}
	before, err := side(ctx, repo, f[2], "")
	if err != nil {
		return err
	}
	workTree := ""
	if f[4] != "D" {
		workTree = filepath.Join(repo.Top, filepath.FromSlash(name))
	}
	after, err := side(ctx, repo, f[3], workTree)
	if err != nil {
		return err
	}
	x, y := r.read(ctx, name, before), r.read(ctx, name, after)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if !x.encrypted && !y.encrypted {
		return nil // git shows those
	}
	changes, rotated := between(x, y)
	if !o.Values {
		for i := range changes {
			changes[i] = changes[i].masked()
		}
	}
	if a.JSON {
		if changes == nil {
			changes = []change{}
		}
		line, err := json.Marshal(map[string]any{"file": name, "rotated": rotated, "changes": changes})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.Stdout, "%s\n", line)
		return err
	}
	if _, err := fmt.Fprintln(a.Stdout, hint.Line(name)); err != nil {
		return err
	}
	switch {
	case x.encrypted && !y.encrypted && len(after) > 0:
		fmt.Fprintln(a.Stdout, "    it is not encrypted any more")
	case !x.encrypted && y.encrypted && len(before) > 0:
		fmt.Fprintln(a.Stdout, "    it was encrypted")
	case rotated:
		fmt.Fprintln(a.Stdout, "    all values were encrypted anew")
	case len(changes) == 0:
		fmt.Fprintln(a.Stdout, "    no value changed")
	}
	for _, c := range changes {
		c.print(a.Stdout, "    ", o.Values)
	}
	return nil
}

// side reads a blob, or the file of the work tree where git has no name for it.
func side(ctx context.Context, repo *git.Repo, id, workTree string) ([]byte, error) {
	if strings.Trim(id, "0") != "" {
		return repo.Blob(ctx, id)
	}
	if workTree == "" {
		return nil, nil
	}
	if info, err := os.Lstat(workTree); err != nil || !info.Mode().IsRegular() {
		return nil, nil
	}
	f, err := atomicfile.Read(ctx, workTree)
	if err != nil {
		return nil, err
	}
	return f.Data, nil
}

// TextOptions are the options of Text.
type TextOptions struct {
	app.Access
	Path   string
	Values bool
}

// Text prints what git shows instead of a file: its lines with marks in the place of
// values, or with the values. It does not fail because a file cannot be opened, since
// git would show nothing of any file then.
func Text(ctx context.Context, a *app.App, o TextOptions) error {
	f, err := atomicfile.Read(ctx, a.Abs(o.Path))
	if err != nil {
		return err
	}
	_, err = a.Stdout.Write(shown(ctx, a, o, f.Data))
	return err
}

func shown(ctx context.Context, a *app.App, o TextOptions, data []byte) []byte {
	f, err := formatOf(filepath.Base(o.Path), data)
	if err != nil {
		return data
	}
	e, err := envelope.Parse(data, f)
	if err != nil {
		return data
	}
	text, err := e.Masked(mask)
	if o.Values {
		if r, failed := newReader(ctx, a, o.Access, false); failed == nil {
			if failed = a.Audited(ctx, app.File{Path: o.Path}, &r.options); failed != nil {
				return data
			}
			if d, failed := e.Decrypt(ctx, r.keepers, r.options); failed == nil {
				text, err = d.Plain()
			}
		}
	}
	if err != nil {
		return data
	}
	out := strings.TrimSuffix(string(text), "\n") + "\n"
	for i, g := range e.Meta.Keys() {
		for _, w := range g {
			out += fmt.Sprintf("# sops: group %d: %s\n", i+1, hint.Line(w.Name()))
		}
	}
	if e.Meta.Merge != "" {
		out += "# sops: a merge left conflicts in the file\n"
	}
	return []byte(out)
}
