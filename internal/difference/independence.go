package difference

import (
	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Independent reports whether changes of a document can be made at once with
// those before them.
func Independent(root *tree.Map, before, changes []format.Change) bool {
	for _, c := range changes {
		for _, b := range before {
			if !apart(root, b, c) {
				return false
			}
		}
	}
	return true
}

// apart reports whether two changes have places of their own: under different
// keys of one map, or at different positions of one list that loses nothing.
func apart(root *tree.Map, a, b format.Change) bool {
	i := 0
	for i < min(len(a.At), len(b.At)) && a.At[i] == b.At[i] {
		i++
	}
	if i == len(a.At) || i == len(b.At) || a.At[i].IsKey != b.At[i].IsKey {
		return false
	}
	if n, err := tree.Find(root, a.At[:i]); err != nil || !holds(n, a.At[i]) {
		return false // the container is made by the first
	}
	return a.At[i].IsKey || a.New != nil && b.New != nil
}

// holds reports whether n is a container that takes the step.
func holds(n tree.Node, s tree.Step) bool {
	_, isMap := n.(*tree.Map)
	_, isList := n.(*tree.List)
	return isMap && s.IsKey || isList && !s.IsKey
}
