package age

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/plugin"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/key"
)

// installFakePlugin puts this test binary into PATH as age-plugin-fake.
func installFakePlugin(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := "age-plugin-fake"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
}

// fakeIdentity returns a recipient and an identity of the fake plugin.
func fakeIdentity(t *testing.T, how string) (recipient, identity string) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return plugin.EncodeRecipient("fake", []byte(id.Recipient().String())),
		plugin.EncodeIdentity("fake", []byte(how+":"+id.String()))
}

// The plugin is found by PATH, so this test does not run in parallel.
func TestPluginsWrapAndUnwrapAndAsk(t *testing.T) {
	installFakePlugin(t)
	tests := []struct {
		name    string
		how     string
		answers []string
		prompts []string
		told    []string
		reason  string // of the failure, or ""
	}{
		{name: "silent"},
		{name: "PIN", how: "pin", answers: []string{"1234"}, prompts: []string{"age-plugin-fake: PIN: "}},
		{name: "wrong PIN", how: "pin", answers: []string{"1"}, prompts: []string{"age-plugin-fake: PIN: "}, reason: "wrong PIN"},
		{
			name: "touch", how: "touch", answers: []string{"y"},
			prompts: []string{"age-plugin-fake: done? [yes/no]: "}, told: []string{"age-plugin-fake: please touch your token"},
		},
		{
			name: "no touch", how: "touch", answers: []string{"no"}, reason: "not touched",
			prompts: []string{"age-plugin-fake: done? [yes/no]: "}, told: []string{"age-plugin-fake: please touch your token"},
		},
	}
	for _, tt := range tests {
		w := newWorld(t)
		recipient, identity := fakeIdentity(t, tt.how)
		w.vars[varKey], w.answers = identity, tt.answers
		k := w.keeper()
		m := key.New(key.Age, "recipient", recipient)
		if !k.Asks(t.Context(), key.WrappedKey{MasterKey: m}) {
			t.Errorf("%s: wrapping for a plugin is said not to ask", tt.name)
		}
		d := key.NewData([]byte(strings.Repeat("k", key.Size)))
		wrapped, err := k.Wrap(t.Context(), m, d)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if !k.Asks(t.Context(), wrapped) {
			t.Errorf("%s: a plugin is said not to ask", tt.name)
		}
		got, err := k.Unwrap(t.Context(), wrapped)
		switch {
		case tt.reason == "" && (err != nil || !got.Equal(d)):
			t.Errorf("%s: Unwrap = %v, %v", tt.name, got, err)
		case tt.reason != "" && (err == nil || !strings.Contains(err.Error(), tt.reason)):
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.reason)
		}
		if diff := cmp.Diff(tt.prompts, w.prompts); diff != "" {
			t.Errorf("%s: prompts (-want +got):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.told, w.told); diff != "" {
			t.Errorf("%s: messages (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestAMissingPluginIsNamed(t *testing.T) {
	t.Parallel()
	want := "install age-plugin-no-such-plugin into a directory of PATH"
	w := newWorld(t)
	w.vars[varKey] = plugin.EncodeIdentity("no-such-plugin", []byte("x"))
	k := w.keeper()

	recipient := plugin.EncodeRecipient("no-such-plugin", []byte("x"))
	_, err := k.Wrap(t.Context(), key.New(key.Age, "recipient", recipient), key.NewData(make([]byte, key.Size)))
	var e *PluginError
	if !errors.As(err, &e) || !cmp.Equal(e.Hints(), []string{want}) {
		t.Errorf("Wrap: error %v", err)
	}

	_, err = k.Unwrap(t.Context(), wrappedFor(t, "main.txt"))
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "age-plugin-no-such-plugin is not installed") {
		t.Errorf("Unwrap: error %v", err)
	}
}

func TestAnswersMayBeShort(t *testing.T) {
	t.Parallel()
	tests := []struct {
		answer, yes, no string
		want            bool
	}{
		{"yes", "Yes", "No", true},
		{" Y\n", "yes", "no", true},
		{"n", "yes", "no", false},
		{"", "yes", "no", false},
		{"", "continue", "", true},
		{"continue please", "continue", "stop", false},
	}
	for _, tt := range tests {
		if got := chose(tt.answer, tt.yes, tt.no); got != tt.want {
			t.Errorf("chose(%q, %q, %q) = %v", tt.answer, tt.yes, tt.no, got)
		}
	}
}
