package laws_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/cli"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/formatname"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/age"
	"github.com/seed-1f7fdfb8/sops/std"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// internal/test/golden holds golden files made by the real SOPS; its README says
// how each came about.
const fixtures = "../golden"

func readFixture(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(fixtures, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readJSON(t *testing.T, name string, to any) {
	t.Helper()
	if err := json.Unmarshal(readFixture(t, name), to); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// fixtureKeeper opens with the test keys of the fixtures.
func fixtureKeeper(vars map[string]string) keeper.Keeper {
	all := map[string]string{"SOPS_AGE_KEY_FILE": "keys/age-main.txt", "HOME": "/nonexistent"}
	if len(vars) > 0 {
		delete(all, "SOPS_AGE_KEY_FILE")
	}
	for k, v := range vars {
		all[k] = v
	}
	for k, v := range all {
		if strings.HasPrefix(v, "keys/") {
			all[k] = filepath.Join(fixtures, v)
		}
	}
	return keeper.NewMux(age.New(age.Options{Env: env.Map(all)}))
}

func formatFor(t *testing.T, name string) format.Format {
	t.Helper()
	byName, _ := formatname.ForPath(name)
	f, err := std.Format(byName)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func decryptFixture(t *testing.T, f format.Format, name string, vars map[string]string, o envelope.DecryptOptions) (*envelope.Decrypted, error) {
	t.Helper()
	s, err := envelope.Parse(readFixture(t, name), f)
	if err != nil {
		return nil, err
	}
	return s.Decrypt(t.Context(), fixtureKeeper(vars), o)
}

type fixture struct {
	ID, Enc, Dec, Input, Encrypt, Decrypt string
	Env                                   map[string]string `json:"dec_env"`
}

func (x fixture) format(t *testing.T) format.Format {
	name := x.Enc
	if strings.Contains(x.Decrypt, "--input-type binary") {
		name = "x.bin"
	}
	return formatFor(t, name)
}

// ownLayout lists files that we print in another layout than SOPS 3.13.3, with
// the reason. The tree is the same.
var ownLayout = map[string]string{
	"yaml-12-comments":         "a comment after a value stays after it; SOPS moves it above",
	"yaml-13-comments-in-list": "a comment after a value stays after it; SOPS moves it above",
	"yaml-18-indent-2":         "the file keeps its indentation; SOPS indents by 4 without --indent",
	"json-07-indent-2":         "the file keeps its indentation; SOPS indents by a tab without --indent",
}

func TestEveryGoldenFileDecryptsAsTheRealSOPSPrintsIt(t *testing.T) {
	t.Parallel()
	var all []fixture
	readJSON(t, "manifest.json", &all)
	exact := 0
	for _, x := range all {
		t.Run(x.ID, func(t *testing.T) {
			f := x.format(t)
			o, err := decryptFixture(t, f, x.Enc, x.Env, envelope.DecryptOptions{Warn: func(msg string) { t.Errorf("warning: %s", msg) }})
			if err != nil {
				t.Fatal(err)
			}
			want := readFixture(t, x.Dec)
			if bytes.Equal(plainOf(o), want) {
				exact++
				return
			}
			if ownLayout[x.ID] == "" {
				t.Errorf("(-want +got):\n%s", cmp.Diff(string(want), string(plainOf(o))))
			}
			p, err := f.Parse(want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := tree.Diff(p.Trees(), o.Trees()); diff != "" {
				t.Errorf("another tree: %s", diff)
			}
		})
	}
	t.Logf("%d of %d byte for byte", exact, len(all))
}

type vector struct {
	Leaves []struct {
		Kind, Type, AAD string
		Path            []string
		Plaintext       string `json:"plaintext_hex"`
	}
}

func TestEveryValueIsThatOfTheIndependentChecker(t *testing.T) {
	t.Parallel()
	var all []fixture
	readJSON(t, "manifest.json", &all)
	var vectors map[string]vector
	readJSON(t, "vectors.json", &vectors)
	byFolder := map[string]fixture{}
	for _, x := range all {
		byFolder[filepath.Dir(x.Enc)] = x
	}
	for name, v := range vectors {
		x := byFolder[filepath.Dir(name)]
		o, err := decryptFixture(t, x.format(t), name, x.Env, envelope.DecryptOptions{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var want []string
		for _, l := range v.Leaves {
			if l.Kind == "encrypted" && l.Type != "comment" {
				want = append(want, l.AAD+" "+l.Type+" "+canonical(t, l.Type, l.Plaintext))
			}
		}
		if diff := cmp.Diff(want, secretLeaves(t, o)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if len(vectors) != 145 {
		t.Errorf("%d files were compared, want 145", len(vectors))
	}
}

// secretLeaves lists the encrypted values: place, type, canonical bytes.
func secretLeaves(t *testing.T, o *envelope.Decrypted) []string {
	t.Helper()
	sel, err := o.Meta.Selection.CompileStored()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for leaf := range sel.Leaves(o.Trees()) {
		if leaf.Scalar == nil || !leaf.Secret || leaf.Scalar.Value.Kind() == tree.Null || leaf.Scalar.Value.Empty() {
			continue
		}
		out = append(out, string(leaf.AAD)+" "+leaf.Scalar.Value.Type()+" "+short(leaf.Scalar.Value.Canonical()))
	}
	return out
}

// canonical reads the plaintext of a vector. Long ones are given by their hash.
func canonical(t *testing.T, typ, text string) string {
	t.Helper()
	if strings.HasPrefix(text, "sha256:") {
		return text
	}
	plain, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	value, err := tree.Decode(typ, string(plain))
	if err != nil {
		t.Fatal(err)
	}
	return short(value.Canonical())
}

func short(text string) string {
	if len(text) < 400 {
		return text
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text)))
}

type readerCase struct {
	ID, Rule, Dec, Stderr string
	Args                  []string
	Exit                  int
}

// kinder lists files that SOPS 3.13.3 refuses and we read, with the reason.
var kinder = map[string]string{
	"reject/type-bytes-crashes.json":     "the first SOPS wrote this type for binary data; 3.13.3 crashes",
	"reject/version-missing.json":        "nothing depends on the version",
	"reject/version-two-part.json":       "nothing depends on the version",
	"reject/kms-created-at-missing.json": "nothing depends on the date of an entry",
	"reject/hckms-bad-id.json":           "an entry that is not used need not be understood",
	"reject/ini-threshold-float.ini":     "SOPS up to 3.8 wrote it so",
}

// stricter lists files that SOPS 3.13.3 reads and we refuse, with the reason.
var stricter = map[string]string{}

func TestReadersAcceptAndRefuseTheSameFiles(t *testing.T) {
	t.Parallel()
	var all []readerCase
	readJSON(t, "reader-manifest.json", &all)
	for _, x := range all {
		t.Run(x.ID, func(t *testing.T) {
			f := formatFor(t, x.ID)
			o, err := decryptFixture(t, f, x.ID, nil, envelope.DecryptOptions{IgnoreMAC: len(x.Args) > 0})
			want := x.Exit == 0
			if kinder[x.ID] != "" {
				want = true
			}
			if stricter[x.ID] != "" {
				want = false
			}
			if (err == nil) != want {
				t.Fatalf("error %v, want accepted = %t (SOPS: exit %d, %s)", err, want, x.Exit, x.Rule)
			}
			if err != nil {
				code := cli.ExitStatus(err)
				var syntax *format.Error
				if errors.As(err, &syntax) {
					code = 1 // the commands decide on it by what they were doing
				}
				if x.Exit != 0 && code != x.Exit {
					t.Errorf("exit code %d, SOPS: %d (%v)", code, x.Exit, err)
				}
				return
			}
			if x.Dec == "" {
				return
			}
			p, err := f.Parse(readFixture(t, x.Dec))
			if err != nil {
				t.Fatal(err)
			}
			if diff := tree.Diff(p.Trees(), o.Trees()); diff != "" && !sameRendering(t, f, p.Trees(), o.Trees()) {
				t.Errorf("another tree: %s", diff)
			}
		})
	}
}

func sameRendering(t *testing.T, f format.Format, a, b []*tree.Map) bool {
	t.Helper()
	x, err := f.Render(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := f.Render(b)
	return err == nil && bytes.Equal(x, y)
}
