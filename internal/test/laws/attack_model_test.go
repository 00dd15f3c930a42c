package laws_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A story is a file that lives: random changes are made to it and to a plain
// tree beside it, and after each the two must be the same.
type story struct {
	t         *testing.T
	random    *rand.Rand
	format    format.Format
	decrypted *envelope.Decrypted
	want      []*tree.Map
	// What every nonce was used for, over the whole life of the file.
	nonces map[string]string
	steps  []string
	clock  time.Time
}

// storySeeds returns how many stories there are; SOPS_STORIES asks for more.
func storySeeds() (first, n int64) {
	first, n = 1, 100
	if v, err := strconv.ParseInt(os.Getenv("SOPS_STORIES"), 10, 64); err == nil {
		n = v
	}
	if v, err := strconv.ParseInt(os.Getenv("SOPS_STORY"), 10, 64); err == nil {
		first = v
	}
	return first, n
}

func TestAFileThatLivesIsWhatItsChangesSay(t *testing.T) {
	t.Parallel()
	first, n := storySeeds()
	refused := 0
	for seed := first; seed < first+n; seed++ {
		t.Run(strconv.FormatInt(seed, 10), func(t *testing.T) {
			s := newStory(t, seed)
			if s == nil {
				refused++
				return
			}
			for range 8 {
				if !s.step() {
					t.Fatalf("after\n%s", strings.Join(s.steps, "\n"))
				}
			}
		})
	}
	t.Logf("%d of %d first texts were refused", refused, n)
}

var storyRules = []rule.Rule{
	{},
	{},
	{UnencryptedSuffix: "_p"},
	{EncryptedSuffix: "_s"},
	{EncryptedRegex: "^[a-d]"},
	{UnencryptedRegex: "^[a-c]$"},
	{EncryptedCommentRegex: "secret"},
	{UnencryptedCommentRegex: "plain"},
}

// newStory encrypts a random text; nil if it is one that is refused.
func newStory(t *testing.T, seed int64) *story {
	t.Helper()
	r := rand.New(rand.NewSource(seed))
	f := lawFormat(t, byte(r.Intn(4)))
	s := &story{t: t, random: r, format: f, nonces: map[string]string{}, clock: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}
	src := s.text()
	o, err := envelope.New(t.Context(), src, f, envelope.Plan{
		Groups:    [][]keeper.MasterKey{{keeper.Undescribed(keeper.Age, "recipient", "r")}},
		Selection: storyRules[r.Intn(len(storyRules))], MACOnlyEncrypted: r.Intn(4) == 0, Random: r,
	}, memoryKeeper{})
	if err != nil {
		return nil
	}
	s.decrypted = o
	s.note("%s %+v\n%s", f.Name(), o.Meta.Selection, src)
	s.want = cloned(o.Trees())
	if !s.encryptText() {
		t.Fatalf("after\n%s", strings.Join(s.steps, "\n"))
	}
	return s
}

func (s *story) note(msg string, args ...any) {
	s.steps = append(s.steps, fmt.Sprintf(msg, args...))
}

func cloned(trees []*tree.Map) []*tree.Map {
	out := make([]*tree.Map, len(trees))
	for i, m := range trees {
		out[i] = tree.Clone(m).(*tree.Map)
	}
	return out
}

// address returns a place in the first document, or beside one.
func (s *story) address() tree.Address {
	var a tree.Address
	if len(s.want) == 0 {
		return tree.Address{{Key: s.key(), IsKey: true}}
	}
	var n tree.Node = s.want[0]
	for {
		switch m := n.(type) {
		case *tree.Map:
			k := s.key()
			if len(m.Items) > 0 && s.random.Intn(4) > 0 {
				if it := m.Items[s.random.Intn(len(m.Items))]; !tree.IsComment(it.Value) {
					k = it.Key
				}
			}
			a = append(a, tree.Step{Key: k, IsKey: true})
			n, _ = m.Get(k)
		case *tree.List:
			i := s.random.Intn(m.Len() + 1)
			a = append(a, tree.Step{Index: i})
			n, _ = tree.Find(m, a[len(a)-1:])
		default:
			return a
		}
		if s.random.Intn(4) == 0 || n == nil {
			return a
		}
	}
}

// step makes one change and encrypts.
func (s *story) step() bool {
	switch s.random.Intn(8) {
	case 0, 1, 2:
		s.set()
	case 3:
		s.unset()
	case 4, 5:
		s.replace()
	case 6:
		s.rotate()
	case 7:
		s.set()
		s.unset()
	}
	return s.encryptText()
}

func (s *story) set() {
	a, n := s.address(), s.node(s.random.Intn(2))
	if s.format.Name() == "dotenv" || s.format.Name() == "ini" {
		v := s.value()
		if v.Kind() == tree.Null {
			v = tree.StringValue("") // these formats do not know the difference
		}
		n = tree.NewScalar(v)
	}
	want := cloned(s.want)
	if len(want) == 0 {
		want = []*tree.Map{{}}
	}
	tree.Set(want[0], a, tree.Clone(n))
	err := s.decrypted.Set(a, n)
	s.note("set %s = %s: %v", a, show(n), err)
	if err == nil {
		s.want = want
	}
}

