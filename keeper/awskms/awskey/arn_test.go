package awskey

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

const (
	keyA   = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	aliasB = "arn:aws-cn:kms:cn-north-1:444455556666:alias/a/b"
	roleA  = "arn:aws:iam::111122223333:role/path/ops"
	roleB  = "arn:aws-us-gov:iam::444455556666:role/ops"
)

func TestKeyListsAreReadWhateverTheirWhiteSpace(t *testing.T) {
	t.Parallel()
	a, b := Kind().Key("arn", keyA), keeper.Undescribed(keeper.KMS, "arn", aliasB)
	aWithRole := Kind().Key("arn", keyA, "role", roleA)
	for _, test := range []struct {
		name, list string
		want       []keeper.MasterKey
	}{
		{"nothing", "", nil},
		{"only commas", " ,,\n", nil},
		{"one", keyA, []keeper.MasterKey{a}},
		{"trailing comma", keyA + ",", []keeper.MasterKey{a}},
		{"blanks", keyA + " , " + aliasB, []keeper.MasterKey{a, b}},
		{"lines and tabs", "\n\t" + keyA + ",\r\n\t" + aliasB + "\n", []keeper.MasterKey{a, b}},
		{"blanks without commas", keyA + " " + aliasB, []keeper.MasterKey{a, b}},
		{"lines without commas", keyA + "\n" + aliasB + "\r\n", []keeper.MasterKey{a, b}},
		{"tabs without commas", "\t" + keyA + "\t" + aliasB, []keeper.MasterKey{a, b}},
		{"other white space", keyA + "\u00a0\v\f\u2028" + aliasB, []keeper.MasterKey{a, b}},
		{"roles without commas", keyA + "+" + roleA + "\n" + aliasB, []keeper.MasterKey{aWithRole, b}},
		{"plus sign between blanks", keyA + " + " + roleA + " " + aliasB, []keeper.MasterKey{aWithRole, b}},
		{"plus sign at the end of a line", keyA + "+\n" + roleA, []keeper.MasterKey{aWithRole}},
		{"role", keyA + "+" + roleA, []keeper.MasterKey{aWithRole}},
		{"folded role", keyA + "\n  +" + roleA, []keeper.MasterKey{aWithRole}},
		{"role of another partition", keyA + "+" + roleB, []keeper.MasterKey{Kind().Key("arn", keyA, "role", roleB)}},
		{"plus sign of the alias", aliasB + "+x", []keeper.MasterKey{Kind().Key("arn", aliasB+"+x")}},
		{"multi-Region", "arn:aws:kms:eu-west-1:1:key/mrk-1", []keeper.MasterKey{Kind().Key("arn", "arn:aws:kms:eu-west-1:1:key/mrk-1")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse(test.list)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("Parse(%q) (-want +got):\n%s", test.list, d)
			}
		})
	}
}

func TestWrongKeysAreNamedWithAHint(t *testing.T) {
	t.Parallel()
	const id = "1234abcd-12ab-34cd-56ef-1234567890ab"
	for _, test := range []struct{ list, token, hint string }{
		{"alias/x", "alias/x", "arn:aws:kms:us-east-1:111122223333:alias/x"},
		{keyA + "," + id, id, "arn:aws:kms:us-east-1:111122223333:key/" + id},
		{"key/" + id, "key/" + id, "111122223333:key/" + id},
		{"ARN:AWS:KMS:x:1:key/y", "ARN:AWS:KMS:x:1:key/y", "lower case"},
		{roleA, roleA, "KEY_ARN+" + roleA},
		{"arn:aws:kms::1:key/x", "arn:aws:kms::1:key/x", "full ARN"},
		{"arn:aws:kms:eu-west-1::key/x", "arn:aws:kms:eu-west-1::key/x", "full ARN"},
		{"arn:aws:kms:eu-west-1:1:keys/x", "arn:aws:kms:eu-west-1:1:keys/x", "full ARN"},
		{"arn:aws:kms:eu:west:1:key/x", "arn:aws:kms:eu:west:1:key/x", "full ARN"},
		{"arn:aws:kms:evil.example/:1:key/x", "arn:aws:kms:evil.example/:1:key/x", "full ARN"},
		{keyA + "+arn:aws:iam::1:user/x", "arn:aws:iam::1:user/x", "role/NAME"},
		{keyA + "+" + roleA + "+" + roleB, roleA + "+" + roleB, "role/NAME"},
	} {
		_, err := Parse(test.list)
		var bad *KeyError
		if !errors.As(err, &bad) {
			t.Errorf("Parse(%q): got %v, want a *KeyError", test.list, err)
			continue
		}
		if bad.Token != test.token || !strings.Contains(strings.Join(bad.Hints(), " "), test.hint) {
			t.Errorf("Parse(%q): got token %q and hints %q, want %q and %q", test.list, bad.Token, bad.Hints(), test.token, test.hint)
		}
	}
}

func TestOneKeyHasTheFieldsOfTheMetadata(t *testing.T) {
	t.Parallel()
	got, err := New(keyA+"+"+roleA, roleA, " dev ", map[string]string{"app": "x"})
	want := Kind().Key("arn", keyA, "role", roleA, "aws_profile", "dev").With("context", map[string]string{"app": "x"})
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("(-want +got):\n%s%v", d, err)
	}
	if _, err := New(keyA+"+"+roleA, roleB, "", nil); err == nil || !strings.Contains(err.Error(), roleB) {
		t.Errorf("two roles for one key: got %v", err)
	}
	if _, err := New(keyA+"\n"+aliasB, "", "", nil); err == nil || !strings.Contains(err.Error(), "several keys") {
		t.Errorf("two keys in the place of one: got %v", err)
	}
	if _, err := New(keyA, "", "", map[string]string{"": "x"}); err == nil {
		t.Error("an empty context key was accepted")
	}
}

func FuzzKeysSayWhatTheyWereReadFrom(f *testing.F) {
	for _, s := range []string{keyA, keyA + "+" + roleA, " " + aliasB + "\t,", "alias/x", "+arn:", ",", keyA + " " + aliasB, keyA + " + " + roleA + "\n" + keyA} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, list string) {
		keys, err := Parse(list)
		if err != nil {
			return
		}
		var items []string
		for _, k := range keys {
			items = append(items, k.RawIdentity())
		}
		again, err := Parse(strings.Join(items, ","))
		if d := cmp.Diff(keys, again); d != "" || err != nil {
			t.Errorf("%q: %v\n%s", list, err, d)
		}
		if got, want := strings.Join(items, ""), WithoutSpace(strings.Join(keeper.Words(list), "")); got != want {
			t.Errorf("%q: got %q, want %q", list, got, want)
		}
	})
}
