// Package gitsetup has the command that teaches a clone of a git repository to merge
// and to show encrypted files, and takes that back.
package gitsetup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
	"github.com/seed-1f7fdfb8/sops/internal/discover"
	"github.com/seed-1f7fdfb8/sops/internal/git"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// Options are the options of Setup.
type Options struct {
	Program string // the program that git runs; "" is this one
	Remove  bool   // take everything back
	Check   bool   // change nothing, and fail if something is missing
	Local   bool   // attributes for this clone alone
	Global  bool   // the driver for every clone of this user
	Values  bool   // git diff shows values
	NoHook  bool
	Append  bool // add to a hook that is there
}

// A setup is what is to be in a repository.
type setup struct {
	app     *app.App
	repo    *git.Repo
	options Options
	program string
	missing []string
	changed int
}

// Missing is the failure of a check.
type Missing struct{ What []string }

func (e *Missing) Error() string   { return "git is not set up: " + strings.Join(e.What, ", ") }
func (e *Missing) Hints() []string { return []string{"sops git setup"} }

// Setup writes, removes or checks what git needs.
func Setup(ctx context.Context, a *app.App, o Options) error {
	repo, err := git.At(ctx, a.Abs(""))
	if err != nil {
		return &app.Error{Kind: app.Other, Err: err}
	}
	s := &setup{app: a, repo: repo, options: o, program: o.Program}
	if s.program == "" {
		if s.program, err = thisProgram(); err != nil {
			return err
		}
	}
	for _, step := range []func(context.Context) error{s.config, s.attributes, s.hook} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	switch {
	case o.Check && len(s.missing) > 0:
		return &Missing{s.missing}
	case !o.Check && s.changed == 0:
		a.Notef("nothing to do")
	}
	return nil
}

// thisProgram returns where this program is: by the name that a shell finds, if that
// is this one, since what a link leads to changes with every update.
func thisProgram() (string, error) {
	own, err := os.Executable()
	if err != nil {
		return "", err
	}
	named, err := exec.LookPath("sops")
	if err != nil || !filepath.IsAbs(named) {
		return own, nil
	}
	a, err := os.Stat(own)
	if err != nil {
		return "", err
	}
	if b, err := os.Stat(named); err == nil && os.SameFile(a, b) {
		return named, nil
	}
	return own, nil
}

// settings are the lines of the configuration. There is no cachetextconv, which would
// store decrypted text in the repository.
func (s *setup) settings() [][2]string {
	program := shellQuoted(s.program)
	textconv := program + " textconv"
	if s.options.Values {
		textconv += " --values"
	}
	return [][2]string{
		{"merge.sops.name", "merge of encrypted files"},
		{"merge.sops.driver", program + " merge-driver %O %A %B %L %P %S %X %Y"},
		{"diff.sops.textconv", textconv},
	}
}

// shellQuoted writes a path as one word of a shell.
func shellQuoted(s string) string {
	return "'" + strings.ReplaceAll(filepath.ToSlash(s), "'", `'\''`) + "'"
}

func (s *setup) config(ctx context.Context) error {
	scope := "--local"
	if s.options.Global {
		scope = "--global"
	}
	for _, setting := range s.settings() {
		now, _ := s.repo.Text(ctx, "config", scope, "--get", setting[0])
		switch {
		case s.options.Remove && now != "":
			if _, err := s.repo.Output(ctx, "config", scope, "--unset-all", setting[0]); err != nil {
				return err
			}
			s.did("removed the setting %s", setting[0])
		case s.options.Remove || now == setting[1]:
		case s.options.Check:
			if s.repo.Config(ctx, setting[0]) == "" || now != "" && !s.runs(now) {
				s.missing = append(s.missing, setting[0])
			}
		default:
			if _, err := s.repo.Output(ctx, "config", scope, "--replace-all", setting[0], setting[1]); err != nil {
				return err
			}
			s.did("set %s", setting[0])
		}
	}
	return nil
}

// runs reports whether a setting is not a command, or names a program that is there.
func (s *setup) runs(command string) bool {
	quoted, ok := strings.CutPrefix(command, "'")
	if !ok {
		return true
	}
	program, _, _ := strings.Cut(quoted, "' ")
	_, err := os.Stat(strings.ReplaceAll(program, `'\''`, "'"))
	return err == nil
}

func (s *setup) did(format string, args ...any) {
	s.changed++
	s.app.Notef(format, args...)
}

// The lines that are ours in a file of others.
const (
	begin = "# >>> sops git setup"
	end   = "# <<< sops git setup"
)

