package world

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
	"github.com/seed-1f7fdfb8/sops/internal/yamlread"
)

// Parse reads a world file (YAML; JSON is YAML too). Every mistake is
// reported, each as name:line: reason.
func Parse(name string, src []byte) (*World, error) {
	root, err := yamlread.Parse(src)
	var syntax yamlread.Problem
	switch {
	case errors.As(err, &syntax):
		return nil, problemIn(name, syntax)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r := yamlread.NewReader(len(src))
	w := &World{}
	yamlread.Fields(r, root, "the world", worldFields(), w)
	if len(r.Problems) == 0 {
		w.FillIn()
		for _, e := range w.check() {
			r.Fail(yamlread.Find(root, e.path), "", "%v", e)
		}
	}
	if len(r.Problems) == 0 {
		return w, nil
	}
	var all []error
	for _, p := range r.Problems {
		all = append(all, problemIn(name, p))
	}
	return nil, errors.Join(all...)
}

func problemIn(name string, p yamlread.Problem) error {
	if p.At.Line == 0 {
		return fmt.Errorf("%s: %w", name, p)
	}
	return fmt.Errorf("%s:%d: %w", name, p.At.Line, p)
}

type field[T any] = yamlread.Field[T]

// text, texts, tags, policy and policies make the fields of a kind of value.
func text[T any](name string, of func(*T) *string) field[T] {
	return field[T]{Name: name, Read: func(r *yamlread.Reader, n yamlread.Node, t *T) { *of(t) = r.Text(n, name).Value }}
}

func number[T any](name string, of func(*T) *int) field[T] {
	return field[T]{Name: name, Read: func(r *yamlread.Reader, n yamlread.Node, t *T) { *of(t), _ = r.Number(n, name, 0) }}
}

func counts[T any](name string, of func(*T) *map[string]int) field[T] {
	return field[T]{Name: name, Read: func(r *yamlread.Reader, n yamlread.Node, t *T) {
		*of(t) = map[string]int{}
		for _, e := range r.Entries(n, name) {
			(*of(t))[e.Name], _ = r.Number(e.Value, e.Name, 0)
		}
	}}
}

func seconds[T any](name string, of func(*T) *time.Duration) field[T] {
	return field[T]{Name: name, Read: func(r *yamlread.Reader, n yamlread.Node, t *T) {
		count, _ := r.Number(n, name, 0)
		*of(t) = time.Duration(count) * time.Second
	}}
}

func texts[T any](name string, of func(*T) *[]string) field[T] {
	return field[T]{Name: name, Read: func(r *yamlread.Reader, n yamlread.Node, t *T) {
		for _, s := range r.Texts(n, name) {
			*of(t) = append(*of(t), s.Value)
		}
	}}
}

func tags[T any](name string, of func(*T) *map[string]string) field[T] {
	return field[T]{Name: name, Read: func(r *yamlread.Reader, n yamlread.Node, t *T) {
		*of(t) = map[string]string{}
		for k, v := range r.Pairs(n, name) {
			(*of(t))[k] = v.Value
		}
	}}
}

func policy[T any](name string, of func(*T) **Policy) field[T] {
	return field[T]{Name: name, Read: func(r *yamlread.Reader, n yamlread.Node, t *T) { *of(t) = readPolicy(r, n) }}
}

func policies[T any](name string, of func(*T) *[]*Policy) field[T] {
	return field[T]{Name: name, Read: func(r *yamlread.Reader, n yamlread.Node, t *T) {
		for _, v := range r.Items(n, name) {
			*of(t) = append(*of(t), readPolicy(r, v))
		}
	}}
}

// levels makes a field with an item for each level: a policy, or a list of them.
func levels[T any](name string, of func(*T) *[]Level) field[T] {
	return field[T]{Name: name, Read: func(r *yamlread.Reader, n yamlread.Node, t *T) {
		for _, v := range r.Items(n, name) {
			var level Level
			if r.IsList(v) {
				for _, p := range r.Items(v, name) {
					level = append(level, readPolicy(r, p))
				}
			} else {
				level = Level{readPolicy(r, v)}
			}
			*of(t) = append(*of(t), level)
		}
	}}
}

// record makes a field whose value is a mapping of fields itself.
func record[T, U any](name, what string, table []field[U], of func(*T) *U) field[T] {
	return field[T]{Name: name, Read: func(r *yamlread.Reader, n yamlread.Node, t *T) {
		yamlread.Fields(r, n, what, table, of(t))
	}}
}

// named makes a field whose value is a mapping of names to records.
func named[T, U any](name, what string, table []field[U], of func(*T) *[]U, named func(string) U) field[T] {
	return field[T]{Name: name, Read: func(r *yamlread.Reader, n yamlread.Node, t *T) {
		for _, e := range r.Entries(n, name) {
			u := named(e.Name)
			yamlread.Fields(r, e.Value, what, table, &u)
			*of(t) = append(*of(t), u)
		}
	}}
}

// listed makes a field whose value is a list of records.
func listed[T, U any](name, what string, table []field[U], of func(*T) *[]U) field[T] {
	return field[T]{Name: name, Read: func(r *yamlread.Reader, n yamlread.Node, t *T) {
		for _, v := range r.Items(n, name) {
			var u U
			yamlread.Fields(r, v, what, table, &u)
			*of(t) = append(*of(t), u)
		}
	}}
}

func required[T any](f field[T]) field[T] {
	f.Required = true
	return f
}

// readPolicy reads a policy that is in the file as YAML or JSON, or as a text
// that holds JSON.
func readPolicy(r *yamlread.Reader, n yamlread.Node) *Policy {
	p, err := ParsePolicy(r.JSON(n))
	if err == nil {
		p.parsed.Locate("", func(i int) int { return yamlread.Find(n, []string{"Statement", strconv.Itoa(i)}).At().Line })
		return p
	}
	at := n
	var pe *iam.PolicyError
	if errors.As(err, &pe) {
		at = yamlread.Find(n, pe.Path)
	}
	r.Fail(at, "", "policy: %v", err)
	return &Policy{&iam.Policy{}}
}
