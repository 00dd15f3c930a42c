package yaml

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/yamltext"
)

// Of a few constructs it is not certain that our parser finds the same owner for
// a comment as the library does, with which other readers read our files.
// The library is the referee then. It does not tell which comment is which, so it
// reads a text with the number of each comment in the comment's place. Where
// metadata will be added, it finds an entry already: comments belong to what they
// will belong to once the metadata is there.

// errDisagree says that the referee reads other values or another structure.
var errDisagree = errors.New("the library reads another structure")

// referee asks the library what the comments of f belong to.
func referee(f *yamltext.File, encrypted bool) error {
	err := errDisagree
	if !encrypted {
		err = ask(f, true)
	}
	if err != nil {
		// The entry may have changed a block scalar at the end of the text.
		err = ask(f, false)
	}
	if errors.Is(err, errDisagree) {
		d := f.Doubts[0]
		return &format.Error{
			Line: d.Line, Msg: "programs do not agree on what this means: " + d.Construct,
			Hint: "write it in another way",
		}
	}
	return err
}

func ask(f *yamltext.File, entries bool) error {
	text, added := numbered(f, entries)
	docs, err := parseByLibrary(text)
	if err != nil {
		return err
	}
	if len(docs) != len(f.Documents) {
		return errDisagree
	}
	a := answer{file: f, given: make([]bool, len(f.All()))}
	for i, d := range docs {
		a.document(i, d, added[i])
	}
	if a.err == nil {
		f.Annotate(a.notes)
	}
	return a.err
}

// numbered returns the text of f with numbers for comments, with an entry at the
// end of each document that can take one if entries are wanted, and which
// documents have one.
func numbered(f *yamltext.File, entries bool) (text []byte, added []bool) {
	added = make([]bool, len(f.Documents))
	comments := f.All()
	at, k := 0, 0
	upTo := func(end int) {
		for ; k < len(comments) && int(comments[k].Start) < end; k++ {
			text = append(text, f.Text[at:comments[k].Start+1]...)
			text = append(text, numberOf(k, len(comments)-1, f.CommentText(k))...)
			at = int(comments[k].End)
		}
		text = append(text, f.Text[at:end]...)
		at = end
	}
	for i := range f.Documents {
		column, ok := takesEntry(f, f.Documents[i].Root)
		if !entries || !ok {
			continue
		}
		upTo(int(f.Documents[i].End))
		if len(text) > 0 && !endsInBreak(text) {
			text = append(text, newlineOf([]byte(f.Text))...)
		}
		text = append(text, strings.Repeat(" ", column)+metaKey+": {}"+newlineOf([]byte(f.Text))...)
		added[i] = true
	}
	upTo(len(f.Text))
	return text, added
}

// numberOf spells the number of a comment as long as its text is, if it can: the
// column in which a text ends without a line break matters. So the last comment
// is filled with a sign that is no digit, and may have no room for one.
func numberOf(k, last int, comment string) string {
	room := utf8.RuneCountInString(comment) - len("#")
	if k == last {
		return strings.Repeat(lastSign, room)
	}
	digits := strconv.FormatInt(int64(k), numberBase)
	return strings.Repeat("0", max(room-len(digits), 0)) + digits
}

const (
	numberBase = 36 // makes numbers short
	lastSign   = "~"
)

// takesEntry reports whether lines can be added to a root, and in which column.
func takesEntry(f *yamltext.File, root yamltext.ID) (column int, ok bool) {
	n := f.Node(root)
	switch {
	case n.Kind == yamltext.Mapping:
		return int(n.Column), n.Style == yamltext.Block
	case n.Kind == yamltext.Scalar:
		return 0, n.Type == yamltext.Null && n.Empty() && n.Prop == n.Start
	}
	return 0, false
}

// An answer is what the library says of the comments of a text.
type answer struct {
	file  *yamltext.File
	notes []yamltext.Note
	given []bool
	// owner is what the comments at hand belong to.
	owner yamltext.Note
	err   error
}

// document compares one document; the last entry of its root may be ours, and
// what belongs to that is at the end of the document.
func (a *answer) document(i int, d *node, added bool) {
	id, root := a.file.Documents[i].Root, d.Content[0]
	a.own(yamltext.None, i)
	a.comments(d.HeadComment, yamltext.Head)
	if added && a.file.Node(id).Kind == yamltext.Scalar {
		a.comments(root.HeadComment, yamltext.Foot)
		root, id = &node{Kind: mappingNode, Content: root.Content}, yamltext.None
	}
	var entry *node
	switch n := len(root.Content); {
	case added && n >= 2:
		entry, root.Content = root.Content[n-2], root.Content[:n-2]
	case added:
		a.err = errDisagree
	}
	if id != yamltext.None {
		a.node(id, root)
	}
	a.own(yamltext.None, i)
	if entry != nil {
		a.comments(entry.HeadComment, yamltext.Foot)
		a.comments(entry.LineComment, yamltext.Foot)
		a.comments(entry.FootComment, yamltext.Foot)
	}
	a.comments(d.FootComment, yamltext.Foot)
}

func (a *answer) own(id yamltext.ID, document int) {
	a.owner = yamltext.Note{Node: id, Document: document}
}

// node compares a node and those in it.
func (a *answer) node(id yamltext.ID, n *node) {
	if a.err != nil || !a.same(id, n) {
		a.err = errDisagree
		return
	}
	a.own(id, 0)
	a.comments(n.HeadComment, yamltext.Head)
	a.comments(n.LineComment, yamltext.Inline)
	a.comments(n.FootComment, yamltext.Foot)
	c := a.file.First(id)
	for i := range n.Content {
		if n.Kind == aliasNode || c == yamltext.None {
			break
		}
		a.node(c, n.Content[i])
		c = a.file.Next(c)
	}
}

// same reports whether a node is the same for both.
func (a *answer) same(id yamltext.ID, n *node) bool {
	own := a.file.Node(id)
	switch own.Kind {
	case yamltext.Alias:
		return n.Kind == aliasNode && n.Value == a.file.Anchor(id)
	case yamltext.Mapping:
		return n.Kind == mappingNode && len(n.Content) == int(own.Len)
	case yamltext.Sequence:
		return n.Kind == sequenceNode && len(n.Content) == int(own.Len)
	}
	return n.Kind == scalarNode && n.Value == a.file.Value(id) && n.Tag == a.file.Tag(id) && n.Anchor == a.file.Anchor(id)
}

// comments notes the numbers in a block of comments.
func (a *answer) comments(block string, at yamltext.Place) {
	if block == "" {
		return
	}
	for line := range strings.SplitSeq(block, "\n") {
		number, ok := strings.CutPrefix(strings.Trim(line, " \t\r"), "#")
		if !ok {
			continue
		}
		i := len(a.given) - 1
		if strings.Trim(number, lastSign) != "" {
			n, err := strconv.ParseInt(number, numberBase, 32)
			if i = int(n); err != nil {
				i = -1
			}
		}
		switch {
		case i < 0 || i >= len(a.given):
			a.err = errDisagree
		case !a.given[i]:
			a.given[i] = true
			a.owner.Comment, a.owner.Place = i, at
			a.notes = append(a.notes, a.owner)
		}
	}
}