// attributes keeps one line for each directory and extension with an encrypted file.
func (s *setup) attributes(ctx context.Context) error {
	name := filepath.Join(s.repo.Top, ".gitattributes")
	if s.options.Local {
		var err error
		if name, err = s.repo.Path(ctx, "info/attributes"); err != nil {
			return err
		}
	}
	if s.options.Remove {
		return s.block(ctx, name, nil)
	}
	found, err := discover.Find(ctx, ".", discover.Options{Dir: s.repo.Top})
	if err != nil {
		return err
	}
	var lines []string
	for _, f := range found.Files {
		if line := pattern(filepath.ToSlash(f.Path)) + " diff=sops merge=sops -text"; !slices.Contains(lines, line) && !s.covered(ctx, f.Path) {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	slices.Sort(lines)
	if s.options.Check {
		s.missing = append(s.missing, "attributes")
		return nil
	}
	old, err := ownLines(name)
	if err != nil {
		return err
	}
	for _, line := range old {
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return s.block(ctx, name, lines)
}

// covered reports whether git gives a file our attributes already.
func (s *setup) covered(ctx context.Context, name string) bool {
	fromTop := filepath.ToSlash(name)
	out, err := s.repo.Fields(ctx, "-C", s.repo.Top, "check-attr", "-z", "merge", "diff", "--", fromTop)
	return err == nil && len(out) == 6 && out[2] == "sops" && out[5] == "sops"
}

// pattern is the pattern of the files beside one that have its extension.
func pattern(name string) string {
	dir, base := path.Split(name)
	if ext := path.Ext(base); ext != "" && ext != base {
		base = "*" + ext
	} else {
		base = escaped(base)
	}
	return "/" + escaped(dir) + base
}

// escaped writes a path so that an attributes file takes it as it is.
func escaped(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, " ", "[[:space:]]").Replace(s)
}

// ownLines returns the lines of our block of a file.
func ownLines(name string) ([]string, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	inside := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case line == begin:
			inside = true
		case line == end:
			inside = false
		case inside:
			out = append(out, line)
		}
	}
	return out, nil
}

// block makes lines the block of a file that is ours, at its end, where later lines
// of others do not count. No lines remove it, and the file if nothing else is in it.
func (s *setup) block(ctx context.Context, name string, lines []string) error {
	var old []byte
	mode := os.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		f, err := atomicfile.Read(ctx, name)
		if err != nil {
			return err
		}
		old, mode = f.Data, info.Mode().Perm()
	}
	rest, had := withoutBlock(string(old))
	text := rest
	if len(lines) > 0 {
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		text += begin + "\n" + strings.Join(lines, "\n") + "\n" + end + "\n"
	}
	switch {
	case text == string(old):
		return nil
	case text == "" && had:
		if err := os.Remove(name); err != nil {
			return err
		}
		s.did("removed %s", s.relative(name))
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if err := atomicfile.Create(ctx, name, []byte(text), mode); err != nil {
		return err
	}
	s.did("changed %s", s.relative(name))
	return nil
}

// withoutBlock returns a text without our block, and whether there was one.
func withoutBlock(text string) (rest string, had bool) {
	var b strings.Builder
	inside := false
	for line := range strings.Lines(text) {
		switch strings.TrimRight(line, "\r\n") {
		case begin:
			inside, had = true, true
			continue
		case end:
			if inside {
				inside = false
				continue
			}
		}
		if !inside {
			b.WriteString(line)
		}
	}
	return b.String(), had
}

func (s *setup) relative(name string) string {
	if rel, err := filepath.Rel(s.app.Abs(""), name); err == nil {
		return hint.Path(rel)
	}
	return hint.Path(name)
}

// hook makes git check what is committed.
func (s *setup) hook(ctx context.Context) error {
	name, err := s.repo.Path(ctx, "hooks/pre-commit")
	if err != nil {
		return err
	}
	command := shellQuoted(s.program) + " check --staged || exit 1"
	text, err := os.ReadFile(name)
	there := err == nil
	_, ours := withoutBlock(string(text))
	switch {
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return err
	case s.options.Remove && ours:
		return s.removeHook(ctx, name, string(text))
	case s.options.Remove || s.options.NoHook || ours && strings.Contains(string(text), command):
		return nil
	case s.options.Check:
		if !ours && !strings.Contains(string(text), "check --staged") {
			s.missing = append(s.missing, "the pre-commit hook")
		}
		return nil
	case (there || s.repo.Config(ctx, "core.hooksPath") != "") && !ours && !s.options.Append:
		s.app.Notef("%s is there, or another program manages the hooks; add this line to it, or use --append: %s", s.relative(name), command)
		return nil
	case !there:
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := atomicfile.Create(ctx, name, []byte(shebang), 0o755); err != nil {
			return err
		}
		if err := os.Chmod(name, 0o755); err != nil {
			return err
		}
	}
	return s.block(ctx, name, []string{command})
}

const shebang = "#!/bin/sh\n"

// removeHook takes our lines out of a hook, and the hook away if it was ours.
func (s *setup) removeHook(ctx context.Context, name, text string) error {
	if rest, _ := withoutBlock(text); rest != shebang {
		return s.block(ctx, name, nil)
	}
	if err := os.Remove(name); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	s.did("removed %s", s.relative(name))
	return nil
}
