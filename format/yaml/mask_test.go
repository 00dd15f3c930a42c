package yaml

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/format/yaml/internal/lines"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// fakeMeta is in place of real metadata.
func fakeMeta() *tree.Map {
	return &tree.Map{Items: []tree.Item{
		{Key: "age", Value: &tree.List{Items: []tree.Node{&tree.Map{Items: []tree.Item{
			{Key: "enc", Value: tree.Text("-----BEGIN AGE ENCRYPTED FILE-----\nabc\n-----END AGE ENCRYPTED FILE-----\n")},
			{Key: "recipient", Value: tree.Text("age1xyz")},
		}}}}},
		{Key: "lastmodified", Value: tree.Text("2026-11-24T02:13:28Z")},
		{Key: "mac", Value: tree.Text(fakeToken(999999, "str"))},
		{Key: "shamir_threshold", Value: tree.NewScalar(tree.IntValue(2))},
		{Key: "version", Value: tree.Text("3.13.3")},
	}}
}

func fakeToken(n int, typ string) string {
	return fmt.Sprintf("ENC[AES256_GCM,data:q83v/w==,iv:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,tag:%012d+/ABCDEFGHw==,type:%s]", n, typ)
}

// sealable lists the leaves of a document by number: value, and whether it is
// one that encryption would replace.
type testLeaf struct {
	value   tree.Value
	comment bool
	path    string
	masked  bool
}

func leavesOf(trees []*tree.Map) []testLeaf {
	var out []testLeaf
	var walk func(p tree.Path, n tree.Node)
	walk = func(p tree.Path, n tree.Node) {
		switch n := n.(type) {
		case *tree.Map:
			for _, it := range n.Items {
				if tree.IsComment(it.Value) {
					walk(p, it.Value)
					continue
				}
				walk(append(p[:len(p):len(p)], it.Key), it.Value)
			}
		case *tree.List:
			for _, it := range n.Items {
				walk(p, it)
			}
		case *tree.Scalar:
			if n.Ref != len(out) {
				panic(fmt.Sprintf("leaf %d is numbered %d", len(out), n.Ref))
			}
			out = append(out, testLeaf{n.Value, false, p.AAD(), n.Value.Kind() != tree.Null && !n.Value.Empty()})
		case *tree.Comment:
			if n.Ref != len(out) {
				panic(fmt.Sprintf("comment %d is numbered %d", len(out), n.Ref))
			}
			out = append(out, testLeaf{tree.StringValue(n.Text), true, p.AAD(), n.Text != ""})
		}
	}
	for _, m := range trees {
		walk(nil, m)
	}
	return out
}

// roundTrip masks src with fake tokens and unmasks it again. It reports the first
// law that does not hold.
func roundTrip(f Format, src []byte, pick func(i int, l testLeaf) bool) (encrypted []byte, err error) {
	d, err := f.Parse(src)
	if err != nil {
		return nil, refused{err}
	}
	if d.Reserved() > 0 {
		return nil, refused{fmt.Errorf("reserved name on line %d", d.Reserved())}
	}
	leaves := leavesOf(d.Trees())
	if len(leaves) != d.Leaves() {
		return nil, fmt.Errorf("%d leaves in the trees, %d in the document", len(leaves), d.Leaves())
	}
	tokens := make([]string, len(leaves))
	for i, l := range leaves {
		if typ := l.value.Type(); l.masked && (pick == nil || pick(i, l)) {
			if l.comment {
				typ = "comment"
			}
			tokens[i] = fakeToken(i, typ)
		}
	}
	m, err := d.Mask(tokens)
	if err != nil {
		return nil, fmt.Errorf("mask: %w", err)
	}
	if encrypted, err = m.Insert(fakeMeta()); err != nil {
		return nil, fmt.Errorf("insert: %w", err)
	}
	if err := leak(d, encrypted, leaves, tokens); err != nil {
		return nil, err
	}
	return encrypted, open(f, src, encrypted, d, leaves, tokens, m.Layout)
}

// leak reports an encrypted value that still is in the encrypted text. Short ones,
// and words that keys or unencrypted values have as well, prove nothing.
func leak(d format.Document, encrypted []byte, leaves []testLeaf, tokens []string) error {
	clear := regexp.MustCompile(`ENC\[AES256_GCM,[^\]]*\]|[&*!][^\s,{}]+`).ReplaceAll(encrypted, nil)
	var known strings.Builder
	known.WriteString(flowEntry(fakeMeta()) + "null\n")
	for _, m := range d.Trees() {
		keysOf(m, &known)
	}
	for i, l := range leaves {
		if tokens[i] == "" {
			known.WriteString(l.value.Canonical() + "\n")
		}
	}
	for i, l := range leaves {
		text := strings.Trim(l.value.Canonical(), " :-")
		if tokens[i] != "" && len(text) > 3 && bytes.Contains(clear, []byte(text)) && !strings.Contains(known.String(), text) {
			return fmt.Errorf("%w: the value of line %d", errLeak, d.Line(i))
		}
	}
	return nil
}

func keysOf(n tree.Node, to *strings.Builder) {
	switch n := n.(type) {
	case *tree.Map:
		for _, it := range n.Items {
			to.WriteString(it.Key + "\n")
			keysOf(it.Value, to)
		}
	case *tree.List:
		for _, it := range n.Items {
			keysOf(it, to)
		}
	}
}

var errLeak = errors.New("a secret is readable")

