package laws_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
	"github.com/seed-1f7fdfb8/sops/tree"
)

var (
	ageMain   = kinds.ByName(keeper.Age).Key("recipient", "age1ym9y2kmj7n2sw2jmpapp2qvmxa25c6xrmp2e38s4wvw7naq0tskqzu3dsz")
	ageSecond = kinds.ByName(keeper.Age).Key("recipient", "age15xqkuy709wy2qcrczm4h97t8dzfhktftnzyt4c5qdky0jdkq9pvq99kwyc")
	ageThird  = kinds.ByName(keeper.Age).Key("recipient", "age1998wleqmxyk0ke028vul8jn4xlqwss8ldfwc40fp6vglvxtmn50qadmgs0")
)

// listEdits are what people and attackers do to a list of master keys by hand.
var listEdits = []struct {
	name     string
	edit     func(g keeper.Group) keeper.Group
	injected []string
	warns    []string
}{
	{"nothing", func(g keeper.Group) keeper.Group { return g }, nil, nil},
	{"reordered", func(g keeper.Group) keeper.Group { slices.Reverse(g); return g }, nil, nil},
	{"removed", func(g keeper.Group) keeper.Group { return g[:1] }, nil, []string{ageSecond.Identity(), "was removed"}},
	{
		"added", func(g keeper.Group) keeper.Group { return append(g, keeper.WrappedKey{MasterKey: ageThird, Enc: "x"}) },
		[]string{ageThird.Identity()},
		[]string{ageThird.Identity(), "was added"},
	},
	{"duplicated", func(g keeper.Group) keeper.Group { return append(g, g[1]) }, nil, []string{"more than once"}},
	{
		"exchanged", func(g keeper.Group) keeper.Group { g[1].MasterKey = ageThird; return g },
		[]string{ageThird.Identity()},
		[]string{ageThird.Identity(), ageSecond.Identity()},
	},
	{
		"added, of another kind", func(g keeper.Group) keeper.Group {
			return append(g, keeper.WrappedKey{MasterKey: kinds.ByName(keeper.PGP).Key("fp", "ABCD0123"), Enc: "x"})
		},
		[]string{"ABCD0123"},
		[]string{"pgp ABCD0123"},
	},
}

