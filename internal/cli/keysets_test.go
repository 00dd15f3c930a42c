package cli_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/cli"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/formatname"
	"github.com/seed-1f7fdfb8/sops/internal/term"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
	"github.com/seed-1f7fdfb8/sops/std"
)

// A keyBench runs our program in this process, in a directory with all keys but
// those of PGP, which it cannot use.
type keyBench struct {
	dir  string
	vars map[string]string
}

func newKeyBench(t *testing.T, server *devkms.Server) *keyBench {
	t.Helper()
	b := &keyBench{dir: t.TempDir(), vars: map[string]string{}}
	vars, err := server.Environ(b.dir)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := filepath.Abs("../../internal/test/golden/keys/age-all-three.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range append(vars, "HOME="+b.dir, "SOPS_AGE_KEY_FILE="+keys) {
		name, value, _ := strings.Cut(v, "=")
		b.vars[name] = value
	}
	return b
}

func (b *keyBench) run(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = cli.Run(t.Context(), append([]string{"sops"}, args...), &app.App{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs,
		Env: env.Map(b.vars), Dir: b.dir, Now: time.Now, Random: rand.Reader, HostName: "bench",
		Terminal: func() (*term.Terminal, error) { return nil, term.ErrNone },
	})
	return status, out.String(), errs.String()
}

