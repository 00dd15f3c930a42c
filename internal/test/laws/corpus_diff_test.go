package laws_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/cli"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/formatname"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/internal/term"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// noise counts the lines of diffs.
type noise struct {
	files, quiet, lost int // lost: a warning said that the layout was
	lines, own, other  int // all, those of what was changed, and the rest of the diff
}

func (n *noise) String() string {
	return fmt.Sprintf("%d files of %d lines; %d lines changed with what was meant, %d others in %d files; layout given up with a warning in %d",
		n.files, n.lines, n.own, n.other, n.files-n.quiet-n.lost, n.lost)
}

func report(t *testing.T, all map[string]*noise) {
	t.Helper()
	for _, name := range formatname.All() {
		if n := all[name]; n != nil {
			t.Logf("%s: %s", name, n)
		}
	}
}

// perFormat is how many real files of each format the tests of diffs take.
const perFormat = 400

// A change is one way to change one value, and how many lines of a diff belong
// to it: a text in a block has two, and an INI key that is there twice; where a
// value went the comma or bracket before it may change, comments above it go as
// well, and those of a map that is empty now need other tokens.
type change struct {
	make           func(t *testing.T, c lawCase, o *envelope.Decrypted, at tree.Address) error
	removed, added int
}

var changes = map[string]change{
	"set": {func(_ *testing.T, _ lawCase, o *envelope.Decrypted, at tree.Address) error {
		return o.Set(at, tree.Text("changed"))
	}, 2, 2},
	"edit": {func(t *testing.T, c lawCase, o *envelope.Decrypted, at tree.Address) error {
		editor := reread(t, c)
		if err := editor.Set(at, tree.Text("changed")); err != nil {
			return err
		}
		plain, err := editor.Plain()
		if err != nil {
			return err
		}
		return o.Replace(plain)
	}, 2, 2},
	"unset": {func(_ *testing.T, _ lawCase, o *envelope.Decrypted, at tree.Address) error { return o.Unset(at) }, 30, 4},
}

// TestAChangeOfOneValueChangesItsLinesOnly changes one value in the middle of
// each real file: but for mac, lastmodified, seal and layout, the encrypted file
// differs in the lines of that value.
func TestAChangeOfOneValueChangesItsLinesOnly(t *testing.T) {
	t.Parallel()
	for name, how := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := map[string]*noise{}
			for _, file := range sampleOf(realFiles(t), perFormat) {
				how.try(t, file, all)
			}
			report(t, all)
		})
	}
}

func (how change) try(t *testing.T, file realFile, all map[string]*noise) {
	t.Helper()
	c, err := encryptText(t, file.format, file.src)
	if err != nil || file.format.Name() == "binary" {
		return
	}
	at, ok := textIn(c.decrypted.Trees())
	if !ok || len(addresses(c.decrypted.Trees())) == 1 { // an empty file shows no style
		return
	}
	o, lost := reopenedWarning(t, c)
	var out []byte
	if err = how.make(t, c, o, at); err == nil {
		out, err = o.Encrypt(encryptOptions())
	}
	if err != nil {
		if e := (*format.Error)(nil); !errors.As(err, &e) {
			t.Errorf("%s: %s: %v", file.name, at, err)
		}
		return
	}
	n := noiseOf(all, file)
	if *lost {
		n.lost++
		return
	}
	removed, added := otherLines(c.encrypted, out)
	if extra := max(0, len(removed)-how.removed) + max(0, len(added)-how.added); extra > 0 {
		n.other += extra
		t.Errorf("%s: %s: removed\n%.300q\nadded\n%.300q", file.name, at, removed, added)
		return
	}
	n.own += len(removed) + len(added)
	n.quiet++
}

// TestARotationKeepsEveryLineOfRealFiles gives each real file a new data key:
// no line moves, and the plaintext stays what it was, to the byte.
func TestARotationKeepsEveryLineOfRealFiles(t *testing.T) {
	t.Parallel()
	for _, file := range sampleOf(realFiles(t), perFormat) {
		c, err := encryptText(t, file.format, file.src)
		if err != nil {
			continue
		}
		o := reread(t, c)
		groups := [][]keeper.MasterKey{{keeper.Undescribed(keeper.Age, "recipient", "r")}}
		if err := o.Rotate(t.Context(), memoryKeeper{}, groups, 0, rand.Reader); err != nil {
			t.Fatal(err)
		}
		out, err := o.Encrypt(encryptOptions())
		if err != nil {
			t.Errorf("%s: %v", file.name, err)
			continue
		}
		before, after := bodyOf(t, file.format, c.encrypted), bodyOf(t, file.format, out)
		if diff := cmp.Diff(withoutTokens(before), withoutTokens(after)); diff != "" {
			t.Errorf("%s (-before +after):\n%.500s", file.name, diff)
		}
		if back := reopen(t, file.format, out, o); !bytes.Equal(plainOf(back), file.src) {
			t.Errorf("%s: the content changed", file.name)
		}
	}
}

func withoutTokens(text []byte) string { return tokenForm.ReplaceAllString(string(text), "T") }

func noiseOf(all map[string]*noise, file realFile) *noise {
	n := all[file.format.Name()]
	if n == nil {
		n = &noise{}
		all[file.format.Name()] = n
	}
	n.files++
	n.lines += bytes.Count(file.src, []byte("\n"))
	return n
}

