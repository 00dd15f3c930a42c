package age

import (
	"errors"
	"strings"
	"testing"

	"filippo.io/age/plugin"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/age/agekey"
)

const (
	mainRecipient = "age1ym9y2kmj7n2sw2jmpapp2qvmxa25c6xrmp2e38s4wvw7naq0tskqzu3dsz"
	sshRecipient  = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINJLN3yJtB5RLparuQXGmoAxYpSCKPep3yQnrfuLfzwS a1-fixture"
)

func TestRecipientsOfAllKindsAreRead(t *testing.T) {
	t.Parallel()
	hybrid := wrappedFor(t, "pq.txt").Text("recipient")
	rsa := wrappedFor(t, "ssh_rsa").Text("recipient")
	fake := plugin.EncodeRecipient("fake", []byte("data"))
	tests := []struct {
		list string
		want []string
	}{
		{"", nil},
		{" , ", nil},
		{mainRecipient, []string{mainRecipient}},
		{" " + mainRecipient + " ,\n" + hybrid + ",", []string{mainRecipient, hybrid}},
		{sshRecipient + "," + rsa, []string{sshRecipient, rsa}},
		{fake, []string{fake}},
		{mainRecipient + " " + hybrid, []string{mainRecipient, hybrid}},
		{mainRecipient + "\n" + hybrid + "\r\n" + fake, []string{mainRecipient, hybrid, fake}},
		{"\t" + mainRecipient + "\u00a0" + hybrid, []string{mainRecipient, hybrid}},
		{sshRecipient + "\n" + mainRecipient, []string{sshRecipient, mainRecipient}},
		{sshRecipient + " " + mainRecipient, []string{sshRecipient, mainRecipient}},
		{mainRecipient + " " + sshRecipient + " of my laptop " + sshRecipient, []string{mainRecipient, sshRecipient + " of my laptop", sshRecipient}},
		{sshRecipient + " of my laptop," + mainRecipient, []string{sshRecipient + " of my laptop", mainRecipient}},
		{mainRecipient + "," + mainRecipient, []string{mainRecipient, mainRecipient}},
	}
	for _, tt := range tests {
		keys, err := agekey.Parse(tt.list)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.list, err)
		}
		var got []string
		for _, k := range keys {
			got = append(got, k.Identity())
			if k.Kind != keeper.Age {
				t.Errorf("kind %q, want age", k.Kind)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", tt.list, diff)
		}
	}
}

func TestBadRecipientsAreExplained(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, message, hint string }{
		{"age1nonsense", `"age1nonsense" is no age recipient: `, "a recipient is age1..."},
		{mainRecipient[:40], "is no age recipient: ", "a recipient is age1..."},
		{"bob", `"bob" is no age recipient`, "a recipient is age1..."},
		{"ssh-dss AAAA", "is no age recipient: ", "a recipient is age1..."},
		{"arn:aws:kms:eu-west-1:1:key/k", "is no age recipient", "--kms"},
		{"age1fake1x", "is no age recipient: ", "a recipient is age1..."},
		{mainRecipient + ", bob", `"bob" is no age recipient`, "a recipient is age1..."},
	}
	for _, tt := range tests {
		_, err := agekey.Parse(tt.text)
		var e *agekey.RecipientError
		if !errors.As(err, &e) || !strings.Contains(e.Error(), tt.message) {
			t.Errorf("Parse(%q): error %v, want %q", tt.text, err, tt.message)
			continue
		}
		if hint := strings.Join(e.Hints(), " "); !strings.Contains(hint, tt.hint) {
			t.Errorf("Parse(%q): hint %q, want %q", tt.text, hint, tt.hint)
		}
	}
}

func TestAPrivateKeyInPlaceOfARecipientIsNotShown(t *testing.T) {
	t.Parallel()
	const canary = "QQQQCANARY"
	for _, text := range []string{
		"AGE-SECRET-KEY-1" + canary, "age-secret-key-1" + canary, "AGE-SECRET-KEY-PQ-1" + canary, "AGE-PLUGIN-FAKE-1" + canary,
		"x AGE-SECRET-KEY-1" + canary, "-----BEGIN OPENSSH PRIVATE KEY-----" + canary,
	} {
		_, err := agekey.Parse(text)
		var e *agekey.RecipientError
		if !errors.As(err, &e) {
			t.Errorf("%q: error %v", text, err)
			continue
		}
		if all := e.Error() + strings.Join(e.Hints(), ""); strings.Contains(all, canary) || !strings.Contains(all, "age-keygen -y") {
			t.Errorf("%q: %s", text, all)
		}
	}
}

func TestAKeyWithoutRecipientWrapsNothing(t *testing.T) {
	t.Parallel()
	_, err := New(Options{}).Wrap(t.Context(), keeper.Undescribed(keeper.Age), keeper.NewData(make([]byte, keeper.Size)))
	if err == nil || err.Error() != "the age recipient is empty" {
		t.Errorf("error %v", err)
	}
}

func FuzzRecipientsThatAreReadKeepTheirText(f *testing.F) {
	f.Add(mainRecipient + "," + sshRecipient)
	f.Add("age1pq1,ssh-rsa AAAA,age1tag1q, age1fake1x")
	f.Fuzz(func(t *testing.T, list string) {
		keys, err := agekey.Parse(list)
		if err != nil {
			return
		}
		var texts []string
		for _, k := range keys {
			texts = append(texts, k.Identity())
		}
		again, err := agekey.Parse(strings.Join(texts, ","))
		if err != nil {
			t.Fatalf("Parse(%q) gave %q, which it does not read: %v", list, texts, err)
		}
		if diff := cmp.Diff(keys, again); diff != "" {
			t.Fatalf("Parse(%q) (-first +second):\n%s", list, diff)
		}
	})
}

// TestNoGoodRecipientIsRefusedByItsName holds that agekey, which has no age
// library, refuses nothing that the library takes, and takes no mistyped
// recipient of age itself or of a plugin.
func TestNoGoodRecipientIsRefusedByItsName(t *testing.T) {
	t.Parallel()
	good := []string{mainRecipient, sshRecipient, plugin.EncodeRecipient("fake", []byte("data")), plugin.EncodeRecipient("x-y.z", make([]byte, 100))}
	for _, name := range []string{"pq.txt", "ssh_rsa"} {
		good = append(good, wrappedFor(t, name).Text(agekey.FieldRecipient))
	}
	for _, text := range good {
		compareNames(t, text)
		step := max(1, len(text)/100)
		for at := 0; at < len(text); at += step {
			compareNames(t, text[:at])
			for _, c := range []byte("q1 A=\n") {
				changed := text[:at] + string(c) + text[at+1:]
				accepted := compareNames(t, changed)
				if accepted && strings.HasPrefix(changed, "age1") && changed != text {
					t.Errorf("%q is taken for a recipient", changed)
				}
			}
		}
	}
}

// compareNames reports whether agekey takes a text, as it must if the library
// does.
func compareNames(t *testing.T, text string) bool {
	t.Helper()
	err := agekey.Check(text)
	if _, library := parseRecipient(text, nil); library == nil && err != nil {
		t.Errorf("%q is a recipient: %v", text, err)
	}
	return err == nil
}

func FuzzNoGoodRecipientIsRefusedByItsName(f *testing.F) {
	f.Add(mainRecipient)
	f.Add(sshRecipient)
	f.Add(plugin.EncodeRecipient("fake", []byte("data")))
	f.Fuzz(func(t *testing.T, text string) { compareNames(t, text) })
}
