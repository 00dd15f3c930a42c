package rule

import (
	"iter"
	"strings"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// A Leaf is a scalar or a comment on the walk through a document. Exactly one
// of Scalar and Comment is set.
type Leaf struct {
	// AAD is that of the wire format: the keys above, each with a colon. Its
	// memory is the walk's, and holds the next leaf's afterwards.
	AAD     []byte
	Secret  bool
	Scalar  *tree.Scalar
	Comment *tree.Comment
	// ListComment is set for a list element that is the token of a comment: a
	// scalar in the file, a comment to everybody else.
	ListComment bool
}

// commentToken ends the text of an encrypted comment.
const commentToken = ",type:comment]"

// Leaves walks the documents in wire order and decides on each leaf. The consumer
// may change the leaf that it is given.
func (s *Selector) Leaves(trees []*tree.Map) iter.Seq[Leaf] {
	return func(yield func(Leaf) bool) {
		for _, t := range trees {
			w := walker{s: s, yield: yield}
			if !w.items(t, false, false) {
				return
			}
		}
	}
}

// SecretContainers returns the maps and lists at whose place a value would be
// encrypted. One that is empty has no leaf that says so.
func (s *Selector) SecretContainers(trees []*tree.Map) map[tree.Node]bool {
	out := map[tree.Node]bool{}
	for _, t := range trees {
		w := walker{s: s, yield: func(Leaf) bool { return true }, secret: out}
		w.items(t, false, false)
	}
	return out
}

type walker struct {
	s      *Selector
	yield  func(Leaf) bool
	path   []byte             // of the node in hand
	secret map[tree.Node]bool // takes the secret containers; nil where they do not matter
}

// items walks a map. matched says that a key above matches, governed that a
// comment in the run of a container above does.
func (w *walker) items(m *tree.Map, matched, governed bool) bool {
	run, depth := governed, len(w.path)
	for _, it := range m.Items {
		if c, ok := it.Value.(*tree.Comment); ok {
			if !w.comment(c, matched, &run) {
				return false
			}
			continue
		}
		hit := matched || w.s.key != nil && w.s.key(it.Key)
		w.path = append(append(w.path, it.Key...), ':')
		if !w.node(it.Value, hit, run) {
			return false
		}
		w.path, run = w.path[:depth], governed
	}
	return true
}

func (w *walker) list(l *tree.List, matched, governed bool) bool {
	run := governed
	for _, it := range l.Items {
		switch n := it.(type) {
		case *tree.Comment:
			if !w.comment(n, matched, &run) {
				return false
			}
			continue
		case *tree.Scalar:
			if strings.HasSuffix(n.Value.Str(), commentToken) {
				if !w.listComment(n, matched, &run) {
					return false
				}
				continue
			}
		}
		if !w.node(it, matched, run) {
			return false
		}
		run = governed
	}
	return true
}

func (w *walker) node(n tree.Node, matched, governed bool) bool {
	if _, scalar := n.(*tree.Scalar); !scalar && w.secret != nil && w.s.secret(matched || governed) {
		w.secret[n] = true
	}
	switch n := n.(type) {
	case *tree.Map:
		return w.items(n, matched, governed)
	case *tree.List:
		return w.list(n, matched, governed)
	case *tree.Scalar:
		return w.yield(Leaf{AAD: w.path, Secret: w.s.secret(matched || governed), Scalar: n})
	}
	return true
}

// secret turns "the rule matches" into "the leaf is encrypted".
func (s *Selector) secret(match bool) bool { return match == s.positive }

func (w *walker) comment(c *tree.Comment, matched bool, run *bool) bool {
	secret := w.decide(c.Text, matched, run)
	return w.yield(Leaf{AAD: w.container(), Secret: secret, Comment: c})
}

// listComment does the same for an encrypted comment that is an element
// of a list. It does not end the run, unlike in SOPS 3.13.3, which cannot
// read its own files then.
func (w *walker) listComment(n *tree.Scalar, matched bool, run *bool) bool {
	secret := w.decide(n.Value.Str(), matched, run)
	return w.yield(Leaf{AAD: w.container(), Secret: secret, Scalar: n, ListComment: true})
}

// decide says whether a comment is secret and lets it join the run. A comment that makes
// leaves encrypted must itself stay readable, so it joins after the decision.
func (w *walker) decide(text string, matched bool, run *bool) bool {
	hit := w.s.comment != nil && w.s.comment(text)
	if w.s.positive {
		secret := w.s.secret(matched || *run)
		*run = *run || hit
		return secret
	}
	*run = *run || hit
	return w.s.secret(matched || *run)
}

// container returns the additional data of a comment: its container's.
func (w *walker) container() []byte {
	if len(w.path) == 0 {
		return []byte{':'}
	}
	return w.path
}

// Count counts the values that are secret, and all that could be: null and empty texts
// are never encrypted.
func (s *Selector) Count(trees []*tree.Map) (secret, all int) {
	for leaf := range s.Leaves(trees) {
		if leaf.Scalar == nil || leaf.Scalar.Value.Kind() == tree.Null || leaf.Scalar.Value.Empty() {
			continue
		}
		all++
		if leaf.Secret {
			secret++
		}
	}
	return secret, all
}
