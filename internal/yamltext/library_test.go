package yamltext

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	lib "go.yaml.in/yaml/v3"
)

// The library is the parser with which other programs read the format. These
// tests hold us to it; no other part of the package knows it.

func readLibrary(text string) (docs []*lib.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			docs, err = nil, errors.New("the library panics")
		}
	}()
	d := lib.NewDecoder(strings.NewReader(text))
	for {
		n := &lib.Node{}
		err := d.Decode(n)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, err
		}
		docs = append(docs, n)
	}
}

// A dump is a text that two readings have in common if they agree.
type dump struct {
	bytes.Buffer
	comments bool
	number   map[*lib.Node]int
	line     int // of the last node, and where it is
	start    int
}

func (d *dump) comment(place, text string) {
	if !d.comments {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimLeft(line, " \t"); line != "" {
			fmt.Fprintf(d, " %s%q", place, strings.TrimSuffix(line, "\r"))
		}
	}
}

func libraryDump(docs []*lib.Node, comments bool) string {
	d := &dump{comments: comments, number: map[*lib.Node]int{}}
	for _, n := range docs {
		d.WriteString("document")
		d.comment("H", n.HeadComment)
		d.comment("F", n.FootComment)
		d.WriteString("\n")
		for _, c := range n.Content {
			d.library(c, 1)
		}
	}
	return d.String()
}

var libraryStyles = map[lib.Style]Style{
	0: Plain, lib.DoubleQuotedStyle: DoubleQuoted, lib.SingleQuotedStyle: SingleQuoted,
	lib.LiteralStyle: Literal, lib.FoldedStyle: Folded, lib.FlowStyle: Flow,
}

func (d *dump) library(n *lib.Node, depth int) {
	d.number[n] = len(d.number)
	kind := map[lib.Kind]Kind{lib.ScalarNode: Scalar, lib.MappingNode: Mapping, lib.SequenceNode: Sequence, lib.AliasNode: Alias}[n.Kind]
	style := libraryStyles[n.Style&^lib.TaggedStyle]
	if style == Plain && (kind == Mapping || kind == Sequence) {
		style = Block
	}
	value, target := n.Value, -1
	anchor := n.Anchor
	if kind == Alias {
		target = d.number[n.Alias]
		value, anchor = "", n.Value
	}
	tagged := n.Style&lib.TaggedStyle != 0
	d.scalar(depth, kind, style, n.Tag, tagged, anchor, value, target)
	if value != "" || anchor != "" || tagged || kind != Scalar {
		fmt.Fprintf(d, " @@%d:%d", n.Line, n.Column)
	}
	d.comment("H", n.HeadComment)
	d.comment("L", n.LineComment)
	d.comment("F", n.FootComment)
	d.WriteString("\n")
	for _, c := range n.Content {
		d.library(c, depth+1)
	}
}

func (d *dump) scalar(depth int, kind Kind, style Style, tag string, tagged bool, anchor, value string, target int) {
	fmt.Fprintf(d, "%s%d/%d %s %v &%s %q ->%d", strings.Repeat(" ", min(depth, 100)), kind, style, tag, tagged, anchor, value, target)
}

func ourDump(f *File, comments bool) string {
	d := &dump{comments: comments}
	for i := range f.Documents {
		d.WriteString("document")
		for at := Head; at <= Foot; at++ {
			for c := range f.DocumentComments(i, at) {
				d.comment(at.letter(), f.CommentText(c))
			}
		}
		d.WriteString("\n")
		d.ours(f, f.Documents[i].Root, 1)
	}
	return d.String()
}

func (p Place) letter() string { return [...]string{Head: "H", Inline: "L", Foot: "F"}[p] }

func (d *dump) ours(f *File, id ID, depth int) {
	n := f.Node(id)
	target := -1
	if n.Kind == Alias {
		target = int(f.Target(id))
	}
	value := f.Value(id)
	d.scalar(depth, n.Kind, n.Style, f.Tag(id), f.Tagged(id), f.Anchor(id), value, target)
	if value != "" || f.Anchor(id) != "" || f.Tagged(id) || n.Kind != Scalar {
		line, column := d.position(f, int(n.Prop))
		if line != int(n.Line) {
			fmt.Fprintf(d, " (line %d)", n.Line)
		}
		fmt.Fprintf(d, " @@%d:%d", line, column)
	}
	for at := Head; at <= Foot; at++ {
		for c := range f.Comments(id, at) {
			d.comment(at.letter(), f.CommentText(c))
		}
	}
	d.WriteString("\n")
	for c := range f.Children(id) {
		d.ours(f, c, depth+1)
	}
}

// position is File.Position for places that come in order.
func (d *dump) position(f *File, at int) (line, column int) {
	for i := d.start; i < at; {
		n := BreakLen(f.Text, i)
		if i += max(n, 1); n > 0 && i <= at {
			d.line, d.start = d.line+1, i
		}
	}
	head := f.Text[d.start:at]
	if d.line == 0 {
		head = strings.TrimPrefix(head, byteOrderMark)
	}
	return d.line + 1, runes(head) + 1
}

// isUTF16 reports whether a text has the mark of UTF-16, which the library decodes
// and we refuse: what reads files has decoded them.
func isUTF16(text string) bool {
	return strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff")
}

// disagreement says where the two readings of text differ, "" if nowhere.
func disagreement(text string, comments bool) string {
	if isUTF16(text) {
		if _, err := Parse(text); err == nil {
			return "UTF-16 was accepted"
		}
		return ""
	}
	docs, libErr := readLibrary(text)
	f, err := Parse(text)
	var refused *Error
	if errors.As(err, &refused) && len(refused.Doubts) > 0 {
		return ""
	}
	if (libErr == nil) != (err == nil) {
		return fmt.Sprintf("error %v, the library's is %v", err, libErr)
	}
	if err != nil {
		return ""
	}
	return firstDifference(ourDump(f, comments), libraryDump(docs, comments))
}

func firstDifference(got, want string) string {
	if got == want {
		return ""
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			return fmt.Sprintf("line %d of the dump:\ngot  %s\nwant %s", i, g[i], append(w, make([]string, len(g))...)[i])
		}
	}
	return "the library has more: " + w[len(g)]
}