func show(n tree.Node) string {
	switch n := n.(type) {
	case *tree.Scalar:
		return fmt.Sprintf("%s %q", n.Value.Type(), n.Value.Canonical())
	case *tree.List:
		var parts []string
		for _, it := range n.Items {
			parts = append(parts, show(it))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case *tree.Map:
		var parts []string
		for _, it := range n.Items {
			parts = append(parts, it.Key+": "+show(it.Value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case *tree.Comment:
		return "#" + n.Text
	}
	return "nothing"
}

// ambiguous reports whether a change was refused because a key is there twice,
// or because an alias refers to the place.
func ambiguous(err error) bool {
	var refusal *format.Error
	return errors.As(err, &refusal) || err != nil && strings.Contains(err.Error(), "times in the file")
}

func (s *story) unset() {
	a := s.address()
	want := cloned(s.want)
	wantErr := errors.New("no document")
	if len(want) > 0 {
		wantErr = tree.Unset(want[0], a)
	}
	err := s.decrypted.Unset(a)
	s.note("unset %s: %v", a, err)
	if ambiguous(err) {
		return
	}
	if (err == nil) != (wantErr == nil) {
		s.t.Errorf("unset %s: %v, the model says %v", a, err, wantErr)
	}
	if err == nil {
		s.want = want
	}
}

func (s *story) replace() {
	text := s.disturb(plainOf(s.decrypted))
	if s.random.Intn(8) == 0 {
		text = s.text()
	}
	d, err := s.format.Parse(text)
	replaceErr := s.decrypted.Replace(text)
	s.note("replace: %v\n%s", replaceErr, text)
	if err == nil && replaceErr == nil {
		s.want = cloned(d.Trees())
	}
}

func (s *story) rotate() {
	s.note("rotate")
	groups := [][]keeper.MasterKey{{keeper.Undescribed(keeper.Age, "recipient", "r")}}
	if err := s.decrypted.Rotate(s.t.Context(), memoryKeeper{}, groups, 0, s.random); err != nil {
		s.t.Error(err)
	}
}

// encryptText encrypts, reads back and compares.
func (s *story) encryptText() bool {
	s.clock = s.clock.Add(time.Minute)
	o := s.decrypted
	plain := bytes.Clone(plainOf(o))
	encrypted, err := o.Encrypt(envelope.EncryptOptions{Now: s.clock, Random: s.random})
	if err != nil {
		s.t.Errorf("encrypt: %v", err)
		return false
	}
	s.note("encrypted")
	s.checkNonces(o, encrypted)
	read, err := envelope.Parse(encrypted, s.format)
	if err != nil {
		s.t.Errorf("read: %v", err)
		return false
	}
	back, err := read.DecryptWith(o.Data, envelope.DecryptOptions{Warn: func(m string) {
		if !strings.Contains(m, "layout") { // that of later changes, which may cost looks
			s.t.Errorf("warning: %s", m)
		}
	}})
	if err != nil {
		s.t.Errorf("open: %v\n%s", err, encrypted)
		return false
	}
	if a, b := s.comments(plain), s.comments(plainOf(back)); !slices.Equal(a, b) {
		s.t.Errorf("comments came back differently: %q, want %q\n--- encrypted\n%s", b, a, encrypted)
	}
	s.compare(back.Trees())
	leaked, err := leaks(s.format, back, encrypted)
	leaked = slices.DeleteFunc(leaked, func(w string) bool { return w == "true" || w == "false" }) // spelled so, but not counted so
	if err != nil || len(leaked) > 0 {
		s.t.Errorf("unencrypted secrets: %q (%v)\n%s", leaked, err, encrypted)
	}
	s.decrypted = back
	return !s.t.Failed()
}

// comments lists the texts of the comments of a plain text.
func (s *story) comments(text []byte) []string {
	d, err := s.format.Parse(text)
	if err != nil {
		s.t.Fatal(err)
	}
	sel, err := rule.Rule{}.Compile()
	if err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for leaf := range sel.Leaves(d.Trees()) {
		if leaf.Comment != nil {
			out = append(out, leaf.Comment.Text)
		}
	}
	slices.Sort(out)
	return out
}

func (s *story) compare(got []*tree.Map) {
	diff := tree.Diff(s.want, got)
	if diff == "" {
		return
	}
	a, err1 := s.format.Render(s.want)
	b, err2 := s.format.Render(got)
	if err1 == nil && err2 == nil && bytes.Equal(withoutComments(a), withoutComments(b)) {
		s.want = cloned(got)
		return
	}
	s.t.Errorf("the tree is another one than that of the model: %s\n--- want\n%s\n--- got\n%s", diff, a, b)
}

func withoutComments(text []byte) []byte {
	return regexp.MustCompile(`(?m)^[ \t]*([#;].*)?\n`).ReplaceAll(text, nil)
}

var tokenParts = regexp.MustCompile(`ENC\[AES256_GCM,data:([^,]*),iv:([^,]*),tag:([^,]*),type:`)

// checkNonces notes what each nonce is used for: ciphertext and tag are the
// same only for the same plaintext and the same additional data.
func (s *story) checkNonces(o *envelope.Decrypted, encrypted []byte) {
	for _, m := range tokenParts.FindAllSubmatch(encrypted, -1) {
		use := string(m[1]) + " " + string(m[3])
		k := string(o.Data.Bytes()) + string(m[2])
		if before, ok := s.nonces[k]; ok && before != use {
			s.t.Errorf("a nonce serves two values\n%s", encrypted)
		}
		s.nonces[k] = use
	}
}