type refused struct{ error }

func open(f Format, src, encrypted []byte, d format.Document, leaves []testLeaf, tokens []string, l *format.Layout) error {
	s, err := f.ParseEncrypted(encrypted)
	if err != nil {
		return fmt.Errorf("the encrypted text: %w", err)
	}
	meta, ok := s.Meta().(*tree.Map)
	if !ok {
		return fmt.Errorf("the encrypted text has no metadata")
	}
	if diff := tree.Diff([]*tree.Map{fakeMeta()}, []*tree.Map{meta}); diff != "" {
		return fmt.Errorf("metadata: %s", diff)
	}
	number := map[string]int{}
	for i, t := range tokens {
		if t != "" {
			number[t] = i
		}
	}
	// The model: the encrypted tree is the plain one with tokens in it.
	found := leavesOf(s.Trees())
	values := make([]format.Plain, len(found))
	var moved error
	for i, got := range found {
		text := strings.TrimSuffix(got.value.Str(), "\n")
		n, is := number[text]
		if !is {
			continue
		}
		if got.comment && leaves[n].comment && got.path != leaves[n].path {
			moved = fmt.Errorf("the comment on line %d is %w from %s to %s", d.Line(n), errMoved, leaves[n].path, got.path)
		} else if got.path != leaves[n].path || got.comment != leaves[n].comment {
			return fmt.Errorf("token %d (line %d) is at %s, was at %s", n, d.Line(n), got.path, leaves[n].path)
		}
		values[i] = format.Plain{Set: true, Value: leaves[n].value, Comment: got.comment}
		delete(number, text)
	}
	if len(number) > 0 {
		for _, n := range number {
			return fmt.Errorf("the token of line %d is lost (comment: %v)", d.Line(n), leaves[n].comment)
		}
	}
	if diff := tree.Diff(withTokens(d.Trees(), tokens), trimTokens(s.Trees())); diff != "" {
		return fmt.Errorf("encrypted tree: %s", diff)
	}
	got, err := s.Unmask(values, l)
	if err != nil {
		return fmt.Errorf("unmask: %w", err)
	}
	if !bytes.Equal(got, src) {
		return fmt.Errorf("%w:\n--- got\n%s\n--- want\n%s", errDiffers, around(got, src), around(src, got))
	}
	return moved
}

var errDiffers = errors.New("the decrypted text differs")

// errMoved: the library finds a comment in another container than before. The
// engine encrypts it anew under the path found.
var errMoved = errors.New("moved")

func around(a, b []byte) []byte {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return fmt.Appendf(nil, "%q", a[max(0, i-60):min(len(a), i+80)])
}

func withTokens(trees []*tree.Map, tokens []string) []*tree.Map {
	return mapStrings(trees, func(s *tree.Scalar) {
		if t := tokens[s.Ref]; t != "" {
			s.Value = tree.StringValue(t)
		}
	})
}

func trimTokens(trees []*tree.Map) []*tree.Map {
	return mapStrings(trees, func(s *tree.Scalar) {
		if t := s.Value.Str(); strings.HasPrefix(t, "ENC[AES256_GCM,") {
			s.Value = tree.StringValue(strings.TrimSuffix(t, "\n"))
		}
	})
}

func mapStrings(trees []*tree.Map, f func(*tree.Scalar)) []*tree.Map {
	out := make([]*tree.Map, len(trees))
	var walk func(tree.Node)
	walk = func(n tree.Node) {
		switch n := n.(type) {
		case *tree.Map:
			for _, it := range n.Items {
				walk(it.Value)
			}
		case *tree.List:
			for _, it := range n.Items {
				walk(it)
			}
		case *tree.Scalar:
			f(n)
		}
	}
	for i, m := range trees {
		out[i] = tree.Clone(m).(*tree.Map)
		walk(out[i])
	}
	return out
}

// variants are the ways in which editors and systems write the same text.
func variants(src []byte) map[string][]byte {
	return map[string][]byte{
		"as it is":   src,
		"crlf":       bytes.ReplaceAll(bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n")),
		"no newline": bytes.TrimRight(src, "\r\n"),
		"bom":        append([]byte(lines.ByteOrderMark), bytes.TrimPrefix(src, []byte(lines.ByteOrderMark))...),
		"blank tail": append(bytes.Clone(src), "\n\n\n"...),
	}
}

// TestCorpusIsSealedAndOpenedExactly runs over testdata/corpus, and over every
// YAML file below the directories of SOPS_CORPUS.
func TestCorpusIsSealedAndOpenedExactly(t *testing.T) {
	t.Parallel()
	dirs := []string{filepath.Join("testdata", "corpus")}
	if more := os.Getenv("SOPS_CORPUS"); more != "" {
		dirs = append(dirs, filepath.SplitList(more)...)
	}
	for _, dir := range dirs {
		files, accepted, refusals := 0, 0, 0
		err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, ".yaml") && !strings.HasSuffix(path, ".yml") {
				return err
			}
			src, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for name, text := range variants(src) {
				files++
				_, err := roundTrip(Format{}, text, nil)
				if _, no := err.(refused); no {
					refusals++
					continue
				}
				accepted++
				if errors.Is(err, errMoved) {
					t.Logf("%s (%s): %v", path, name, err)
				} else if err != nil {
					t.Errorf("%s (%s): %v", path, name, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d texts, %d accepted, %d refused", dir, files, accepted, refusals)
	}
}
