package laws_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// sopsFiles are written by the real SOPS, in its own layout.
var sopsFiles = []string{
	"yaml-02-empty-and-null", "yaml-04-floats", "yaml-05-timestamps", "yaml-07-unicode-and-binary", "yaml-08-multiline",
	"yaml-10-anchors-and-merge", "yaml-12-comments", "yaml-13-comments-in-list", "yaml-14-multidoc", "yaml-17-equal-list-items",
	"json-01-basic", "json-02-numbers", "json-03-escapes", "json-07-indent-2", "env-01-basic", "env-02-newlines",
	"ini-01-basic", "ini-02-comments", "old-3.7.3-yaml", "old-3.7.3-json", "old-3.8.1-ini", "rule-07-encrypted-comment-regex",
}

func decryptReferenceFile(t *testing.T, id string) (format.Format, []byte, *envelope.Decrypted) {
	t.Helper()
	for _, ext := range []string{"yaml", "json", "env", "ini"} {
		if strings.Contains(id, ext) || ext == "yaml" && strings.HasPrefix(id, "rule-") {
			name := "files/" + id + "/enc." + ext
			f := formatFor(t, name)
			o, err := decryptFixture(t, f, name, nil, envelope.DecryptOptions{})
			if err != nil {
				t.Fatalf("%s: %v", id, err)
			}
			return f, readFixture(t, name), o
		}
	}
	t.Fatalf("%s: no format", id)
	return nil, nil, nil
}

func encryptNow(t *testing.T, o *envelope.Decrypted) []byte {
	t.Helper()
	out, err := o.Encrypt(envelope.EncryptOptions{Now: time.Now(), Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// otherLines returns the lines that only one of two texts has, without those of
// the metadata that every rewrite renews.
func otherLines(a, b []byte) (removed, added []string) {
	count := map[string]int{}
	for line := range strings.Lines(string(a)) {
		count[line]++
	}
	for line := range strings.Lines(string(b)) {
		if count[line]--; count[line] < 0 && !renewed(line) {
			added = append(added, line)
		}
	}
	for line, n := range count {
		for ; n > 0; n-- {
			if !renewed(line) {
				removed = append(removed, line)
			}
		}
	}
	return removed, added
}

func renewed(line string) bool {
	for _, name := range []string{"lastmodified", "mac", "seal", "layout"} {
		if strings.HasPrefix(strings.TrimLeft(strings.TrimPrefix(strings.TrimSpace(line), "sops_"), `"`), name) {
			return true
		}
	}
	return false
}

func TestAChangeOfOneValueLeavesTheLinesOfSOPSAlone(t *testing.T) {
	t.Parallel()
	for _, id := range sopsFiles {
		f, encrypted, o := decryptReferenceFile(t, id)
		at := tree.Address{{Key: "added_key", IsKey: true}}
		want := 1
		if f.Name() == "ini" {
			at = append(tree.Address{{Key: "added_section", IsKey: true}}, at...)
			want = 3 // header, value, blank line
		}
		if err := o.Set(at, tree.Text("value")); err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		out := encryptNow(t, o)
		removed, added := otherLines(encrypted, out)
		if len(removed) != 0 || len(added) > want {
			t.Errorf("%s: removed %q, added %q", id, removed, added)
		}
		back := reopen(t, f, out, o)
		if diff := tree.Diff(o.Trees(), back.Trees()); diff != "" && !strings.Contains(diff, "type of the value") {
			t.Errorf("%s: %s", id, diff)
		}

		// Taking it out again gives back what there was.
		if err := back.Unset(at); err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		removed, added = otherLines(encrypted, encryptNow(t, back))
		if f.Name() == "ini" {
			continue // an empty section stays
		}
		if diff := cmp.Diff([]string(nil), append(removed, added...)); diff != "" {
			t.Errorf("%s, taken out again:\n%s", id, diff)
		}
	}
}

func reopen(t *testing.T, f format.Format, encrypted []byte, o *envelope.Decrypted) *envelope.Decrypted {
	t.Helper()
	s, err := envelope.Parse(encrypted, f)
	if err != nil {
		t.Fatal(err)
	}
	back, err := s.DecryptWith(o.Data, envelope.DecryptOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return back
}

func TestRotationKeepsEveryLineWhereItIs(t *testing.T) {
	t.Parallel()
	for _, id := range sopsFiles {
		f, encrypted, o := decryptReferenceFile(t, id)
		before := string(plainOf(o))
		groups := [][]keeper.MasterKey{{keeper.Undescribed(keeper.Age, "recipient", "r")}}
		if err := o.Rotate(t.Context(), memoryKeeper{}, groups, 0, rand.Reader); err != nil {
			t.Fatal(err)
		}
		out := encryptNow(t, o)
		if diff := cmp.Diff(shape(encrypted), shape(out)); diff != "" {
			t.Errorf("%s (-before +after):\n%s", id, diff)
		}
		if back := reopen(t, f, out, o); string(plainOf(back)) != before {
			t.Errorf("%s: the content changed:\n%s", id, cmp.Diff(before, string(plainOf(back))))
		}
	}
}

// shape is a text without its tokens and its metadata.
func shape(text []byte) string {
	var out strings.Builder
	for line := range strings.Lines(string(text)) {
		trimmed := strings.TrimLeft(line, " \t\"[")
		if strings.HasPrefix(trimmed, "sops") {
			break
		}
		if i := strings.Index(line, "ENC["); i >= 0 {
			line = line[:i] + "T" + line[strings.LastIndexByte(line, ']')+1:]
		}
		out.WriteString(line)
	}
	return out.String()
}
