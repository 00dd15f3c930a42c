package discover

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/env"
)

// list names the files below root, with slashes and relative to it: as git does
// within a work tree, else all of them.
func (f *Found) list(ctx context.Context, root string, o Options) ([]string, error) {
	top := absolute(o.Dir, root)
	if o.Ignored || !inWorkTree(top) {
		return walk(ctx, top)
	}
	out, complaint, err := lsFiles(ctx, top)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		f.Warnings = append(f.Warnings, "git cannot say which files of "+root+" it ignores, so none is left out: "+cmp.Or(complaint, err.Error()))
		return walk(ctx, top)
	case complaint != "":
		f.Warnings = append(f.Warnings, complaint)
	}
	var names []string
	for entry := range bytes.SplitSeq(out, []byte{0}) {
		tag, name, ok := bytes.Cut(entry, []byte(" "))
		switch {
		case !ok:
		case bytes.HasSuffix(name, []byte("/")): // a repository that git knows nothing of
			f.Nested = append(f.Nested, filepath.Join(root, string(name)))
		case string(tag) == "S" || string(tag) == "s":
			if _, err := os.Lstat(filepath.Join(top, string(name))); err != nil {
				f.Sparse = append(f.Sparse, filepath.Join(root, string(name)))
				continue
			}
			names = append(names, string(name))
		default:
			names = append(names, string(name))
		}
	}
	return names, nil
}

// inWorkTree reports whether dir is below the top of a work tree of git.
func inWorkTree(dir string) bool {
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return false
		}
		dir = parent
	}
}

// lsFiles has git list the files of the work tree in and below dir: those it
// knows, and those it does not know and does not ignore, each with a tag. The
// complaint is what it prints as an error or a warning.
func lsFiles(ctx context.Context, dir string) (out []byte, complaint string, err error) {
	// A list runs no program that the repository configures.
	cmd := exec.CommandContext(ctx, "git", "-c", "core.fsmonitor=false", "ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard")
	cmd.Dir = dir
	cmd.Env = ofThisDirectory(env.All())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err = cmd.Output()
	complaint, _, _ = strings.Cut(strings.TrimSpace(stderr.String()), "\n")
	return out, complaint, err
}

// ofThisDirectory takes out of an environment what a hook of git has in it about
// the repository that it runs for.
func ofThisDirectory(env []string) []string {
	var out []string
	for _, e := range env {
		name, _, _ := strings.Cut(e, "=")
		switch name {
		case "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR":
		default:
			out = append(out, e)
		}
	}
	return out
}
