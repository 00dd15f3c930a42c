package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/yamlread"
)

// reference matches ${name}, and $${name} which means the text ${name}.
func reference() *regexp.Regexp {
	return regexp.MustCompile(`\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)
}

// expand puts what the path_regex captured into t.
func (c captures) expand(t yamlread.Text) (string, error) {
	if !strings.Contains(t.Value, "${") {
		return t.Value, nil
	}
	var problem error
	out := reference().ReplaceAllStringFunc(t.Value, func(ref string) string {
		if literal, ok := strings.CutPrefix(ref, "$$"); ok {
			return "$" + literal
		}
		name := ref[len("${") : len(ref)-1]
		matched, known := c[name]
		switch {
		case !known:
			problem = &captureError{name: name, known: slices.Sorted(maps.Keys(c))}
		case matched == nil:
			problem = fmt.Errorf("${%s} has no text: that part of path_regex took no part in the match", name)
		default:
			return *matched
		}
		return ""
	})
	return out, problem
}

// expandName is expand for the parts of key names. What comes from a path may
// not hold what separates the parts of an ARN or the items of a list: a file
// name must not bring keys of its own.
func (c captures) expandName(t yamlread.Text) (string, error) {
	checked := captures{}
	for name, matched := range c {
		checked[name] = matched
		if matched != nil && strings.Contains(t.Value, "${"+name+"}") && !plain(*matched) {
			return "", fmt.Errorf("${%s} is %q here; in the name of a key only letters, digits and _ - . / @ = may come from a path", name, *matched)
		}
	}
	return checked.expand(t)
}

func plain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		letter := r|0x20 >= 'a' && r|0x20 <= 'z'
		return !letter && !(r >= '0' && r <= '9') && !strings.ContainsRune("_-./@=", r)
	})
}

// A captureError is a reference to a group that path_regex does not have.
type captureError struct {
	name  string
	known []string
}

func (e *captureError) Error() string {
	return fmt.Sprintf("${%s} refers to nothing: path_regex has no group of that name", e.name)
}

// Hints returns how to name a group.
func (e *captureError) Hints() []string {
	if len(e.known) > 0 {
		return []string{"path_regex has " + strings.Join(e.known, ", ") + "; for the text ${" + e.name + "} itself write $${" + e.name + "}"}
	}
	return []string{"name a part of path_regex: (?P<" + e.name + ">[^/]+); for the text ${" + e.name + "} itself write $${" + e.name + "}"}
}