// textIn returns the address of a text on one line, from the middle of the
// first document.
func textIn(trees []*tree.Map) (tree.Address, bool) {
	all := slices.DeleteFunc(addresses(trees), func(at tree.Address) bool {
		n, err := tree.Find(trees[0], at)
		s, ok := n.(*tree.Scalar)
		return err != nil || !ok || s.Value.Str() == "" || strings.ContainsAny(s.Value.Str(), "\r\n")
	})
	if len(all) == 0 {
		return nil, false
	}
	return all[len(all)/2], true
}

// TestEncryptOfOneKeyLeavesTheOtherLines encrypts one top-level entry of each
// real file and counts the other lines that change.
func TestEncryptOfOneKeyLeavesTheOtherLines(t *testing.T) {
	t.Parallel()
	all := map[string]*noise{}
	for _, file := range sampleOf(realFiles(t), perFormat) {
		d, err := file.format.Parse(file.src)
		if err != nil || len(d.Trees()) != 1 || d.Reserved() > 0 || file.format.Name() == "binary" {
			continue
		}
		keys := slices.DeleteFunc(keysOfFirst(d.Trees()[0]), func(k string) bool { return k == "" })
		if len(keys) == 0 {
			continue
		}
		selection := rule.Rule{EncryptedRegex: "^" + regexp.QuoteMeta(keys[len(keys)/2]) + "$"}
		warned := false
		o, err := envelope.New(t.Context(), file.src, file.format, envelope.Plan{
			Groups: [][]keeper.MasterKey{{keeper.Undescribed(keeper.Age, "recipient", "r")}}, Random: zeros{},
			Selection: selection, Warn: func(string) { warned = true },
		}, memoryKeeper{})
		if err != nil {
			continue
		}
		encrypted, err := o.Encrypt(encryptOptions())
		if err != nil {
			t.Errorf("%s: %v", file.name, err)
			continue
		}
		n := noiseOf(all, file)
		if warned {
			n.lost++
			continue
		}
		own, other := changedLines(file.src, bodyOf(t, file.format, encrypted))
		n.own, n.other = n.own+own, n.other+other
		if other == 0 {
			n.quiet++
		}
	}
	report(t, all)
	for name, n := range all {
		// Some are due: a value with a comment sign, which SOPS would cut.
		if n.other > 3+n.lines/1000 {
			t.Errorf("%s: %d of %d lines changed that hold no secret", name, n.other, n.lines)
		}
	}
}

func keysOfFirst(m *tree.Map) []string {
	var keys []string
	for _, it := range m.Items {
		if !tree.IsComment(it.Value) {
			keys = append(keys, it.Key)
		}
	}
	return keys
}

// changedLines counts the lines of an encrypted text that the plain text does
// not have: with a token, and without. A byte order mark, and whether the last
// line has a line break, make no difference.
func changedLines(src, encrypted []byte) (own, other int) {
	count := map[string]int{}
	for line := range strings.SplitSeq(strings.TrimPrefix(string(src), "\uFEFF"), "\n") {
		count[line]++
	}
	for line := range strings.SplitSeq(string(encrypted), "\n") {
		switch {
		case count[line] > 0:
			count[line]--
		case strings.Contains(line, "ENC["):
			own++
		case line != "":
			other++
		}
	}
	return own, other
}

// TestWhatChangesNothingLeavesBytesAndTimesAlone runs commands that come to the
// same content over encrypted real files.
func TestWhatChangesNothingLeavesBytesAndTimesAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keys, err := filepath.Abs(filepath.Join(fixtures, "keys/age-main.txt"))
	if err != nil {
		t.Fatal(err)
	}
	config := "creation_rules:\n  - age: " + fixtureRecipient + "\n"
	if err := os.WriteFile(filepath.Join(dir, ".sops.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	world := env.Map(map[string]string{"HOME": dir, "SOPS_AGE_KEY_FILE": keys, "SOPS_EDITOR": "true", "PATH": os.Getenv("PATH")})
	long := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	checked := 0
	for i, file := range sampleOf(realFiles(t), 40) {
		o, encrypted, err := encryptForReference(t, file)
		if err != nil {
			continue
		}
		name := filepath.Join(dir, fmt.Sprintf("%d%s", i, filepath.Ext(file.name)))
		if err := os.WriteFile(name, encrypted, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, long, long); err != nil {
			t.Fatal(err)
		}
		commands := [][]string{{"edit", name}, {"updatekeys", "-y", name}, {"unset", "--idempotent", name, `["no"]["such key"]`}}
		if at, ok := textIn(o.Trees()); ok {
			commands = append(commands, []string{"set", name, at.String(), jsonOf(t, o.Trees()[0], at)})
		}
		for _, args := range commands {
			said := runSops(t, dir, world, args)
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			now, err := os.ReadFile(name)
			if err != nil || !bytes.Equal(now, encrypted) || !info.ModTime().Equal(long) {
				t.Fatalf("%s: %s: the file was written (%v)\n%s", file.name, args[0], err, said)
			}
			checked++
		}
	}
	t.Logf("%d commands changed nothing", checked)
}

func jsonOf(t *testing.T, m *tree.Map, at tree.Address) string {
	t.Helper()
	n, err := tree.Find(m, at)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(n.(*tree.Scalar).Value.Str())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// runSops runs a command in this process and returns what it says to people.
func runSops(t *testing.T, dir string, world env.Env, args []string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cli.Run(t.Context(), append([]string{"sops"}, args...), &app.App{
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		Env: world, Dir: dir, Now: time.Now, Random: rand.Reader, HostName: "bench",
		Terminal: func() (*term.Terminal, error) { return nil, term.ErrNone },
	})
	return stdout.String() + stderr.String()
}
