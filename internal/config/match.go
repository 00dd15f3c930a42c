package config

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/yamlread"
)

// captures are the named groups of a path_regex with what they matched. A
// group that took no part in the match has no text.
type captures map[string]*string

// match reports whether the expression matches one of the forms of a path, and
// what its named groups matched. An empty expression matches every path.
func match(expression yamlread.Text, forms []string) (captures, bool, error) {
	if expression.Value == "" {
		return nil, true, nil
	}
	re, err := regexp.Compile(expression.Value)
	if err != nil {
		return nil, false, fmt.Errorf("path_regex %q is not a valid regular expression: %w", expression.Value, err)
	}
	for _, form := range forms {
		if at := re.FindStringSubmatchIndex(form); at != nil {
			return named(re, form, at), true, nil
		}
	}
	return nil, false, nil
}

func named(re *regexp.Regexp, form string, at []int) captures {
	found := captures{}
	for i, name := range re.SubexpNames() {
		if name == "" {
			continue
		}
		found[name] = nil
		if at[2*i] >= 0 {
			matched := form[at[2*i]:at[2*i+1]]
			found[name] = &matched
		}
	}
	return found
}

// groupNames returns the named groups of a valid expression.
func groupNames(expression string) []string {
	var names []string
	for _, name := range regexp.MustCompile(expression).SubexpNames() {
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// globHint is for those who wrote a shell pattern.
func globHint(expression string) string {
	if strings.HasPrefix(expression, "*") {
		return `path_regex is a regular expression, not a shell pattern: for *.yaml write \.yaml$`
	}
	return ""
}

// forms returns the texts that a path_regex may match: the path relative to
// the directory of the configuration, or the absolute path where it is
// elsewhere.
func (f *File) forms(path string) ([]string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	return slashed(relative(filepath.Dir(f.Path), abs), filepath.Separator), nil
}

// slashed adds the form with / to a path of Windows. It comes second, so that
// an expression written for it works there too and one written for \ keeps its
// meaning.
func slashed(native string, separator rune) []string {
	if separator == '/' || !strings.ContainsRune(native, separator) {
		return []string{native}
	}
	return []string{native, strings.ReplaceAll(native, string(separator), "/")}
}

// relative returns path relative to dir. Links are followed only where the
// path is not below dir as it is written: first those of directories,
// so that a linked file is known by its own name, then that of the file.
func relative(dir, path string) string {
	if rel, ok := below(dir, path); ok {
		return rel
	}
	real := followed(dir)
	if rel, ok := below(real, filepath.Join(followed(filepath.Dir(path)), filepath.Base(path))); ok {
		return rel
	}
	if rel, ok := below(real, followed(path)); ok {
		return rel
	}
	return path
}

func below(dir, path string) (string, bool) {
	rel, err := filepath.Rel(dir, path)
	return rel, err == nil && filepath.IsLocal(rel)
}

// followed returns path without symbolic links, as far as it exists: a file
// that is yet to be made has a name too.
func followed(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	parent := filepath.Dir(path)
	if parent == path {
		return path
	}
	return filepath.Join(followed(parent), filepath.Base(path))
}
