package meta

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// lookup finds a field by its name, or by its name in another case.
func lookup(m *tree.Map, name string) (tree.Node, bool) {
	if n, ok := m.Get(name); ok {
		return n, true
	}
	for _, it := range m.Items {
		if strings.EqualFold(it.Key, name) && !tree.IsComment(it.Value) {
			return it.Value, true
		}
	}
	return nil, false
}

// elements returns the items of a list; a lone map counts as a list of one.
func elements(n tree.Node) []tree.Node {
	switch n := n.(type) {
	case *tree.List:
		var out []tree.Node
		for _, e := range n.Items {
			if !tree.IsComment(e) {
				out = append(out, e)
			}
		}
		return out
	case *tree.Map:
		return []tree.Node{n}
	}
	return nil
}

// scalarText returns the text of any scalar; true is "1", as other readers write it.
func scalarText(s *tree.Scalar) string {
	if s.Value.Kind() == tree.Bool {
		if s.Value.Bool() {
			return "1"
		}
		return "0"
	}
	return s.Value.Canonical()
}

func textField(m *tree.Map, name string) (string, error) {
	n, ok := lookup(m, name)
	if !ok {
		return "", nil
	}
	s, ok := n.(*tree.Scalar)
	if !ok || s.Value.Kind() == tree.Time {
		return "", fmt.Errorf("%s is not a text", name)
	}
	return scalarText(s), nil
}

// intField reads a number; old INI files hold it as a float.
func intField(m *tree.Map, name string) (int, error) {
	text, err := textField(m, name)
	if err != nil || text == "" {
		return 0, err
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != float64(int(f)) || f < 0 {
		return 0, fmt.Errorf("%s is not a number of groups", name)
	}
	return int(f), nil
}

func boolField(m *tree.Map, name string) (bool, error) {
	text, err := textField(m, name)
	if err != nil || text == "" {
		return false, err
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		return false, fmt.Errorf("%s is neither true nor false", name)
	}
	return b, nil
}
