package yamltext

import (
	"strings"
	"testing"

	lib "go.yaml.in/yaml/v3"
)

const holderKey = "zz-holder"

// withEntries adds an entry to the root mapping of each document of f, as
// Options.Entry foresees it. It returns false if a root takes none.
func withEntries(f *File) (string, bool) {
	var b strings.Builder
	at := 0
	for i := range f.Documents {
		d := &f.Documents[i]
		root := f.Node(d.Root)
		column := int(root.Column)
		switch {
		case root.Kind == Scalar && root.Empty() && f.Tag(d.Root) == "!!null" && root.props == 0:
			column = 0
		case root.Kind != Mapping || root.Style != Block:
			return "", false
		}
		end := int(d.End)
		b.WriteString(f.Text[at:end])
		if end > 0 && f.Text[end-1] != '\n' {
			b.WriteString("\n")
		}
		b.WriteString(strings.Repeat(" ", column) + holderKey + ": 1\n")
		at = end
	}
	b.WriteString(f.Text[at:])
	return b.String(), true
}

// endsInBlock reports whether there is a block scalar. If the text ends in it
// without a line break, it would become another one with an entry below it.
func endsInBlock(f *File) bool {
	for i := range f.nodes {
		if n := &f.nodes[i]; n.Style == Literal || n.Style == Folded {
			return true
		}
	}
	return false
}

// entryDisagreement is disagreement for Options.Entry.
func entryDisagreement(text string) string {
	f, err := Options{Entry: true}.Parse(text)
	if err != nil || len(f.Doubts) > 0 || len(f.Documents) == 0 {
		return ""
	}
	framed, ok := withEntries(f)
	if !ok || !strings.HasSuffix(text, "\n") && endsInBlock(f) {
		return ""
	}
	docs, err := readLibrary(framed)
	if err != nil || len(docs) != len(f.Documents) {
		return ""
	}
	for _, d := range docs {
		root := d.Content[0]
		n := len(root.Content) - 2
		if n < 0 || root.Content[n].Value != holderKey {
			return ""
		}
		// What is above the new entry is at the end of the document without it.
		k := root.Content[n]
		d.FootComment = strings.Trim(k.HeadComment+"\n"+d.FootComment, "\n")
		root.Content = root.Content[:n]
		if n == 0 {
			*root = lib.Node{Kind: lib.ScalarNode, Tag: "!!null", HeadComment: root.HeadComment, LineComment: root.LineComment}
		}
	}
	return firstDifference(stripPlaces(ourDump(f, true)), stripPlaces(libraryDump(docs, true)))
}

// stripPlaces takes lines and columns away, since the entries move them.
func stripPlaces(dump string) string {
	lines := strings.Split(dump, "\n")
	for i, l := range lines {
		if at := strings.Index(l, " @@"); at >= 0 {
			rest := l[at+4:]
			if sp := strings.IndexByte(rest, ' '); sp >= 0 {
				lines[i] = l[:at] + rest[sp:]
			} else {
				lines[i] = l[:at]
			}
		}
	}
	return strings.Join(lines, "\n")
}

func TestEntriesAreForeseen(t *testing.T) {
	t.Parallel()
	for _, lines := range gaps(3, []int{0, 2, 4}) {
		for _, before := range befores {
			for _, after := range []string{"", "---\ny: 2\n", "...\n", "...\n---\ny:\n  z: 1\n"} {
				if d := entryDisagreement(before + lines + after); d != "" {
					t.Errorf("%q: %s", before+lines+after, d)
				}
			}
		}
	}
}
