package yamltext

import "iter"

// A Comment is a comment. It belongs to a node, or to a document.
type Comment struct {
	Start, End int32 // from its sign to the end of its line
	Line       int32
	Node       ID // None: it belongs to the document
	Document   int32
	Place      Place

	column int32
	next   int32 // as Node.notes: the comment before, of the same node
}

// Place is where a comment is beside what it belongs to.
type Place uint8

// The places of comments.
const (
	Head Place = iota
	Inline
	Foot
)

type notes struct{ entry bool }

func (s *scanner) comment() {
	end := lineEnd(s.text, s.pos)
	s.file.Comments = append(s.file.Comments, Comment{Start: int32(s.pos), End: int32(end), Line: s.line, Node: None, column: s.column()})
	s.pos = end
}
func (n *notes) arrive(s *scanner)                {}
func (n *notes) document(i int)                   {}
func (n *notes) documentEnd(p *parser)            {}
func (n *notes) finish(p *parser)                 {}
func (n *notes) emptyNode(p *parser, id ID)       {}
func (n *notes) node(p *parser, id ID, t *token)  {}
func (n *notes) property(t *token)                {}
func (n *notes) open(p *parser, id ID)            {}
func (n *notes) close(p *parser, id ID, t *token) {}
func (n *notes) dash(p *parser, t *token)         {}
func (n *notes) colon(p *parser, t *token)        {}
func (n *notes) sign(t *token)                    {}

func (f *File) DocumentComments(i int) iter.Seq[*Comment] { return func(func(*Comment) bool) {} }
func (f *File) NodeComments(id ID) iter.Seq[*Comment]     { return func(func(*Comment) bool) {} }
func (f *File) CommentText(c *Comment) string             { return f.Text[c.Start:c.End] }
