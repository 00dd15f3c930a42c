package checking

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/git"
)

// Staged checks what the index of git has that the last commit has not, whatever is in
// the work tree; with paths only those of them. The configuration is that of the index
// as well.
func Staged(ctx context.Context, a *app.App, paths []string, c app.Common) (wrong bool, err error) {
	all, err := staged(ctx, a, paths, c)
	if err == nil {
		wrong, err = report(a, all)
	}
	if err != nil {
		return wrong, &Failed{err}
	}
	return wrong, nil
}

func staged(ctx context.Context, a *app.App, paths []string, c app.Common) ([]Finding, error) {
	repo, err := git.At(ctx, a.Abs(""))
	if err != nil {
		return nil, err
	}
	prefix, err := repo.Text(ctx, "rev-parse", "--show-prefix")
	if err != nil {
		return nil, err
	}
	args := []string{"diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--diff-filter=d", "--"}
	for _, p := range paths {
		args = append(args, ":(literal)"+filepath.ToSlash(p))
	}
	fields, err := repo.Fields(ctx, args...)
	if err != nil {
		return nil, err
	}
	batch, err := repo.Batch(ctx)
	if err != nil {
		return nil, err
	}
	defer batch.Close()
	x := &index{app: a, repo: repo, batch: batch, common: c, prefix: prefix, configs: map[string]*loaded{}}
	var all []Finding
	for i := 0; i+1 < len(fields); i += 2 {
		// :old mode, new mode, old blob, new blob, status
		info := strings.Fields(fields[i])
		if len(info) != 5 {
			return nil, fmt.Errorf("git diff: %q is not understood", fields[i])
		}
		if !strings.HasPrefix(info[1], "100") || info[4] == "U" {
			continue // a link or a submodule; git commits nothing that is unmerged
		}
		t, err := x.text(fields[i+1], info[3])
		if err != nil {
			return nil, err
		}
		all = append(all, t.check()...)
	}
	return all, nil
}

// An index reads the index of git.
type index struct {
	app     *app.App
	repo    *git.Repo
	batch   *git.Batch
	common  app.Common
	prefix  string // of the working directory, from the top
	configs map[string]*loaded
}

// A loaded is a configuration as it was read; both fields may be nil.
type loaded struct {
	file *config.File
	err  error
}

// text returns the staged file of a name from the top.
func (x *index) text(name, blob string) (*text, error) {
	_, _, data, ok, err := x.batch.Object(blob)
	if err == nil && !ok {
		err = errors.New("git has no such object: " + blob)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	t := &text{path: x.shown(name), abs: filepath.Join(x.repo.Top, filepath.FromSlash(name)), data: data}
	at, cfg, err := x.configuration(name, t.abs)
	if err != nil {
		return nil, err
	}
	t.configured(cfg.file, at, cfg.err)
	return t, nil
}

// shown returns a name from the top as seen from the working directory.
func (x *index) shown(name string) string {
	if rel, err := filepath.Rel(filepath.FromSlash("/"+x.prefix), filepath.FromSlash("/"+name)); err == nil {
		return rel
	}
	return name
}

// configuration returns the configuration that governs a file: the nearest one of the
// index or, where the index has none at that place, of the disk. One that was not
// added yet, or is kept out of the repository, says what is secret all the same.
func (x *index) configuration(name, abs string) (at string, cfg *loaded, err error) {
	given := x.common.Config != "" || x.app.Env.Get("SOPS_CONFIG") != ""
	disk, err := x.app.ConfigPath(app.File{Path: abs}, x.common)
	if err != nil {
		return "", nil, err
	}
	for dir := path.Dir(name); !given; dir = path.Dir(dir) {
		of := path.Join(dir, config.Name)
		full := filepath.Join(x.repo.Top, filepath.FromSlash(of))
		if full == disk && x.untracked(of) {
			break
		}
		cfg, err := x.fromIndex(of, full)
		if cfg != nil || err != nil {
			return x.shown(of), cfg, err
		}
		if dir == "." {
			break
		}
	}
	return relative(x.app.Dir, disk), x.fromDisk(disk), nil
}

func (x *index) untracked(name string) bool {
	cfg, err := x.fromIndex(name, filepath.Join(x.repo.Top, filepath.FromSlash(name)))
	return cfg == nil && err == nil
}

// fromIndex returns nil if the index has no such file.
func (x *index) fromIndex(name, full string) (*loaded, error) {
	if cfg, known := x.configs[":"+name]; known {
		return cfg, nil
	}
	_, kind, data, ok, err := x.batch.Object(":" + name)
	if err != nil {
		return nil, err
	}
	var cfg *loaded
	if ok && kind == "blob" {
		cfg = &loaded{}
		cfg.file, cfg.err = config.Parse(full, data)
	}
	x.configs[":"+name] = cfg
	return cfg, nil
}

func (x *index) fromDisk(full string) *loaded {
	cfg, known := x.configs[full]
	if !known {
		cfg = &loaded{}
		cfg.file, cfg.err = x.app.Configuration(full)
		x.configs[full] = cfg
	}
	return cfg
}
