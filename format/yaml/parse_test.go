package yaml

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

func TestWhatCannotBeEncryptedIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		src     string
		line    int
		content bool
		empty   bool
		msg     string
	}{
		{"", 0, false, true, "no document"},
		{"\n \n", 0, false, true, "no document"},
		{"- a\n- b\n", 1, false, false, "the document is a list"},
		{"a: 1\n---\n- b\n", 3, false, false, "the document is a list"},
		{"# c\njust text\n", 2, false, false, "the document is a single value"},
		{"a: 1\nb: 2\na: 3\n", 3, false, false, `the key "a" appears twice in one map; first on line 1`},
		{"# c\na: 1\n---\nb: {x: 1,\n  x: 2}\n", 5, false, false, `the key "x" appears twice in one map; first on line 4`},
		{"a: 1\n1: 2\n", 2, true, false, "a key is not a string"},
		{"a: 1\n? [x]\n: 2\n", 2, true, false, "a key is not a string"},
		{"? \n: 2\n", 1, true, false, "a key is not a string"},
		{"# c\na: 9223372036854775808\n", 2, true, false, "larger than"},
		{"a: !!int abc\n", 1, false, false, "does not fit its tag"},
		{"a: b\n\tc: d\n", 2, false, false, ""},
		{"a: [1, 2\n", 1, false, false, ""},
		{"a: &x [*x]\n", 1, false, false, "refers to a collection that holds it"},
		{"a: *nowhere\n", 1, false, false, "unknown anchor"},
		{"\xff\xfea\x00", 0, false, false, "UTF-16"},
	}
	for _, tt := range tests {
		_, err := Format{}.Parse([]byte(tt.src))
		var e *format.Error
		if !errors.As(err, &e) {
			t.Errorf("%q: got %v", tt.src, err)
			continue
		}
		if e.Content != tt.content || e.Empty != tt.empty || tt.line != 0 && e.Line != tt.line || !strings.Contains(e.Msg, tt.msg) {
			t.Errorf("%q: got %+v, want %+v", tt.src, *e, tt)
		}
		if tt.content && len(e.Hints()) == 0 {
			t.Errorf("%q: no hint", tt.src)
		}
	}
}

func TestAliasBombsAreRefused(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 9; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [", i, i)
		for range 10 {
			fmt.Fprintf(&b, "*a%d, ", i-1)
		}
		b.WriteString("]\n")
	}
	if _, err := (Format{}).Parse([]byte(b.String())); err == nil || !strings.Contains(err.Error(), "aliases refer to more than") {
		t.Errorf("got %v", err)
	}
	deep := "a: " + strings.Repeat("[", 10_500) + strings.Repeat("]", 10_500) + "\n"
	if _, err := (Format{}).Parse([]byte(deep)); err == nil || !strings.Contains(err.Error(), "deep") {
		t.Errorf("got %v", err)
	}
}

