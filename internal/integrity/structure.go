package integrity

import (
	"cmp"
	"crypto/sha512"
	"encoding/binary"
	"hash"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// The MAC of the format covers the bytes of values and nothing else: not at
// which keys they are if those are unencrypted, not their types, not the shape of
// lists, not who can open the file. A structure is a list of facts that says all
// that:
//
//	version 3.13.3
//	rule unencrypted_suffix _unencrypted
//	document
//	["db"] map
//	["db"]["password"] str:7 encrypted
//	["ports"][0] int:2 plain
//
// It follows from the encrypted file alone, without any key. Comments are not in
// it, unless the selection rule goes by them. The list of master keys is compared
// by itself; see fingerprints.
//
// What is compared is a digest of the facts in an injective encoding, every word
// with its length, so that no two files have the same one. The lines above are
// for people only.
type structure struct {
	digest hash.Hash
	text   strings.Builder
	limit  int    // the length in bytes of the longest text that is kept
	long   bool   // text was given up
	at     []byte // the address of the node in hand, as it is shown
	path   []tree.Step
	shared int    // how many steps of path the last fact has too
	row    []byte // the line in hand
	code   []byte // the lines that the digest waits for, as they are compared
	// Where the MAC is to cover encrypted values only, plain ones can be changed
	// by hand, and so the structure leaves them out as well.
	onlyEncrypted bool
	reading       Reading
	// Where comments decide what is secret, those that do are in it, with their
	// place, and so is what they decide about values that leave no token.
	selector   *rule.Selector
	blanks     map[*tree.Scalar]bool // secret, but null or empty
	containers map[tree.Node]bool    // maps and lists in which everything is secret
	// lines is the encoding of seals before there was the injective one: the
	// digest is that of the lines, master keys among them.
	lines bool
}

// A description is the digest of a structure, and its text while that is small.
type description struct {
	digest []byte
	text   string
	keys   fingerprints
}

// maxDescribed is the length in bytes of a text that is compared with a sealed one:
// room for what may have come to it.
const maxDescribed = 4 * maxStructure

// A Reading says what a reader of the encrypted file finds in a leaf.
type Reading interface {
	Value(s *tree.Scalar) tree.Value
	Text(c *tree.Comment) string
}

// AsRead is the Reading of trees that were read from an encrypted file.
type AsRead struct{}

// Value returns the scalar's own.
func (AsRead) Value(s *tree.Scalar) tree.Value { return s.Value }

// Text returns the comment's own.
func (AsRead) Text(c *tree.Comment) string { return c.Text }

// describe describes an encrypted file.
func describe(s *structure, m *meta.Metadata, trees []*tree.Map) description {
	s.digest, s.onlyEncrypted = sha512.New512_256(), m.MACOnlyEncrypted
	if sel, err := m.Selection.CompileStored(); err == nil && (sel.ByComment() || m.MACOnlyEncrypted) {
		s.selector, s.blanks = sel, secretBlanks(sel, trees)
		if m.MACOnlyEncrypted && !s.lines {
			s.containers = sel.SecretContainers(trees)
		}
	}
	s.line("version", m.Version)
	for _, f := range m.Selection.Fields() {
		s.line("rule", f.Name, strconv.Quote(f.Text))
	}
	s.line("mac_only_encrypted", strconv.FormatBool(m.MACOnlyEncrypted))
	s.line("shamir_threshold", strconv.Itoa(m.Threshold))
	s.masterKeys(m)
	for _, t := range trees {
		s.line("document")
		s.node(t)
	}
	s.flush()
	d := description{digest: s.digest.Sum(nil), keys: fingerprintsOf(m.MasterKeys())}
	if !s.long {
		d.text = s.text.String()
	}
	return d
}

// keyWord begins the line of a master key.
const keyWord = "key "

// keyLine is the line of the master key of that lineName in a group.
func keyLine(name string, group int) string {
	return keyWord + strconv.Itoa(group+1) + " " + strconv.Quote(name)
}

// masterKeys shows the master keys. What is compared are their fingerprints.
func (s *structure) masterKeys(m *meta.Metadata) {
	for i, g := range m.MasterKeys() {
		names := make([]string, len(g))
		for j, k := range g {
			names[j] = lineName(k)
		}
		slices.Sort(names) // a file groups keys by kind, a plan need not
		for _, name := range names {
			s.row = append(s.row[:0], keyLine(name, i)...)
			s.show()
		}
	}
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

// line is a fact about the file.
func (s *structure) line(words ...string) {
	s.begin('f')
	for i, w := range words {
		if i > 0 {
			s.row = append(s.row, ' ')
		}
		s.word(w)
		if !s.lines && strings.ContainsFunc(w, unicode.IsControl) {
			w = strconv.Quote(w) // a line break would make two lines of it
		}
		s.row = append(s.row, w...)
	}
	s.end()
}

// fact says something about the node in hand.
func (s *structure) fact(words string) {
	s.begin('n')
	if s.shows() {
		s.row = append(append(append(s.row, s.at...), ' '), words...)
	}
	s.place()
	s.word(words)
	s.end()
}

// size says of which type the node in hand is, how long its text is, and how it
// is found there.
func (s *structure) size(typ string, length int, how string) {
	s.begin('s')
	if s.shows() {
		s.row = append(append(append(s.row, s.at...), ' '), typ...)
		s.row = strconv.AppendInt(append(s.row, ':'), int64(length), 10)
		s.row = append(append(s.row, ' '), how...)
	}
	s.place()
	s.word(typ)
	s.code = binary.AppendUvarint(s.code, uint64(length))
	s.word(how)
	s.end()
}

// begin begins a fact. What follows its sort is of a form of its own, and only
// a zero, which no word begins with, ends a list of words.
func (s *structure) begin(sort byte) { s.row, s.code = s.row[:0], append(s.code, sort) }

// word appends a word with its length, which is never zero, to the encoding.
func (s *structure) word(w string) {
	s.code = append(binary.AppendUvarint(s.code, uint64(len(w))+1), w...)
}

// end ends the fact in hand.
func (s *structure) end() {
	s.code = append(s.code, 0)
	if len(s.code) > 4<<10 {
		s.flush()
	}
	s.show()
}

// flush hands the facts in hand to the digest.
func (s *structure) flush() {
	if !s.lines {
		s.digest.Write(s.code)
	}
	s.code = s.code[:0]
}

// shows reports whether the line in hand goes anywhere.
func (s *structure) shows() bool { return s.lines || !s.long }

// show adds the line in hand to the text.
func (s *structure) show() {
	if !s.shows() {
		return
	}
	s.row = append(s.row, '\n')
	if s.lines {
		s.digest.Write(s.row)
	}
	if s.long = s.long || s.text.Len()+len(s.row) > s.limit; !s.long {
		s.text.Write(s.row)
	}
}

func (s *structure) container(n tree.Node, kind string) {
	switch {
	case len(s.path) == 0:
	case !s.onlyEncrypted:
		s.fact(kind)
	case s.containers[n]:
		s.fact(kind + " secret") // an empty one has no leaf that would be a fact
	}
}

// below describes a node that is a step below the one in hand.
func (s *structure) below(step tree.Step, n tree.Node) {
	shown, depth := len(s.at), len(s.path)
	if s.shows() {
		s.at = step.Append(s.at)
	}
	s.path = append(s.path, step)
	s.node(n)
	s.at, s.path, s.shared = s.at[:shown], s.path[:depth], min(s.shared, depth)
}

// place adds the place of the node in hand to the encoding: how many steps from
// the root it shares with the fact before, and the steps that follow. So a fact
// costs what is new in it, however deep it is.
func (s *structure) place() {
	s.code = binary.AppendUvarint(s.code, uint64(s.shared))
	s.code = binary.AppendUvarint(s.code, uint64(len(s.path)-s.shared))
	for _, step := range s.path[s.shared:] {
		if step.IsKey {
			s.code = append(binary.AppendUvarint(append(s.code, 'k'), uint64(len(step.Key))), step.Key...)
		} else {
			s.code = binary.AppendUvarint(append(s.code, 'i'), uint64(step.Index))
		}
	}
	s.shared = len(s.path)
}

// node describes n, the node in hand.
func (s *structure) node(n tree.Node) {
	switch n := n.(type) {
	case *tree.Map:
		s.container(n, "map")
		i, repeated := 0, s.repeated(n)
		for _, it := range n.Items {
			if s.comment(i, it.Value) {
				continue
			}
			if repeated[it.Key] {
				s.again(it)
			}
			s.below(tree.Step{Key: it.Key, IsKey: true}, it.Value)
			i++
		}
	case *tree.List:
		s.container(n, "list")
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
	if ok && s.selector != nil && s.selector.MatchesComment(s.reading.Text(c)) {
		if s.onlyEncrypted {
			before = 0 // plain items come and go
		}
		s.begin('c')
		if s.shows() {
			s.row = append(append(s.row, "comment "+strconv.Itoa(before)+" "...), s.at...)
		}
		s.code = binary.AppendUvarint(s.code, uint64(before))
		s.place()
		s.end()
	}
	return ok
}

// repeated returns the keys that a map has more than once. Readers take the one
// or the other, so each is a fact, a plain value too that could be edited by hand.
func (s *structure) repeated(m *tree.Map) map[string]bool {
	if !s.onlyEncrypted || s.lines {
		return nil
	}
	seen, out := map[string]bool{}, map[string]bool{}
	for _, it := range m.Items {
		if tree.IsComment(it.Value) {
			continue
		}
		if seen[it.Key] {
			out[it.Key] = true
		}
		seen[it.Key] = true
	}
	return out
}

// again is the fact that a key is there more than once.
func (s *structure) again(it tree.Item) {
	s.begin('r')
	if s.shows() {
		s.row = append(tree.Step{Key: it.Key, IsKey: true}.Append(append(s.row, s.at...)), " repeated"...)
	}
	s.place()
	s.word(it.Key)
	s.word(kindOf(it.Value))
	s.end()
}

func kindOf(n tree.Node) string {
	switch n.(type) {
	case *tree.Map:
		return "map"
	case *tree.List:
		return "list"
	}
	return "value"
}

func (s *structure) scalar(n *tree.Scalar) {
	v := s.reading.Value(n)
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

// isCommentToken reports whether n is the token of a comment in a list.
func (s *structure) isCommentToken(n tree.Node) bool {
	leaf, ok := n.(*tree.Scalar)
	return ok && cipher.IsComment(s.reading.Value(leaf).Str())
}
