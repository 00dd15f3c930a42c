package age

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/plugin"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/keeper"
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
		shown   []string
		reason  string // of the failure, or ""
	}{
		{name: "silent"},
		{name: "PIN", how: "pin", answers: []string{"1234"}, prompts: []string{"age-plugin-fake: PIN: "}},
		{name: "wrong PIN", how: "pin", answers: []string{"1"}, prompts: []string{"age-plugin-fake: PIN: "}, reason: "wrong PIN"},
		{
			name: "touch", how: "touch", answers: []string{"y"},
			prompts: []string{"age-plugin-fake: done? [yes/no]: "}, shown: []string{"age-plugin-fake: please touch your token"},
		},
		{
			name: "no touch", how: "touch", answers: []string{"no"}, reason: "not touched",
			prompts: []string{"age-plugin-fake: done? [yes/no]: "}, shown: []string{"age-plugin-fake: please touch your token"},
		},
	}
	for _, tt := range tests {
		w := newWorld(t)
		recipient, identity := fakeIdentity(t, tt.how)
		w.vars[varKey], w.answers = identity, tt.answers
		k := w.keeper()
		m := keeper.Undescribed(keeper.Age, "recipient", recipient)
		if !k.Asks(t.Context(), keeper.WrappedKey{MasterKey: m}) {
			t.Errorf("%s: wrapping for a plugin is said not to ask", tt.name)
		}
		d := keeper.NewData([]byte(strings.Repeat("k", keeper.Size)))
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
		if diff := cmp.Diff(tt.shown, w.shown); diff != "" {
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
	_, err := k.Wrap(t.Context(), keeper.Undescribed(keeper.Age, "recipient", recipient), keeper.NewData(make([]byte, keeper.Size)))
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

// TestAPluginThatHangsIsEndedWithItsChildren looks for the processes in /proc.
func TestAPluginThatHangsIsEndedWithItsChildren(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Log("only Linux says which processes there are")
		return
	}
	dir := t.TempDir()
	script := "#!/bin/sh\nsleep 1000 &\necho $! >" + dir + "/new; mv " + dir + "/new " + dir + "/pid\nwait\n"
	if err := os.WriteFile(filepath.Join(dir, "age-plugin-fake"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	w := newWorld(t)
	recipient, _ := fakeIdentity(t, "pin")
	ctx, cancel := context.WithCancel(t.Context())
	pid := make(chan string)
	go func() {
		for {
			if text, err := os.ReadFile(filepath.Join(dir, "pid")); err == nil {
				cancel()
				pid <- strings.TrimSpace(string(text))
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	_, err := w.keeper().Wrap(ctx, keeper.Undescribed(keeper.Age, "recipient", recipient), keeper.NewData(make([]byte, keeper.Size)))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	child := <-pid
	for range 500 {
		state, err := os.ReadFile("/proc/" + child + "/stat")
		if err != nil || strings.Contains(string(state), ") Z ") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %s still runs", child)
}

func TestTextsOfPluginsCommandNothing(t *testing.T) {
	t.Parallel()
	const evil = "\x1b[2J\rx\nsops: hint: y\u202e"
	w := newWorld(t)
	w.answers = []string{"a", "b", "yes"}
	ui := w.keeper().ui()
	err := ui.DisplayMessage("fake", evil)
	_, err1 := ui.RequestValue("fake", evil, false)
	_, err2 := ui.RequestValue("fake", evil, true)
	_, err3 := ui.Confirm("fake", evil, "yes"+evil, "no"+evil)
	if err := errors.Join(err, err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	said := strings.Join(append(w.prompts, w.shown...), "")
	if strings.ContainsAny(said, "\x1b\r\n\u202e") || strings.Count(said, `\x1b[2J`) != 6 {
		t.Errorf("said %q", said)
	}
}
