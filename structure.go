package sops

import (
	"cmp"
	"crypto/sha512"
	"hash"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/key"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// The MAC of the format covers the bytes of values and nothing else: not which
// keys they stand under if those are in clear, not their types, not the shape
// of lists, not who can open the file. A structure is a text that says all
// that, one line for each fact:
//
//	version 3.13.3
//	rule unencrypted_suffix _unencrypted
//	key 1 kms arn:aws:kms:…
//	document
//	["db"] map
//	["db"]["password"] str:7 encrypted
//	["ports"][0] int:2 plain
//
// It follows from the sealed file alone, without any key. Comments are not in
// it, unless the selection rule goes by them, nor is what only routes a call to a key (role, profile), so that these
// can be changed by hand.
type structure struct {
	digest hash.Hash
	text   strings.Builder
	long   bool   // text was given up
	at     []byte // the address of the node in hand
	buf    []byte // the line in hand
	// Where the MAC is to cover encrypted values only, plain ones can be changed
	// by hand, and so the structure leaves them out as well.
	onlyEncrypted bool
	reading       reading
	// Where comments decide what is secret, those that do are in it, with their
	// place, and so is what they decide about values that leave no token.
	selector *rule.Selector
	blanks   map[*tree.Scalar]bool // secret, but null or empty
}

// A description is the digest of a structure, and its text while that is small.
type description struct {
	digest []byte
	text   string
}

// maxDescribed is the length of the longest text that is kept, in bytes: a text
// that is sealed whole, and room for what may have come to it.
const maxDescribed = 4 * maxStructure

// A reading says what a reader of the sealed file finds in a leaf.
type reading interface {
	value(s *tree.Scalar) tree.Value
	text(c *tree.Comment) string
}

// asItStands is the reading of a tree that was read from a sealed file.
type asItStands struct{}

func (asItStands) value(s *tree.Scalar) tree.Value { return s.Value }
func (asItStands) text(c *tree.Comment) string     { return c.Text }

// structureOf describes a sealed file.
func structureOf(m *meta.Metadata, trees []*tree.Map, r reading) description {
	s := &structure{digest: sha512.New512_256(), onlyEncrypted: m.MACOnlyEncrypted, reading: r}
	if sel, err := m.Selection.CompileStored(); err == nil && (sel.ByComment() || m.MACOnlyEncrypted) {
		s.selector, s.blanks = sel, secretBlanks(sel, trees)
	}
	s.line("version", m.Version)
	for _, f := range m.Selection.Fields() {
		s.line("rule", f.Name, strconv.Quote(f.Text))
	}
	s.line("mac_only_encrypted", strconv.FormatBool(m.MACOnlyEncrypted))
	s.line("shamir_threshold", strconv.Itoa(m.Threshold))
	for i, g := range m.MasterKeys() {
		names := identitiesOf([][]key.MasterKey{g})
		slices.Sort(names) // a file groups keys by kind, a plan need not
		for _, name := range names {
			s.line("key", strconv.Itoa(i+1), strconv.Quote(name))
		}
	}
	for _, t := range trees {
		s.line("document")
		s.node(t)
	}
	if s.long {
		return description{digest: s.digest.Sum(nil)}
	}
	return description{s.digest.Sum(nil), s.text.String()}
}

// secretBlanks finds the leaves that are secret but never encrypted.
func secretBlanks(sel *rule.Selector, trees []*tree.Map) map[*tree.Scalar]bool {
	out := map[*tree.Scalar]bool{}
	for leaf := range sel.Leaves(trees) {
		if n := leaf.Scalar; n != nil && leaf.Secret && (n.Value.Kind() == tree.Null || n.Value.Empty()) {
			out[n] = true
		}
	}
	return out
}

// lasting returns what names a key wherever it is used from.
func lasting(m key.MasterKey) key.MasterKey {
	out := key.MasterKey{Kind: m.Kind}
	for _, f := range m.Fields {
		if f.Name != "role" && f.Name != "aws_profile" {
			out.Fields = append(out.Fields, f)
		}
	}
	return out
}

func (s *structure) line(words ...string) {
	s.buf = s.buf[:0]
	for i, w := range words {
		if i > 0 {
			s.buf = append(s.buf, ' ')
		}
		s.buf = append(s.buf, w...)
	}
	s.end()
}

// fact says something about the node in hand.
func (s *structure) fact(words string) {
	s.buf = append(append(append(s.buf[:0], s.at...), ' '), words...)
	s.end()
}

// size says of which type the node in hand is, how long its text is, and how it
// stands there.
func (s *structure) size(typ string, length int, how string) {
	s.buf = append(append(append(s.buf[:0], s.at...), ' '), typ...)
	s.buf = strconv.AppendInt(append(s.buf, ':'), int64(length), 10)
	s.buf = append(append(s.buf, ' '), how...)
	s.end()
}

// end ends the line in buf.
func (s *structure) end() {
	s.buf = append(s.buf, '\n')
	s.digest.Write(s.buf)
	if s.long = s.long || s.text.Len()+len(s.buf) > maxDescribed; !s.long {
		s.text.Write(s.buf)
	}
}

func (s *structure) container(kind string) {
	if !s.onlyEncrypted && len(s.at) > 0 {
		s.fact(kind)
	}
}

// below describes a node that stands a step below the one in hand.
func (s *structure) below(step tree.Step, n tree.Node) {
	depth := len(s.at)
	s.at = step.Append(s.at)
	s.node(n)
	s.at = s.at[:depth]
}

// node describes n, the node in hand.
func (s *structure) node(n tree.Node) {
	switch n := n.(type) {
	case *tree.Map:
		s.container("map")
		i := 0
		for _, it := range n.Items {
			if s.comment(i, it.Value) {
				continue
			}
			s.below(tree.Step{Key: it.Key, IsKey: true}, it.Value)
			i++
		}
	case *tree.List:
		s.container("list")
		i := 0
		for _, it := range n.Items {
			if s.comment(i, it) || s.isCommentToken(it) {
				continue
			}
			s.below(tree.Step{Index: i}, it)
			i++
		}
	case *tree.Scalar:
		s.scalar(n)
	}
}

// comment reports whether n is a comment. One that the rule goes by is a fact,
// with the number of items before it.
func (s *structure) comment(before int, n tree.Node) bool {
	c, ok := n.(*tree.Comment)
	if ok && s.selector != nil && s.selector.MatchesComment(s.reading.text(c)) {
		if s.onlyEncrypted {
			before = 0 // plain items come and go
		}
		s.line("comment", strconv.Itoa(before), string(s.at))
	}
	return ok
}

func (s *structure) scalar(n *tree.Scalar) {
	v := s.reading.value(n)
	token, err := cipher.Parse(v.Str())
	switch {
	case err == nil:
		s.size(token.Type, token.Len(), "encrypted")
	case s.blanks[n]:
		s.fact(cmp.Or(v.Type(), "null") + " secret")
	case s.onlyEncrypted:
	case v.Kind() == tree.Null:
		s.fact("null")
	default:
		s.size(v.Type(), len(v.Canonical()), "plain")
	}
}

func (s *structure) isCommentToken(n tree.Node) bool {
	leaf, ok := n.(*tree.Scalar)
	return ok && isCommentToken(s.reading.value(leaf))
}

// isCommentToken reports whether a value is the token of a comment.
func isCommentToken(v tree.Value) bool {
	t, err := cipher.Parse(v.Str())
	return err == nil && t.Type == "comment"
}

// differs names the first difference of two structures for people.
func differs(sealed, found string) string {
	a, b := strings.Split(sealed, "\n"), strings.Split(found, "\n")
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	was, is := at(a, i), at(b, i)
	switch {
	case was != "" && slices.Contains(b[i:], was):
		return describeLine(is) + " was added"
	case is != "" && slices.Contains(a[i:], is):
		return describeLine(was) + " was removed"
	case was == "":
		return describeLine(is) + " was added"
	case is == "":
		return describeLine(was) + " was removed"
	}
	return describeLine(was) + " became " + describeLine(is)
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// describeLine turns a line into words.
func describeLine(line string) string {
	switch word, rest, _ := strings.Cut(line, " "); {
	case line == "document":
		return "a document border"
	case word == "key":
		return "the master key " + rest
	case word == "rule":
		return "the selection rule " + rest
	case word == "comment":
		return "a comment that the selection rule goes by"
	case strings.HasPrefix(line, "["):
		i := strings.LastIndex(line, "] ") + 1
		return line[:i] + " (" + strings.TrimSpace(line[i:]) + ")"
	}
	return "the setting " + line
}
