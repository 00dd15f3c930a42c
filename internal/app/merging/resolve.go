package merging

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/git"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/mergefile"
	"github.com/seed-1f7fdfb8/sops/internal/sniff"
	"github.com/seed-1f7fdfb8/sops/internal/unresolved"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// ResolveOptions are the options of the commands about files with conflicts.
type ResolveOptions struct {
	Options
	Paths  []string // none: all files with conflicts in the repository
	Only   []string // the addresses of the conflicts to resolve; none: all
	Side   int      // mergefile.Ours or mergefile.Theirs; 0: in the editor
	Listed bool     // print what there is, and change nothing
}

// A resolution is one file on its way to having no conflicts.
type resolution struct {
	app    *app.App
	o      ResolveOptions
	repo   *git.Repo // nil outside of a repository
	name   string
	source *app.Source
	file   *mergefile.Conflicted
	merged []byte // by a merge made anew, where the file was not merged yet
}

// Resolve resolves, or lists, the conflicts of files.
func Resolve(ctx context.Context, a *app.App, o ResolveOptions) error {
	repo, err := git.At(ctx, a.Abs(""))
	if err != nil && len(o.Paths) == 0 {
		return app.Fail(app.NoFile, "name the files", "no file was named, and %w", err)
	}
	if len(o.Paths) == 0 {
		if o.Paths, err = conflicted(ctx, a, repo); err != nil {
			return err
		}
		if len(o.Paths) == 0 {
			a.Notef("no file has conflicts of a merge")
			return nil
		}
	}
	var failures []error
	for _, path := range o.Paths {
		r := &resolution{app: a, o: o, repo: repo, name: path}
		if err := r.run(ctx); err != nil {
			failures = append(failures, err)
		}
	}
	if len(failures) == 1 {
		return failures[0]
	}
	return errors.Join(failures...)
}

// conflicted finds the files with conflicts: those that git calls unmerged, and
// those that say so, which may have been committed.
func conflicted(ctx context.Context, a *app.App, repo *git.Repo) ([]string, error) {
	unmerged, err := repo.Unmerged(ctx)
	if err != nil {
		return nil, err
	}
	found, err := repo.Fields(ctx, "-C", repo.Top, "grep", "-lz", "-e", "merge_values", "-e", "merge=v%3D1", "-e", "merge=count=", "-e", "merge: ", "-e", `"merge":`)
	var none *git.Error
	if err != nil && (!errors.As(err, &none) || none.Stderr != "") {
		return nil, err
	}
	var out []string
	for _, name := range append(unmerged, found...) {
		path := filepath.Join(repo.Top, filepath.FromSlash(name))
		if rel, err := filepath.Rel(a.Abs(""), path); err == nil {
			path = rel
		}
		if !slices.Contains(out, path) && hasConflicts(ctx, a, path, slices.Contains(unmerged, name)) {
			out = append(out, path)
		}
	}
	return out, nil
}

// hasConflicts reports whether a file has something for us to resolve: conflicts, or
// the markers of git around encrypted values.
func hasConflicts(ctx context.Context, a *app.App, path string, unmerged bool) bool {
	s, err := a.Read(ctx, app.File{Path: path}, app.Common{}, app.NoFile)
	if s == nil || s.In == nil {
		return false
	}
	if e, parsed := envelope.Parse(s.Data, s.In); parsed == nil {
		return e.Meta.Merge != ""
	}
	return unmerged && err != nil && sniff.Token(s.Data) > 0
}

func (r *resolution) run(ctx context.Context) error {
	if err := r.open(ctx); err != nil {
		return err
	}
	if r.o.Listed {
		return r.list()
	}
	if r.merged != nil && r.file == nil {
		return r.write(ctx, r.merged) // it could be merged now
	}
	if r.o.Side != 0 {
		return r.take(ctx)
	}
	return r.edit(ctx)
}

// open reads the file; one that was not merged, or merged by lines, is merged anew
// of the sides that git has.
func (r *resolution) open(ctx context.Context) error {
	var err error
	r.source, err = r.app.Read(ctx, app.File{Path: r.name, InputType: r.o.InputType}, r.o.Common, app.NoFile)
	if r.source == nil || r.source.In == nil {
		return err
	}
	text := r.source.Data
	options, err := r.app.DecryptOptions(r.o.Access)
	if err != nil {
		return err
	}
	if err := r.app.Audited(ctx, r.source.File, &options); err != nil {
		return err
	}
	keepers := r.app.Keepers(ctx, r.o.Access)
	r.file, err = mergefile.Open(ctx, text, r.source.In, keepers, options)
	if err == nil {
		return nil
	}
	if sniff.Conflict(text) == 0 && !errors.Is(err, mergefile.ErrLocked) {
		return r.source.Named(err)
	}
	if r.merged, err = r.again(ctx); err != nil {
		return r.source.Named(err)
	}
	r.file, err = mergefile.Open(ctx, r.merged, r.source.In, keepers, options)
	if errors.Is(err, mergefile.ErrNoConflicts) {
		r.file, err = nil, nil
	}
	return r.source.Named(err)
}

