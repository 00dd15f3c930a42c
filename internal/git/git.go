// Package git asks git about a repository, by its plumbing alone: no pager, no
// external diff, no monitor that the configuration of a repository names is run.
//
//	r, err := git.At(ctx, "deploy/")
//	blob, err := r.Blob(ctx, "HEAD:prod.yaml")
package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/env"
)

// A Repo is a repository with a work tree.
type Repo struct {
	Dir string // the directory that names are relative to
	Top string // the top of the work tree
}

// ErrNoRepo says that a directory is in no work tree, or that there is no git.
var ErrNoRepo = errors.New("not in a git repository")

// At returns the repository that a directory is in.
func At(ctx context.Context, dir string) (*Repo, error) {
	r := &Repo{Dir: dir}
	top, err := r.Text(ctx, "rev-parse", "--show-toplevel")
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, fmt.Errorf("%w: git is not installed", ErrNoRepo)
	case err != nil:
		return nil, fmt.Errorf("%w: %s", ErrNoRepo, dir)
	}
	r.Top = filepath.FromSlash(top)
	return r, nil
}

// An Error is a git command that failed.
type Error struct {
	Command string
	Stderr  string
	Err     error
}

func (e *Error) Error() string {
	first, _, _ := strings.Cut(strings.TrimSpace(e.Stderr), "\n")
	if first == "" {
		first = e.Err.Error()
	}
	return "git " + e.Command + ": " + first
}

func (e *Error) Unwrap() error { return e.Err }

// command prepares a call of git in the directory of r.
func (r *Repo) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "core.fsmonitor=false", "--no-pager"}, args...)...)
	cmd.Dir = r.Dir
	cmd.Env = append(env.All(), "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C")
	return cmd
}

// Output runs git and returns what it prints.
func (r *Repo) Output(ctx context.Context, args ...string) ([]byte, error) {
	return r.Pipe(ctx, nil, args...)
}

// Pipe is Output with standard input.
func (r *Repo) Pipe(ctx context.Context, stdin io.Reader, args ...string) ([]byte, error) {
	cmd := r.command(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &Error{args[0], stderr.String(), err}
	}
	return stdout.Bytes(), nil
}

// Text runs git and returns the line that it prints.
func (r *Repo) Text(ctx context.Context, args ...string) (string, error) {
	out, err := r.Output(ctx, args...)
	return strings.TrimRight(string(out), "\r\n"), err
}

// Fields runs git and returns what it prints between NUL bytes.
func (r *Repo) Fields(ctx context.Context, args ...string) ([]string, error) {
	out, err := r.Output(ctx, args...)
	if err != nil || len(out) == 0 {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"), nil
}

// Config returns a value of the configuration, "" if there is none.
func (r *Repo) Config(ctx context.Context, name string) string {
	out, err := r.Text(ctx, "config", "--get", name)
	if err != nil {
		return ""
	}
	return out
}

// Path returns the place of a file of the repository, such as hooks/pre-commit,
// which in a linked work tree is elsewhere.
func (r *Repo) Path(ctx context.Context, name string) (string, error) {
	out, err := r.Text(ctx, "rev-parse", "--git-path", name)
	if err == nil && !filepath.IsAbs(out) {
		out = filepath.Join(r.Dir, out)
	}
	return out, err
}

// FromTop returns a path as the repository names it.
func (r *Repo) FromTop(path string) (string, error) {
	top, err := filepath.EvalSymlinks(r.Top)
	if err != nil {
		return "", err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(top, filepath.Join(dir, filepath.Base(path)))
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", fmt.Errorf("%s is outside of the repository", path)
	}
	return filepath.ToSlash(rel), nil
}

// Stages returns the ids of the blobs of an unmerged path: base, ours, theirs, ""
// for those that are not there. It is not ok if the path is not unmerged.
func (r *Repo) Stages(ctx context.Context, fromTop string) (ids [3]string, ok bool, err error) {
	all, err := r.Fields(ctx, "ls-files", "-u", "-z", "--full-name", "--", ":(top,literal)"+fromTop)
	for _, line := range all {
		info, _, _ := strings.Cut(line, "\t")
		f := strings.Fields(info)
		if len(f) == 3 && len(f[2]) == 1 && f[2][0] >= '1' && f[2][0] <= '3' {
			ids[f[2][0]-'1'], ok = f[1], true
		}
	}
	return ids, ok, err
}

// Unmerged returns the paths that a merge left, from the top.
func (r *Repo) Unmerged(ctx context.Context) ([]string, error) {
	all, err := r.Fields(ctx, "ls-files", "-u", "-z", "--full-name", ":(top)")
	var out []string
	for _, line := range all {
		_, name, _ := strings.Cut(line, "\t")
		if len(out) == 0 || out[len(out)-1] != name {
			out = append(out, name)
		}
	}
	return out, err
}

// Blob returns the content of a blob.
func (r *Repo) Blob(ctx context.Context, id string) ([]byte, error) {
	return r.Output(ctx, "cat-file", "blob", id)
}
