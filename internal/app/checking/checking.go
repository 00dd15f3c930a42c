// Package checking finds what is wrong with the files of a repository before they
// are committed: plaintext that should be encrypted, readable values in encrypted
// files, damaged metadata, and files that are not as their creation rule says. It
// needs no keys and calls no service.
package checking

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/discover"
	"github.com/seed-1f7fdfb8/sops/internal/formatname"
	"github.com/seed-1f7fdfb8/sops/internal/pool"
)

// atOnce is how many files are in work at a time.
const atOnce = 8

// A Failed is why something could not be checked, which is not the same as a finding.
type Failed struct{ Err error }

func (e *Failed) Error() string { return e.Err.Error() }
func (e *Failed) Unwrap() error { return e.Err }

// A text is one file to check, from wherever it comes.
type text struct {
	path       string // for people
	abs        string // which rules are matched with
	data       []byte
	config     *config.File // nil if there is none
	configPath string       // for people
	broken     []Finding    // what is wrong with the configuration
}

// Files checks files of the work tree, and reports whether there is an error among
// the findings, which are printed. What could not be checked is a *Failed, after the
// findings of all other files.
func Files(ctx context.Context, a *app.App, files []discover.File, c app.Common) (wrong bool, err error) {
	own := a.OneOf(a.Stdout, a.Stderr, a.ShowError) // which loads each configuration once
	type result struct {
		findings []Finding
		err      error
	}
	var all []Finding
	var failed []error
	err = pool.InOrder(ctx, files, atOnce, func(f discover.File) result {
		t, err := fromDisk(ctx, own, f.Path, c)
		if err != nil {
			return result{err: app.File{Path: f.Path}.Named(err)}
		}
		return result{findings: t.check()}
	}, func(r result) error {
		all = append(all, r.findings...)
		if r.err != nil {
			failed = append(failed, r.err)
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	if wrong, err = report(a, all); err == nil {
		err = errors.Join(failed...)
	}
	if err != nil {
		return wrong, &Failed{err}
	}
	return wrong, nil
}

// fromDisk reads a file of the work tree.
func fromDisk(ctx context.Context, a *app.App, path string, c app.Common) (*text, error) {
	f, err := atomicfile.Read(ctx, a.Abs(path))
	if err != nil {
		return nil, err
	}
	t := &text{path: path, abs: a.Abs(path), data: f.Data}
	at, err := a.ConfigPath(app.File{Path: path}, c)
	if err != nil {
		return nil, err
	}
	cfg, err := a.Configuration(at)
	t.configured(cfg, relative(a.Dir, at), err)
	return t, nil
}

// Wants reports whether a file that was found below a directory is one to check: an
// encrypted or damaged one, or one that a creation rule with a path_regex matches.
func Wants(a *app.App, f discover.File, c app.Common) bool {
	switch f.Class {
	case discover.Encrypted, discover.Broken:
		return true
	case discover.Mentions:
		if _, data := formatname.ForPath(f.Path); data {
			return true // it may have lost its metadata
		}
	}
	if exempt(f.Path) {
		return false
	}
	at, err := a.ConfigPath(app.File{Path: f.Path}, c)
	if err != nil || at == "" {
		return err != nil // the check says what is wrong
	}
	cfg, err := a.Configuration(at)
	if err != nil {
		_, data := formatname.ForPath(f.Path)
		return data // so that the configuration is reported
	}
	r, err := cfg.RuleFor(a.Abs(f.Path))
	if err != nil {
		return !errors.Is(err, config.ErrNoRule) && !errors.Is(err, config.ErrNoRules)
	}
	return speaks(r)
}

// exempt reports whether a file is configuration, which is no secret.
func exempt(path string) bool {
	name := filepath.Base(path)
	return name == config.Name || strings.HasPrefix(name, ".git")
}

// speaks reports whether a rule means the files that it matches, whatever they are: one
// without a path_regex matches also the README.
func speaks(r *config.Rule) bool { return r != nil && r.PathRegex != "" && len(r.Groups) > 0 }

// relative returns a path as seen from dir, if that is shorter to read.
func relative(dir, path string) string {
	if rel, err := filepath.Rel(dir, path); err == nil && path != "" && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return path
}