// again merges the sides that git has.
func (r *resolution) again(ctx context.Context) ([]byte, error) {
	if r.repo == nil {
		return nil, app.Fail(app.Other, "merge the three files: sops merge BASE OURS THEIRS", "there is no git repository that has the sides")
	}
	fromTop, err := r.repo.FromTop(r.app.Abs(r.name))
	if err != nil {
		return nil, err
	}
	ids, ok, err := r.repo.Stages(ctx, fromTop)
	if err != nil {
		return nil, err
	}
	in := mergefile.Input{}
	if e, err := envelope.Parse(r.source.Data, r.source.In); err == nil {
		if n, err := unresolved.ParseNotice(e.Meta.Merge); err == nil {
			in.Labels = n.Labels
			if !ok { // anybody may have written these
				r.app.Warnf("%s: git has no record of the merge; the sides are those that the file names: %s", r.name, hint.Line(strings.Join(n.IDs[:], " ")))
				ids = n.IDs
			}
		}
	}
	if ids[mergefile.Ours] == "" || ids[mergefile.Theirs] == "" {
		return nil, app.Fail(app.Other, "merge the three files: sops merge BASE OURS THEIRS", "git does not have both sides any more")
	}
	for i, id := range ids {
		if id == "" {
			continue
		}
		if in.Texts[i], err = r.repo.Blob(ctx, id); err != nil {
			return nil, err
		}
	}
	in.IDs = ids
	result, err := merged(ctx, r.app, r.o.Options, r.name, in)
	switch {
	case err != nil:
		return nil, err
	case result.Failure != nil:
		return nil, result.Failure
	}
	for _, note := range result.Notes {
		r.app.Notef("%s: %s", r.name, note)
	}
	return result.Text, nil
}

// list prints the conflicts of the file, without values.
func (r *resolution) list() error {
	if r.file == nil {
		return nil
	}
	for _, e := range r.file.Entries {
		if !r.app.JSON {
			fmt.Fprintf(r.app.Stdout, "%s: %s\n", hint.Line(r.name), hint.Line(describe(e)))
			continue
		}
		line, err := json.Marshal(map[string]any{
			"file": r.name, "kind": e.Kind, "path": e.At.String(), "document": e.Document, "detail": e.Detail,
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(r.app.Stdout, "%s\n", line)
	}
	return nil
}

// take takes one side of the conflicts.
func (r *resolution) take(ctx context.Context) error {
	var only []string
	for _, text := range r.o.Only {
		a, err := tree.ParseAddress(text)
		if err != nil {
			return app.Fail(app.BadChange, "", "%s: %w", text, err)
		}
		only = append(only, a.String())
	}
	var left []unresolved.Entry
	chosen := func(e unresolved.Entry) bool { return len(only) == 0 || slices.Contains(only, e.At.String()) }
	for _, e := range r.file.Entries {
		if !chosen(e) {
			left = append(left, e)
		}
	}
	if len(left) == len(r.file.Entries) {
		return r.source.Named(app.Fail(app.Other, "sops merge --list "+hint.Path(r.name), "there is no conflict at %s", strings.Join(only, ", ")))
	}
	plain, err := r.file.Side(r.o.Side, chosen)
	if err != nil {
		return r.source.Named(err)
	}
	text, err := r.file.Keep(plain, left, r.encryption())
	if err != nil {
		return r.source.Named(err)
	}
	if err := r.put(ctx, text); err != nil || len(left) == 0 {
		return r.done(ctx, err)
	}
	return unfinished(r.name, len(left))
}

func (r *resolution) encryption() envelope.EncryptOptions {
	return envelope.EncryptOptions{Now: r.app.Now(), Random: r.app.Random}
}

// write puts the resolved file in its place.
func (r *resolution) write(ctx context.Context, text []byte) error {
	return r.done(ctx, r.put(ctx, text))
}

func (r *resolution) put(ctx context.Context, text []byte) error {
	request := app.Request{File: r.source.File, Common: r.o.Common, Target: app.Target{InPlace: true}, Missing: app.NoFile, Before: r.source}
	return r.app.Update(ctx, request, func(t *app.Tx) error {
		t.Put(text)
		return nil
	})
}

// done lets git know that the path is merged.
func (r *resolution) done(ctx context.Context, err error) error {
	if err != nil {
		return err
	}
	if r.repo != nil {
		fromTop, err := r.repo.FromTop(r.app.Abs(r.name))
		if err == nil {
			if _, unmerged, err := r.repo.Stages(ctx, fromTop); err == nil && unmerged {
				if _, err := r.repo.Output(ctx, "add", "--", ":(top,literal)"+fromTop); err != nil {
					return err
				}
				r.app.Notef("%s: resolved, and added to the index of git; go on with: %s", r.name, next(ctx, r.repo))
				return nil
			}
		}
	}
	r.app.Notef("%s: resolved", r.name)
	return nil
}

// next is the command with which what git was doing goes on.
func next(ctx context.Context, repo *git.Repo) string {
	for _, state := range []struct{ file, command string }{
		{"rebase-merge", "git rebase --continue"},
		{"rebase-apply", "git rebase --continue"},
		{"CHERRY_PICK_HEAD", "git cherry-pick --continue"},
		{"REVERT_HEAD", "git revert --continue"},
		{"MERGE_HEAD", "git merge --continue"},
	} {
		path, err := repo.Path(ctx, state.file)
		if _, gone := os.Stat(path); err == nil && gone == nil {
			return state.command
		}
	}
	return "git commit"
}
