package yaml

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// sopsFile is a file that the reference program wrote, and what it prints.
type sopsFile struct {
	name     string
	enc, dec []byte
}

func sopsFiles(t testing.TB) []sopsFile {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "sops", "*.enc.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files by SOPS: %v", err)
	}
	var out []sopsFile
	for _, p := range paths {
		f := sopsFile{name: strings.TrimSuffix(filepath.Base(p), ".enc.yaml")}
		if f.enc, err = os.ReadFile(p); err != nil {
			t.Fatal(err)
		}
		if f.dec, err = os.ReadFile(strings.TrimSuffix(p, ".enc.yaml") + ".dec.yaml"); err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

// sopsValues returns the plaintexts of the tokens of all files by SOPS.
func sopsValues(t testing.TB) map[string]format.Plain {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "sops", "values.json"))
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string][2]string
	if err := json.Unmarshal(b, &raw); err != nil {
		t.Fatal(err)
	}
	out := map[string]format.Plain{}
	for tag, v := range raw {
		text, err := hex.DecodeString(v[1])
		if err != nil {
			t.Fatal(err)
		}
		p := format.Plain{Set: true, Comment: v[0] == "comment", Value: tree.StringValue(string(text))}
		if !p.Comment {
			if p.Value, err = tree.Decode(v[0], string(text)); err != nil {
				t.Fatal(err)
			}
		}
		out[tag] = p
	}
	return out
}

func unmaskSOPS(t testing.TB, s format.Document, known map[string]format.Plain) []format.Plain {
	t.Helper()
	values := make([]format.Plain, s.Leaves())
	for i, l := range leavesOf(s.Trees()) {
		if text := strings.TrimSpace(l.value.Str()); strings.HasPrefix(text, "ENC[AES256_GCM,") {
			v, ok := known[format.TokenHash(text)]
			if !ok {
				continue // tokens in plaintext positions
			}
			values[i] = v
		}
	}
	return values
}

func TestFilesOfSOPSOpenAsSOPSPrintsThem(t *testing.T) {
	t.Parallel()
	known := sopsValues(t)
	for _, f := range sopsFiles(t) {
		s, err := Format{}.ParseEncrypted(f.enc)
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		got, err := s.Unmask(unmaskSOPS(t, s, known), nil)
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		want := string(f.dec)
		if kept, ok := ourPlace()[f.name]; ok {
			want = kept
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s (-SOPS +ours):\n%s", f.name, diff)
		}
	}
}

// ourPlace holds what we print where SOPS moves things: inline comments
// above their values, and the indentation to its default.
func ourPlace() map[string]string {
	return map[string]string{
		"yaml-12-comments": "# document head 1\n# document head 2\n# head of a\na: 1 # inline a\n# below a\n# head of b\n# after b\nb:\n" +
			"    # head of c\n    c: x # inline c\n    # foot of c\n#no space\n#\n##double\ne: 5\n# the end\n",
		"yaml-13-comments-in-list": "# after l\nl:\n    # head of first\n    # inline i1\n    - i1\n    # head of second\n    - i2\n    # foot of second\nm:\n" +
			"    - x: 1 # inline in map in list\n      # head z\n      z: 2\n",
		"yaml-18-indent-2": "a:\n  b:\n    - c\n",
	}
}

func TestMetadataIsWrittenAsSOPSWritesIt(t *testing.T) {
	t.Parallel()
	for _, f := range sopsFiles(t) {
		s, err := Format{}.ParseEncrypted(f.enc)
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		got, err := s.SetMeta(s.Meta().(*tree.Map))
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		if diff := cmp.Diff(string(f.enc), string(got)); diff != "" {
			t.Errorf("%s (-SOPS +ours):\n%s", f.name, diff)
		}
	}
}

func TestRenderWritesWhatSOPSPrints(t *testing.T) {
	t.Parallel()
	known := sopsValues(t)
	for _, f := range sopsFiles(t) {
		s, err := Format{}.ParseEncrypted(f.enc)
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		trees := decrypted(s.Trees(), unmaskSOPS(t, s, known))
		got, err := Format{}.Render(trees)
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		if diff := cmp.Diff(string(f.dec), string(got)); diff != "" {
			t.Errorf("%s (-SOPS +ours):\n%s", f.name, diff)
		}
	}
}

// decrypted returns trees with values in the places of tokens, as the root package
// makes them: encrypted comments are never inline, and list elements of type
// comment are comments.
func decrypted(trees []*tree.Map, values []format.Plain) []*tree.Map {
	var open func(n tree.Node) tree.Node
	open = func(n tree.Node) tree.Node {
		switch n := n.(type) {
		case *tree.Map:
			for i := range n.Items {
				n.Items[i].Value = open(n.Items[i].Value)
			}
		case *tree.List:
			for i := range n.Items {
				n.Items[i] = open(n.Items[i])
			}
		case *tree.Scalar:
			if v := values[n.Ref]; v.Set && v.Comment {
				return &tree.Comment{Text: v.Value.Str()}
			} else if v.Set {
				return tree.NewScalar(v.Value)
			}
		case *tree.Comment:
			if v := values[n.Ref]; v.Set {
				return &tree.Comment{Text: v.Value.Str()}
			}
		}
		return n
	}
	out := make([]*tree.Map, len(trees))
	for i, m := range trees {
		out[i] = open(tree.Clone(m)).(*tree.Map)
	}
	return out
}
