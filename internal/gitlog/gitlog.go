// Package gitlog walks the versions of one file through the history of a git
// repository, newest first, without checking anything out.
//
//	err := gitlog.Walk(ctx, repo, "prod.yaml", gitlog.Options{}, func(v *gitlog.Version) error { ... })
//
// A version is a commit in which the file is another one than in every parent. A
// renamed file is followed where the caller says that two texts are one file: git
// itself compares ciphertext, and finds nothing after a rotation.
package gitlog

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/git"
)

// A State is the file in one commit.
type State struct {
	Commit string
	Path   string // from the top of the repository
	Blob   string // the name of the content, "" if the file is not there
	Text   []byte
}

// A Version is a commit that made another file of it.
type Version struct {
	State
	Author  string
	Time    time.Time // of the commit
	Subject string
	Parents []State
}

// Options say what to walk.
type Options struct {
	From string // where to begin; "" is HEAD
	// Same reports whether a file that is gone is the one that came under another
	// name. Nil follows no renames.
	Same func(gone, came []byte) bool
}

// ErrStop ends a walk without an error.
var ErrStop = errors.New("stop")

// Walk calls visit for each version of the file at a path from the top of the
// repository.
func Walk(ctx context.Context, r *git.Repo, fromTop string, o Options, visit func(*Version) error) (err error) {
	b, err := r.Batch(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if closed := b.Close(); err == nil {
			err = closed
		}
		if errors.Is(err, ErrStop) {
			err = nil
		}
	}()
	w := &walk{repo: r, batch: b, options: o, visit: visit, seen: map[string]bool{}}
	from := o.From
	if from == "" {
		from = "HEAD"
	}
	return w.from(ctx, from, fromTop)
}

type walk struct {
	repo    *git.Repo
	batch   *git.Batch
	options Options
	visit   func(*Version) error
	seen    map[string]bool // commit and path
}

const fields = 5

// from walks the history of a path from a commit on.
func (w *walk) from(ctx context.Context, commit, fromTop string) error {
	all, err := w.repo.Fields(ctx, "-c", "log.showSignature=false", "log", "-z", "--full-history", "--topo-order",
		"--no-ext-diff", "--no-textconv", "--no-patch", "--format=%H%x00%P%x00%ct%x00%an <%ae>%x00%s", "--end-of-options", commit, "--", ":(top,literal)"+fromTop)
	if err != nil {
		return err
	}
	for i := 0; i+fields <= len(all); i += fields {
		f := all[i : i+fields]
		if w.seen[f[0]+" "+fromTop] {
			continue
		}
		w.seen[f[0]+" "+fromTop] = true
		v, err := w.version(f, fromTop)
		if err != nil {
			return err
		}
		if v == nil {
			continue
		}
		followed, err := w.follow(ctx, v)
		if err != nil {
			return err
		}
		if err := w.visit(v); err != nil {
			return err
		}
		for _, p := range followed {
			if err := w.from(ctx, p.Commit, p.Path); err != nil {
				return err
			}
		}
	}
	return nil
}

// version reads the states of one commit. It is nil where a parent has the same.
func (w *walk) version(f []string, fromTop string) (*Version, error) {
	seconds, err := strconv.ParseInt(f[2], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("git log: %q is no time", f[2])
	}
	v := &Version{Author: f[3], Time: time.Unix(seconds, 0).UTC(), Subject: f[4]}
	if v.State, err = w.state(f[0], fromTop); err != nil {
		return nil, err
	}
	for _, parent := range strings.Fields(f[1]) {
		p, err := w.state(parent, fromTop)
		if err != nil {
			return nil, err
		}
		if p.Blob == v.Blob {
			return nil, nil
		}
		v.Parents = append(v.Parents, p)
	}
	return v, nil
}

func (w *walk) state(commit, fromTop string) (State, error) {
	s := State{Commit: commit, Path: fromTop}
	id, kind, data, ok, err := w.batch.Object(commit + ":" + fromTop)
	if err != nil || !ok || kind != "blob" {
		return s, err
	}
	s.Blob, s.Text = id, data
	return s, nil
}

// follow finds what a file that came in a commit was called before.
func (w *walk) follow(ctx context.Context, v *Version) (followed []State, err error) {
	if w.options.Same == nil || v.Blob == "" {
		return nil, nil
	}
	for i, p := range v.Parents {
		if p.Blob != "" {
			continue
		}
		gone, err := w.repo.Fields(ctx, "diff-tree", "-r", "-z", "--no-renames", "--name-only", "--diff-filter=D", p.Commit, v.Commit)
		if err != nil {
			return nil, err
		}
		for _, name := range gone {
			if path.Ext(name) != path.Ext(v.Path) && path.Base(name) != path.Base(v.Path) {
				continue
			}
			before, err := w.state(p.Commit, name)
			if err != nil {
				return nil, err
			}
			if before.Blob != "" && w.options.Same(before.Text, v.Text) {
				v.Parents[i] = before
				followed = append(followed, before)
				break
			}
		}
	}
	return followed, nil
}
