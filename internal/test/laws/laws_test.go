package laws_test

import (
	"crypto/rand"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/formatname"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/std"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// The laws of losslessness, as functions over any format and text. The fuzz
// targets try them on texts that no one would write, the corpus on real ones.

var (
	word      = regexp.MustCompile(`[\pL\pN]{4,}`)
	tokenForm = regexp.MustCompile(`ENC\[AES256_GCM,[^\]]*\]`)
	// What names a YAML collection, or is in a directive, is no value; tags are.
	property = regexp.MustCompile(`[&*%][^\s,\[\]{}]+`)
	// Nor is what is after the header of an INI section, short of a comment.
	afterHeader = regexp.MustCompile(`(?m)^\s*\[.*\][^#;\n]+`)
)

// leaks returns the words, longer than three bytes, of secrets of o that are
// outside the tokens of its encrypted text, though no key and no clear value
// has them.
func leaks(f format.Format, o *envelope.Decrypted, encrypted []byte) ([]string, error) {
	body, err := withoutMeta(f, encrypted)
	if err != nil {
		return nil, err
	}
	sel, err := o.Meta.Selection.CompileStored()
	if err != nil {
		return nil, err
	}
	secret, clear := map[string]bool{}, map[string]bool{"null": true, "Null": true, "NULL": true}
	for leaf := range sel.Leaves(o.Trees()) {
		note := clear
		if leaf.Secret {
			note = secret
		}
		if leaf.Comment != nil {
			noteWords(note, leaf.Comment.Text)
		} else {
			noteWords(note, leaf.Scalar.Value.Canonical())
		}
	}
	for _, text := range append(keysIn(o.Trees()), property.FindAllString(string(plainOf(o)), -1)...) {
		noteWords(clear, text)
	}
	if f.Name() == "ini" {
		for _, text := range afterHeader.FindAllString(string(plainOf(o)), -1) {
			noteWords(clear, text)
		}
	}
	found := map[string]bool{}
	for _, w := range word.FindAllString(tokenForm.ReplaceAllString(string(body), " "), -1) {
		if secret[w] && !clear[w] {
			found[w] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// withoutMeta returns an encrypted text without its metadata, the tokens in
// place.
func withoutMeta(f format.Format, encrypted []byte) ([]byte, error) {
	d, err := f.ParseEncrypted(encrypted)
	if err != nil {
		return nil, err
	}
	return d.Unmask(make([]format.Plain, d.Leaves()), nil)
}

func bodyOf(t testing.TB, f format.Format, encrypted []byte) []byte {
	t.Helper()
	body, err := withoutMeta(f, encrypted)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestAWordOfASecretOutsideTokensIsSeen(t *testing.T) {
	t.Parallel()
	src := []byte("plain_key: hunter2 swordfish\nother: plain_key\n")
	c, err := encryptText(t, formatFor(t, "x.yaml"), src)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := leaks(c.format, c.decrypted, c.encrypted); err != nil || len(found) > 0 {
		t.Errorf("%q, %v, want nothing: the word plain is that of a key", found, err)
	}
	leaky := tokenForm.ReplaceAll(c.encrypted, []byte("swordfish"))
	found, err := leaks(c.format, c.decrypted, leaky)
	if diff := cmp.Diff([]string{"swordfish"}, found); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func noteWords(set map[string]bool, text string) {
	for _, w := range word.FindAllString(text, -1) {
		set[w] = true
	}
}

// plainOf returns the plaintext of a file that must have one.
func plainOf(o *envelope.Decrypted) []byte {
	plain, err := o.Plain()
	if err != nil {
		panic("laws: " + err.Error())
	}
	return plain
}

// keysIn lists the keys of trees, which stay unencrypted.
func keysIn(trees []*tree.Map) []string {
	var keys []string
	var walk func(n tree.Node)
	walk = func(n tree.Node) {
		switch n := n.(type) {
		case *tree.Map:
			for _, it := range n.Items {
				keys = append(keys, it.Key)
				walk(it.Value)
			}
		case *tree.List:
			for _, it := range n.Items {
				walk(it)
			}
		}
	}
	for _, m := range trees {
		walk(m)
	}
	return keys
}

// A lawCase is a text that was encrypted.
type lawCase struct {
	format    format.Format
	src       []byte
	decrypted *envelope.Decrypted
	encrypted []byte
}

var errRefused = errors.New("refused")

// encryptText encrypts src in a format. errRefused is in the chain of the error for a
// text that is not accepted, which is no breach of a law.
func encryptText(t testing.TB, f format.Format, src []byte) (lawCase, error) {
	t.Helper()
	plan := envelope.Plan{Groups: [][]keeper.MasterKey{{keeper.Undescribed(keeper.Age, "recipient", "r")}}, Random: rand.Reader}
	o, err := envelope.New(t.Context(), src, f, plan, memoryKeeper{})
	if err != nil {
		return lawCase{}, errors.Join(errRefused, err)
	}
	encrypted, err := o.Encrypt(encryptOptions())
	if err != nil {
		return lawCase{}, errors.Join(errRefused, err)
	}
	return lawCase{f, src, o, encrypted}, nil
}

// open opens an encrypted text with the data key of c.
func (c lawCase) open(encrypted []byte) (*envelope.Decrypted, error) {
	s, err := envelope.Parse(encrypted, c.format)
	if err != nil {
		return nil, err
	}
	return s.DecryptWith(c.decrypted.Data, envelope.DecryptOptions{})
}

// withLayout returns the encrypted text of c with another layout, none for "".
func withLayout(c lawCase, layout string) ([]byte, error) {
	d, err := c.format.ParseEncrypted(c.encrypted)
	if err != nil {
		return nil, err
	}
	m := tree.Clone(d.Meta()).(*tree.Map)
	m.Items = slices.DeleteFunc(m.Items, func(it tree.Item) bool { return it.Key == "layout" })
	if layout != "" {
		m.Put("layout", tree.Text(layout))
	}
	return d.SetMeta(m)
}

// otherLayouts returns layouts that are not that of c.
func otherLayouts(t testing.TB, c lawCase) map[string]string {
	t.Helper()
	out := map[string]string{"no layout": "", "no token": "text"}
	if own := c.decrypted.Meta.Layout; own != "" {
		out["a damaged layout"] = own[:25] + "A" + own[26:]
		out["half a layout"] = own[:len(own)/2]
	}
	for what, text := range map[string]string{"an older layout": "\r\n" + string(c.src), "another text's layout": string(c.src) + "\r\n\r\n"} {
		other, err := encryptText(t, c.format, []byte(text))
		if err != nil {
			continue
		}
		other.decrypted.Data = c.decrypted.Data
		if _, err := other.decrypted.Encrypt(encryptOptions()); err == nil {
			out[what] = other.decrypted.Meta.Layout
		}
	}
	return out
}

// addresses lists the single values of the first document, but for those below
// a key that is there twice, of which an address cannot say which is meant.
func addresses(trees []*tree.Map) []tree.Address {
	var out []tree.Address
	var walk func(at tree.Address, n tree.Node)
	walk = func(at tree.Address, n tree.Node) {
		at = at[:len(at):len(at)]
		switch n := n.(type) {
		case *tree.Map:
			count := map[string]int{}
			for _, it := range n.Items {
				count[it.Key]++
			}
			for _, it := range n.Items {
				if count[it.Key] == 1 && !tree.IsComment(it.Value) {
					walk(append(at, tree.Step{Key: it.Key, IsKey: true}), it.Value)
				}
			}
		case *tree.List:
			i := 0
			for _, it := range n.Items {
				if !tree.IsComment(it) {
					walk(append(at, tree.Step{Index: i}), it)
					i++
				}
			}
		case *tree.Scalar:
			out = append(out, at)
		}
	}
	if len(trees) > 0 {
		walk(nil, trees[0])
	}
	return out
}

// lawSeeds calls add with the small golden inputs of every format.
func lawSeeds(f *testing.F, add func(format byte, src []byte)) {
	f.Helper()
	for i, name := range formatname.All() {
		for _, text := range seedTexts[name] {
			add(byte(i), []byte(text))
		}
	}
	for _, file := range filesBelow(f, filepath.Join(fixtures, "files"), func(name string) bool {
		info, err := os.Stat(name)
		return strings.HasPrefix(filepath.Base(name), "in.") && err == nil && info.Size() < 120
	}) {
		add(byte(slices.Index(formatname.All(), file.format.Name())), file.src)
	}
}

// seedTexts hold one construct after the other that is hard to keep.
var seedTexts = map[string][]string{
	"yaml": {
		"# top\na: one # after\nb: [x, \"y\", 'z', {k: v}]\nc:\n  # head\n  - 1.0\n  -   two\n  #\n  - ~\n",
		"base: &b {u: root}\nuse:\n  <<: *b\n  k: *b\nt: !Ref Name\nn: 0x1F\ny: yes\n",
		"a: |-  # why\n  text\n\n  more\nb: >\n folded\n text\nc: |2+\n    two\n\n---\nsecond: doc\n...\n",
		"l:\n  - a: x\n  #\n  # between\n  #\n  - a: y\n",
		"\"k 1\":   v\n? k2\n: v2\nk3   : \"q\\x41\\\n  joined\"\nd: plain over\n  two lines\nempty: \"\"\nnothing:\n",
	},
	"json": {
		"{\"a\": 1, \"b\": [1.0, \"x\\u0041\", null, true], \"c\": {}}",
		"{\n\t\"a\" : \"text\",\n\t\"d\": {\"e\": [[\"f\"], {\"g\": -1e2}]}\n}\n",
	},
	"dotenv": {"# c\nA=one\nB=two\\nthree\n\n  # indented\nC='q' # x\nEMPTY=\n"},
	"ini":    {"; top\nname = web ; note\n[s]\nq = \"; x\"\nk: v\nlong = one \\\n  two\n\n[t]\nname=\n"},
	"binary": {"\x00\x01 some bytes \xff\n"},
}

// lawFormat returns the format of a fuzz input.
func lawFormat(t *testing.T, i byte) format.Format {
	t.Helper()
	names := formatname.All()
	f, err := std.Format(names[int(i)%len(names)])
	if err != nil {
		t.Fatal(err)
	}
	return f
}