func (b *keyBench) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (b *keyBench) read(t *testing.T, name string) []byte {
	t.Helper()
	src, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// encrypted parses an encrypted file.
func (b *keyBench) encrypted(t *testing.T, name string) *envelope.Encrypted {
	t.Helper()
	kind, _ := formatname.ForPath(name)
	f, err := std.Format(kind)
	if err != nil {
		t.Fatal(err)
	}
	s, err := envelope.Parse(b.read(t, name), f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The keys of the table, in the order in which rules name them here.
var setKeys = []keeper.MasterKey{
	kinds.ByName(keeper.Age).Key("recipient", "age15xqkuy709wy2qcrczm4h97t8dzfhktftnzyt4c5qdky0jdkq9pvq99kwyc"),
	kinds.ByName(keeper.PGP).Key("fp", "85D77543B3D624B63CEA9E6DBC17301B491B3F21"),
	kinds.ByName(keeper.KMS).Key("arn", "arn:aws:kms:us-east-1:111111111111:key/11111111-1111-4111-8111-000000000001"),
	kinds.ByName(keeper.Age).Key("recipient", "age1ym9y2kmj7n2sw2jmpapp2qvmxa25c6xrmp2e38s4wvw7naq0tskqzu3dsz"),
	kinds.ByName(keeper.KMS).Key("arn", "arn:aws:kms:eu-west-1:111111111111:key/11111111-1111-4111-8111-000000000002"),
}

// keySet returns the keys whose bits are set.
func keySet(bits int) []keeper.MasterKey {
	var out []keeper.MasterKey
	for i, m := range setKeys {
		if bits>>i&1 == 1 {
			out = append(out, m)
		}
	}
	return out
}

// rule writes the groups as a creation rule, in one of three forms.
func ruleText(groups [][]keeper.MasterKey, form int) string {
	lists := func(g []keeper.MasterKey, kind string) []string {
		var out []string
		for _, m := range g {
			if m.Kind == kind {
				out = append(out, m.Identity())
			}
		}
		return out
	}
	var b strings.Builder
	b.WriteString("creation_rules:\n  - shamir_threshold: 0\n")
	if len(groups) == 1 && form < 2 {
		for _, kind := range []string{keeper.Age, keeper.KMS, keeper.PGP} {
			names := lists(groups[0], kind)
			switch {
			case len(names) == 0:
			case form == 0:
				fmt.Fprintf(&b, "    %s: %q\n", kind, strings.Join(names, ","))
			default:
				fmt.Fprintf(&b, "    %s:\n      - %s\n", kind, strings.Join(names, "\n      - "))
			}
		}
		return b.String()
	}
	b.WriteString("    key_groups:\n")
	for _, g := range groups {
		b.WriteString("      - merge: []\n")
		for _, kind := range []string{keeper.PGP, keeper.KMS, keeper.Age} {
			names := lists(g, kind)
			if len(names) == 0 {
				continue
			}
			fmt.Fprintf(&b, "        %s:\n", kind)
			for _, name := range names {
				if kind == keeper.KMS {
					name = "{arn: \"" + name + "\"}"
				}
				fmt.Fprintf(&b, "          - %s\n", name)
			}
		}
	}
	return b.String()
}

// plain returns a text of the file type of name.
func plainFor(name string) string {
	switch filepath.Ext(name) {
	case ".yaml":
		return "a: secret\n"
	case ".json":
		return "{\n\t\"a\": \"secret\"\n}\n"
	case ".ini":
		return "[s]\na = secret\n"
	}
	return "a=secret\n"
}

func (b *keyBench) must(t *testing.T, args ...string) (stderr string) {
	t.Helper()
	status, _, stderr := b.run(t, args...)
	if status != 0 {
		t.Fatalf("%v: exit %d\n%s", args, status, stderr)
	}
	return stderr
}

// make encrypts a file for groups. A key of PGP comes into it with a wrapped data
// key that is none, as it would be in the file of a colleague.
func (b *keyBench) make(t *testing.T, name string, groups [][]keeper.MasterKey, encrypted bool) {
	t.Helper()
	b.write(t, name, plainFor(name))
	usable := make([][]keeper.MasterKey, len(groups))
	for i, g := range groups {
		usable[i] = slices.DeleteFunc(slices.Clone(g), func(m keeper.MasterKey) bool { return m.Kind == keeper.PGP })
		if len(usable[i]) == 0 {
			usable[i] = setKeys[2:3] // leaves again below
		}
	}
	b.write(t, ".sops.yaml", ruleText(usable, 2))
	b.must(t, "encrypt", "-i", name)
	s := b.encrypted(t, name)
	wrapped := s.Meta.Keys()
	for i, g := range groups {
		var all keeper.Group
		for _, m := range g {
			w := keeper.WrappedKey{MasterKey: m, Enc: pgpEnc, Created: time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)}
			if at := slices.IndexFunc(wrapped[i], func(w keeper.WrappedKey) bool { return keeper.Same(w.MasterKey, m) }); at >= 0 {
				w = wrapped[i][at]
			}
			all = append(all, w)
		}
		wrapped[i] = all
	}
	if !encrypted {
		s.Meta.Seal = ""
	}
	out, err := s.SetKeys(wrapped, s.Meta.Threshold, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b.write(t, name, string(out))
}

const pgpEnc = "-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----\n"

// names lists the keys of groups by kind, each kind in its order.
func names(groups [][]keeper.MasterKey) []map[string][]string {
	out := make([]map[string][]string, len(groups))
	for i, g := range groups {
		out[i] = map[string][]string{}
		for _, m := range g {
			out[i][m.Kind] = append(out[i][m.Kind], m.Identity())
		}
	}
	return out
}

// TestUpdatekeysLeadsFromEverySetOfKeysToEveryOther goes through all ordered
// pairs of sets of keys of three kinds, one of which this program cannot use. The
// other axes (file type, seal, form of the rule) turn with the pairs.
func TestUpdatekeysLeadsFromEverySetOfKeysToEveryOther(t *testing.T) {
	t.Parallel()
	server := devkms.Start(t, nil)
	const sets = 1 << 5
	files := []string{"f.yaml", "f.json", "f.env", "f.ini", "f.bin"}
	for from := 1; from < sets; from++ {
		t.Run(fmt.Sprintf("from %05b", from), func(t *testing.T) {
			t.Parallel()
			b := newKeyBench(t, server)
			for to := 1; to < sets; to++ {
				turn := from*sets + to
				b.step(t, files[turn%len(files)], [][]keeper.MasterKey{keySet(from)}, [][]keeper.MasterKey{keySet(to)}, turn/len(files)%2 == 0, turn%3)
			}
		})
	}
}

// TestUpdatekeysLeadsFromEveryGroupsToEveryOther does the same with two groups,
// whose keys come, go and change places.
func TestUpdatekeysLeadsFromEveryGroupsToEveryOther(t *testing.T) {
	t.Parallel()
	server := devkms.Start(t, nil)
	files := []string{"f.yaml", "f.json", "f.env", "f.ini", "f.bin"}
	sets := []int{0b00001, 0b00100, 0b00101, 0b11101, 0b10110, 0b01011, 0b11111}
	for i, from := range sets {
		t.Run(fmt.Sprintf("from %05b", from), func(t *testing.T) {
			t.Parallel()
			b := newKeyBench(t, server)
			for j, to := range sets {
				other := [][]keeper.MasterKey{keySet(0b00101), keySet(0b11000)}
				turn := i*len(sets) + j
				b.step(t, files[turn%len(files)], [][]keeper.MasterKey{keySet(from), other[0]}, [][]keeper.MasterKey{keySet(to), other[turn%2]}, turn%2 == 0, 2)
				b.step(t, files[turn%len(files)], [][]keeper.MasterKey{keySet(from)}, [][]keeper.MasterKey{other[1], keySet(to)}, turn%2 == 1, 2)
				b.step(t, files[turn%len(files)], [][]keeper.MasterKey{keySet(from), other[1]}, [][]keeper.MasterKey{keySet(to)}, turn%2 == 1, 2)
			}
		})
	}
}

// step makes a file for one list of groups and updates it to another.
func (b *keyBench) step(t *testing.T, name string, from, to [][]keeper.MasterKey, encrypted bool, form int) {
	t.Helper()
	b.make(t, name, from, encrypted)
	before := b.read(t, name)
	b.write(t, ".sops.yaml", ruleText(to, form))
	status, stdout, stderr := b.run(t, "updatekeys", "-y", name)
	what := fmt.Sprintf("%s, encrypted %t: %v -> %v\n%s%s", name, encrypted, names(from), names(to), stdout, stderr)
	if !b.possible(from, to) {
		if status == 0 || !bytes.Equal(b.read(t, name), before) {
			t.Errorf("a key that cannot be used was wrapped for, or used: %s", what)
		}
		return
	}
	if status != 0 {
		t.Errorf("exit %d: %s", status, what)
		return
	}
	s := b.encrypted(t, name)
	if diff := cmp.Diff(names(to), names(s.Meta.MasterKeys())); diff != "" {
		t.Errorf("%s%s", what, diff)
	}
	for _, w := range slices.Concat(s.Meta.Keys()...) {
		if w.Kind == keeper.PGP && strings.TrimSpace(w.Enc) != strings.TrimSpace(pgpEnc) {
			t.Errorf("a wrapped key that stays was changed to %q: %s", w.Enc, what)
		}
	}
	if encrypted != (s.Meta.Seal != "") || encrypted && !s.KeysMarked() {
		t.Errorf("the seal is not what it was: %s", what)
	}
	if usable(to) == len(to) {
		if status, out, stderr := b.run(t, "decrypt", name); status != 0 || out != plainFor(name) || stderr != "" {
			t.Errorf("decrypt: exit %d, %q, %s\n%s", status, out, stderr, what)
		}
	}
	if status, _, stderr := b.run(t, "updatekeys", "-y", name); status != 0 || !strings.Contains(stderr, "already up to date") {
		t.Errorf("a second updatekeys: exit %d, %s\n%s", status, stderr, what)
	}
}

// possible reports whether this program can do the step: it cannot wrap for a
// key of PGP, nor open what has no other.
func (b *keyBench) possible(from, to [][]keeper.MasterKey) bool {
	if usable(from) < len(from) {
		return cmp.Equal(names(from), names(to))
	}
	for i, g := range to {
		for _, m := range g {
			stays := len(from) == len(to) && slices.ContainsFunc(from[i], func(n keeper.MasterKey) bool { return keeper.Same(m, n) })
			if m.Kind == keeper.PGP && !stays {
				return false
			}
		}
	}
	return true
}

// usable counts the groups that this program opens.
func usable(groups [][]keeper.MasterKey) int {
	n := 0
	for _, g := range groups {
		if slices.ContainsFunc(g, func(m keeper.MasterKey) bool { return m.Kind != keeper.PGP }) {
			n++
		}
	}
	return n
}