// edited applies an edit to the list and to nothing else of the metadata.
func edited(t *testing.T, f format.Format, text []byte, edit func(keeper.Group) keeper.Group) []byte {
	t.Helper()
	s, err := envelope.Parse(text, f)
	if err != nil {
		t.Fatal(err)
	}
	groups := s.Meta.Keys()
	groups[0] = edit(groups[0])
	out, err := s.SetKeys(groups, s.Meta.Threshold, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// openWarned opens a text and returns the warnings.
func openWarned(t *testing.T, f format.Format, text []byte) (o *envelope.Decrypted, warnings []string, err error) {
	t.Helper()
	s, err := envelope.Parse(text, f)
	if err != nil {
		t.Fatal(err)
	}
	o, err = s.Decrypt(t.Context(), fixtureKeeper(nil), envelope.DecryptOptions{Warn: func(msg string) { warnings = append(warnings, msg) }})
	return o, warnings, err
}

func identitiesOf(keys []keeper.MasterKey) []string {
	var out []string
	for _, m := range keys {
		out = append(out, m.Identity())
	}
	return out
}

// TestAFileWhoseListOfKeysWasEditedIsReadWithAWarning goes over formats, edits,
// and the seals of before.
func TestAFileWhoseListOfKeysWasEditedIsReadWithAWarning(t *testing.T) {
	t.Parallel()
	files := map[string][]byte{}
	for name, plain := range map[string]string{
		"f.yaml": "a: secret\n", "f.json": `{"a": "secret"}`, "f.env": "a=secret\n", "f.ini": "[s]\na = secret\n", "f.bin": "secret",
	} {
		plan := envelope.Plan{Groups: [][]keeper.MasterKey{{ageMain, ageSecond}}, Random: rand.Reader}
		o, err := envelope.New(t.Context(), []byte(plain), formatFor(t, name), plan, fixtureKeeper(nil))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = encryptNow(t, o)
	}
	old, err := os.ReadFile(filepath.Join("testdata", "oldseal", "list.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	files["old.yaml"] = old
	for name, text := range files {
		f := formatFor(t, name)
		for _, e := range listEdits {
			what := name + ": " + e.name
			o, warnings, err := openWarned(t, f, edited(t, f, text, e.edit))
			if err != nil {
				t.Errorf("%s: %v", what, err)
				continue
			}
			if (len(warnings) == 1) != (e.warns != nil) {
				t.Errorf("%s: warnings %q", what, warnings)
			}
			for _, w := range e.warns {
				if !strings.Contains(strings.Join(warnings, ""), w) || !strings.Contains(warnings[0], "seal mismatch") {
					t.Errorf("%s: warnings %q, want %q", what, warnings, w)
				}
			}
			if diff := cmp.Diff(e.injected, identitiesOf(o.Injected())); diff != "" {
				t.Errorf("%s: injected: %s", what, diff)
			}
			if diff := cmp.Diff(e.injected, identitiesOf(o.Unverified())); diff != "" {
				t.Errorf("%s: unverified: %s", what, diff)
			}
			carryOn(t, what, o, e.injected)
		}
	}
}

// carryOn changes a value: the new seal says what the old one left open.
func carryOn(t *testing.T, what string, o *envelope.Decrypted, injected []string) {
	t.Helper()
	plain := plainOf(o)
	if err := o.Replace(append([]byte(strings.Replace(string(plain), "secret", "other", 1)), '\n')); err != nil {
		t.Fatal(err)
	}
	back, warnings, err := openWarned(t, o.Format(), encryptNow(t, o))
	if err != nil || len(warnings) > 0 {
		t.Fatalf("%s, after a change: %v %q", what, err, warnings)
	}
	if diff := cmp.Diff(injected, identitiesOf(back.Injected())); diff != "" {
		t.Errorf("%s, after a change: injected: %s", what, diff)
	}
	back.Vouch(back.Injected())
	if got := back.Unverified(); len(got) > 0 {
		t.Errorf("%s: still unverified: %v", what, identitiesOf(got))
	}
}

// TestWhatASealSaysOfAFileWithoutOneIsThatNothingVouches holds that a change of
// a file without a seal does not launder what was in it.
func TestWhatASealSaysOfAFileWithoutOneIsThatNothingVouches(t *testing.T) {
	t.Parallel()
	f := formatFor(t, "x.yaml")
	text := readFixture(t, "files/key-01-two-age/enc.yaml")
	for range 3 {
		o, _, err := openWarned(t, f, text)
		if err != nil {
			t.Fatal(err)
		}
		if !o.Unproved() || len(o.Unverified()) != 2 || len(o.Injected()) != 0 {
			t.Errorf("unproved %t, unverified %v, injected %v", o.Unproved(), identitiesOf(o.Unverified()), identitiesOf(o.Injected()))
		}
		if err := o.Set(tree.Address{{Key: "new" + o.Meta.LastModified.String(), IsKey: true}}, tree.Text("x")); err != nil {
			t.Fatal(err)
		}
		text = encryptNow(t, o)
	}
	o, _, err := openWarned(t, f, text)
	if err != nil {
		t.Fatal(err)
	}
	o.VouchStructure()
	o.Vouch(o.Unverified())
	if err := o.Set(tree.Address{{Key: "again", IsKey: true}}, tree.Text("x")); err != nil {
		t.Fatal(err)
	}
	if o, _, err = openWarned(t, f, encryptNow(t, o)); err != nil || o.Unproved() || len(o.Unverified()) > 0 {
		t.Errorf("%v, unproved %t, unverified %v", err, o.Unproved(), identitiesOf(o.Unverified()))
	}
}

// TestSealsOfBeforeStillOpen holds that, and that they are not a way around the
// present ones.
func TestSealsOfBeforeStillOpen(t *testing.T) {
	t.Parallel()
	unverified := map[string]int{"unverified.yaml": 1}
	files, err := filepath.Glob("testdata/oldseal/*.*")
	if err != nil || len(files) < 6 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if name == "README.md" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f := formatFor(t, name)
		o, warnings, err := openWarned(t, f, text)
		if err != nil || len(warnings) > 0 || len(o.Unverified()) != unverified[name] {
			t.Errorf("%s: %v %q", name, err, warnings)
			continue
		}
		for what, change := range map[string][2]string{
			"the version":                    {"version: 3.13.3", `version: "3.13.4"`},
			"a version that makes two lines": {"version: 3.13.3", `version: "3.13.3\nmac_only_encrypted false"`},
			"the rule":                       {"unencrypted_suffix: _unencrypted", "unencrypted_suffix: _plain"},
			"a value":                        {", \"\"]", ", \"\", \"\"]"},
		} {
			bad := strings.Replace(string(text), change[0], change[1], 1)
			if bad == string(text) {
				continue
			}
			if _, _, err := openWarned(t, f, []byte(bad)); err == nil {
				t.Errorf("%s: %s was changed, which nothing notices", name, what)
			}
		}
	}
}