// sketch draws a tree without values: comments as #text, inline ones as ##text.
func sketch(n tree.Node) string {
	switch n := n.(type) {
	case *tree.Map:
		var parts []string
		for _, it := range n.Items {
			if tree.IsComment(it.Value) {
				parts = append(parts, sketch(it.Value))
				continue
			}
			parts = append(parts, it.Key+":"+sketch(it.Value))
		}
		return "{" + strings.Join(parts, " ") + "}"
	case *tree.List:
		var parts []string
		for _, it := range n.Items {
			parts = append(parts, sketch(it))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case *tree.Comment:
		if n.Inline {
			return "##" + n.Text
		}
		return "#" + n.Text
	case *tree.Scalar:
		return n.Value.Type() + "=" + n.Value.Canonical()
	}
	return "?"
}

func TestTreesAreThoseOfTheWireFormat(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, src, want string }{
		{
			"types", "a: yes\nb: 0777\nc: 1_000\nd: 2001-12-14\ne: 5.\nf: 190:20:30\ng: ~\nh: !!binary aGk=\ni: !!float 3\nj: !x 3\n",
			"{a:str=yes b:int=511 c:int=1000 d:time=2001-12-14T00:00:00Z e:float=5 f:str=190:20:30 g:= h:str=hi i:float=3 j:str=3}",
		},
		{"merge keys are keys", "a: &x {b: 1}\nc: {<<: *x}\n", "{a:{b:int=1} c:{<<:{b:int=1}}}"},
		{"the order of comments", "#1\na: 1 #2\n#3\n\n#4\nb: #5\n  #6\n  c: 1 #7\n  #8\n#9\n", "{#1 ##2 a:int=1 #3 #4 #5 b:{#6 ##7 c:int=1 #8} #9}"},
		{"comments in lists", "l: #1\n  #2\n  - a #3\n  #4\n  - b\n", "{#1 l:[#2 ##3 str=a #4 str=b]}"},
		{"after a flow collection", "a: {b: 1} #1\nc: [x] #2\nd: x #3\n", "{a:{#1 b:int=1} c:[#2 str=x] ##3 d:str=x}"},
		{"an empty comment in a list is a blank", "#\nl:\n  #\n  - a\n", "{# l:[#  str=a]}"},
		{"comments of copies", "a: &x\n  #1\n  b: 1\nc: *x\n", "{a:{#1 b:int=1} c:{#1 b:int=1}}"},
		{"the foot of all belongs to the root", "a:\n  b: 1\n# end\n", "{a:{b:int=1} # end}"},
		{"an indented foot does not", "a:\n  b: 1\n  # end\n", "{a:{b:int=1 # end}}"},
		{"an empty document", "---\n# c\n", "{# c}"},
	}
	for _, tt := range tests {
		d, err := Format{}.Parse([]byte(tt.src))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := sketch(d.Trees()[0]); got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestLinesAreThoseOfTheText(t *testing.T) {
	t.Parallel()
	d, err := Format{}.Parse([]byte("# one\na: 1 # two\n---\n\n# five\nb: 2\n---\nc: 3 # eight\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for i := range d.Leaves() {
		got = append(got, d.Line(i))
	}
	if diff := cmp.Diff([]int{1, 2, 2, 5, 6, 8, 8}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheReservedNameIsMetadataOnlyInEncryptedFiles(t *testing.T) {
	t.Parallel()
	src := []byte("a: 1 # c\n---\nb: 2\nsops:\n  x: 1\n")
	d, err := Format{}.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	if d.Reserved() != 4 || d.Meta() != nil || sketch(d.Trees()[1]) != "{b:int=2 sops:{x:int=1}}" {
		t.Errorf("plain: line %d, %v, %s", d.Reserved(), d.Meta(), sketch(d.Trees()[1]))
	}
	s, err := Format{}.ParseEncrypted(src)
	if err != nil {
		t.Fatal(err)
	}
	if s.Meta() != nil || sketch(s.Trees()[1]) != "{b:int=2}" {
		t.Errorf("encrypted: %v, %s", s.Meta(), sketch(s.Trees()[1]))
	}
	s, err = Format{}.ParseEncrypted([]byte("sops:\n  x: [1]\na: 1\nb: {sops: 2}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if sketch(s.Meta()) != "{x:[int=1]}" || sketch(s.Trees()[0]) != "{a:int=1 b:{sops:int=2}}" {
		t.Errorf("encrypted: %s, %s", sketch(s.Meta()), sketch(s.Trees()[0]))
	}
}

func TestOneNodeIsRenderedAsExtractPrintsIt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		n    tree.Node
		want string
	}{
		{tree.Text("a\nb"), "a\nb"},
		{tree.Text("12"), "12"},
		{number(1), "1\n"},
		{null(), "null\n"},
		{tree.NewScalar(tree.BoolValue(true)), "true\n"},
		{list(tree.Text("a"), list(number(1))), "- a\n- - 1\n"},
		{object(item("a", object(item("b", list())))), "a:\n    b: []\n"},
		{object(), "{}\n"},
	}
	for _, tt := range tests {
		got, err := Format{}.RenderValue(tt.n)
		if err != nil || string(got) != tt.want {
			t.Errorf("got %q, %v; want %q", got, err, tt.want)
		}
	}
}

// Each construct is encrypted as the design says; the table is its section 3.
func TestSealedTextKeepsTheAuthorsForm(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, src, want string }{
		{"folded with a comment", "a: >-   # why\n  folded\n  text\n", "a: >-   #T0\n  T1\n"},
		{"explicit indentation", "b: |2+\n    two\n\nc: 1\n", "b: |2-\n  T0\nc: T1\n"},
		{"tags", "g: !Ref Name\nf: !!int \"7\"\nz: &z !!int \"3\"\n", "g: T0\nf: \"T1\"\nz: \"T2\"\n"},
		{"flow", "a: [x, \"y\", 'z']\n", "a: [\"T0\", \"T1\", 'T2']\n"},
		{"merge", "b: &b {u: root}\nuse:\n  <<: *b\n", "b: &b {u: \"T0\"}\nuse:\n  <<: {\"u\": \"T1\"}\n"},
		{"comments of copies", "a: &x\n  #1\n  b: 1\nc: *x\n", "a: &x\n  #T0\n  b: T1\nc: {\n  #T2\n  \"b\": \"T3\"}\n"},
		{"empty values", "k: ~\nn:\ne: \"\"\ns: []\n", "k: ~\nn:\ne: \"\"\ns: []\n"},
		{"keys", "\"k 1\":   v\n? k2\n: v2\nk3   : v\n", "\"k 1\":   T0\n? k2\n: T1\nk3   : T2\n"},
		{"lists", "l:\n  # head\n  - one # inl\n", "l:\n  #T0\n  - T2 #T1\n"},
		{"several lines", "d: plain over\n  two lines # c\n", "d: T1 #T0\n"},
	}
	for _, tt := range tests {
		d, err := Format{}.Parse([]byte(tt.src))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		tokens := make([]string, d.Leaves())
		for i, l := range leavesOf(d.Trees()) {
			if l.masked {
				tokens[i] = fmt.Sprintf("T%d", i)
			}
		}
		m, err := d.Mask(tokens)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		out, err := m.Insert(fakeMeta())
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		got, _, _ := strings.Cut(string(out), "sops:")
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// Lists all of whose elements were encrypted comments must not become null.
func TestAListOfEncryptedCommentsStaysAList(t *testing.T) {
	t.Parallel()
	tests := []struct{ src, want string }{
		{"l:\n    - T\n    - T\nb: 1\n", "l:\n     [] # c\n    # c\nb: 1\n"},
		{"l:\n- T\nb: 1\n", "l:\n [] # c\nb: 1\n"},
		{"l:\n    - T\n    - x\n", "l:\n    # c\n    - x\n"},
		{"l:\n    - - T\n    - x\n    - - T\n", "l:\n    - [] # c\n    - x\n    - [] # c\n"},
	}
	for _, tt := range tests {
		src := strings.ReplaceAll(tt.src, "T", fakeToken(0, "comment")) + "sops: {}\n"
		s, err := Format{}.ParseEncrypted([]byte(src))
		if err != nil {
			t.Fatal(err)
		}
		values := make([]format.Plain, s.Leaves())
		for i, l := range leavesOf(s.Trees()) {
			if strings.HasPrefix(l.value.Str(), "ENC[") {
				values[i] = format.Plain{Set: true, Comment: true, Value: tree.StringValue(" c")}
			}
		}
		out, err := s.Unmask(values, nil)
		if err != nil || string(out) != tt.want {
			t.Errorf("%q: got %q, %v", tt.want, out, err)
		}
		d, err := Format{}.Parse(out)
		if err != nil {
			t.Fatal(err)
		}
		if diff := tree.Diff(decrypted(s.Trees(), values), d.Trees()); diff != "" {
			t.Errorf("%q: %s", out, diff)
		}
	}
}

func TestTheMetadataFollowsTheStyleOfTheRoot(t *testing.T) {
	t.Parallel()
	meta := object(item("a", list(object(item("enc", tree.Text("x\ny\n"))))), item("v", tree.Text("1")))
	const block = "sops:\n    a:\n        - enc: |\n            x\n            y\n    v: \"1\"\n"
	const flow = `"sops": {"a": [{"enc": "x\ny\n"}], "v": "1"}`
	tests := []struct{ src, want string }{
		{"a: b\n", "a: b\n" + block},
		{"a: b", "a: b\n" + block},
		{"a: b\n...\n---\n# c\n", "a: b\n" + block + "...\n---\n# c\n" + block},
		{"a: b\r\n", "a: b\r\n" + strings.ReplaceAll(block, "\n", "\r\n")},
		{"{a: b}\n", "{a: b, " + flow + "}\n"},
		{"{}\n", "{" + flow + "}\n"},
		{"{ a: b, }\n", "{ a: b, " + flow + " }\n"},
		{"{\n  a: b # c\n}\n", "{\n  a: b # c\n, " + flow + "}\n"},
	}
	for _, tt := range tests {
		d, err := Format{}.Parse([]byte(tt.src))
		if err != nil {
			t.Fatal(err)
		}
		m, err := d.Mask(make([]string, d.Leaves()))
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Insert(meta)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, string(got)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.src, diff)
		}
		s, err := Format{}.ParseEncrypted(got)
		if err != nil {
			t.Errorf("%q: %v", tt.src, err)
			continue
		}
		again, err := s.SetMeta(meta)
		if err != nil || string(again) != string(got) {
			t.Errorf("%q: SetMeta changed the text: %v\n%s", tt.src, err, cmp.Diff(string(got), string(again)))
		}
		back, err := s.Unmask(make([]format.Plain, s.Leaves()), m.Layout)
		if err != nil || string(back) != tt.src {
			t.Errorf("%q: got %q, %v", tt.src, back, err)
		}
	}
}
