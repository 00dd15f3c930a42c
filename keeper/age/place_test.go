package age

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"filippo.io/age/armor"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

func armored(t *testing.T, src []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := armor.NewWriter(&out)
	if _, err := w.Write(src); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestIdentitiesAreFoundInEveryPlace(t *testing.T) {
	t.Parallel()
	secret := func(t *testing.T) string {
		for line := range strings.Lines(string(testKey(t, "main.txt"))) {
			if strings.HasPrefix(line, "AGE-SECRET-KEY") {
				return strings.TrimSpace(line)
			}
		}
		return ""
	}
	tests := []struct {
		name  string
		opens string // the key of testdata that must be found
		setup func(t *testing.T, w *world)
	}{
		{"variable with lines", "main.txt", func(t *testing.T, w *world) { w.vars[varKey] = string(testKey(t, "main.txt")) }},
		{"variable with blanks", "main.txt", func(t *testing.T, w *world) {
			w.vars[varKey] = "AGE-SECRET-KEY-1BAD " + secret(t) + " # mine"
			w.vars[varKey] = secret(t) + "  " + secret(t)
		}},
		{"variable with CRLF and BOM", "main.txt", func(t *testing.T, w *world) { w.vars[varKey] = "\ufeff# mine\r\n\r\n" + secret(t) + "\r\n" }},
		{"bad line before a good one", "main.txt", func(t *testing.T, w *world) { w.vars[varKey] = "rubbish\n" + secret(t) }},
		{"named file", "main.txt", func(t *testing.T, w *world) { w.vars[varKeyFile] = write(t, w.home, "k", testKey(t, "main.txt")) }},
		{"named file that is an SSH key", "ssh_ed25519", func(t *testing.T, w *world) { w.vars[varKeyFile] = write(t, w.home, "k", testKey(t, "ssh_ed25519")) }},
		{"home", "main.txt", func(t *testing.T, w *world) { write(t, w.home, ".config/sops/age/keys.txt", testKey(t, "main.txt")) }},
		{"configuration home", "pq.txt", func(t *testing.T, w *world) {
			w.vars["XDG_CONFIG_HOME"] = filepath.Join(w.home, "conf")
			write(t, w.home, "conf/sops/age/keys.txt", testKey(t, "pq.txt"))
		}},
		{"command", "main.txt", func(t *testing.T, w *world) { w.vars[varKeyCmd], w.prints = "pass show age", testKey(t, "main.txt") }},
		{"SSH file", "ssh_rsa", func(t *testing.T, w *world) { w.vars[varSSHKeyFile] = write(t, w.home, "k", testKey(t, "ssh_rsa")) }},
		{"SSH command", "ssh_rsa", func(t *testing.T, w *world) { w.vars[varSSHKeyCmd], w.prints = "pass show ssh", testKey(t, "ssh_rsa") }},
		{"SSH in home, Ed25519", "ssh_ed25519", func(t *testing.T, w *world) { write(t, w.home, ".ssh/id_ed25519", testKey(t, "ssh_ed25519")) }},
		{"SSH in home, RSA", "ssh_rsa", func(t *testing.T, w *world) { write(t, w.home, ".ssh/id_rsa", testKey(t, "ssh_rsa")) }},
		{"locked file", "main.txt", func(t *testing.T, w *world) {
			w.vars[varKeyFile], w.answers = write(t, w.home, "k", locked(t, testKey(t, "main.txt"), "horse")), []string{"horse"}
		}},
		{"locked and armored file", "main.txt", func(t *testing.T, w *world) {
			w.vars[varKeyFile], w.answers = write(t, w.home, "k", armored(t, locked(t, testKey(t, "main.txt"), "horse"))), []string{"horse"}
		}},
		{"locked in the usual place", "pq.txt", func(t *testing.T, w *world) {
			write(t, w.home, ".config/sops/age/keys.txt", locked(t, testKey(t, "pq.txt"), "horse"))
			w.answers = []string{"horse"}
		}},
		{"all at once", "main.txt", func(t *testing.T, w *world) {
			w.vars[varKey] = string(testKey(t, "second.txt"))
			w.vars[varKeyFile] = filepath.Join(w.home, "missing")
			w.vars[varSSHKeyFile] = write(t, w.home, "ssh", testKey(t, "ssh_rsa"))
			write(t, w.home, ".config/sops/age/keys.txt", testKey(t, "main.txt"))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.setup(t, w)
			if _, err := w.keeper().Unwrap(t.Context(), wrappedFor(t, tt.opens)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSystemsKeepTheirConfigurationInDifferentPlaces(t *testing.T) {
	t.Parallel()
	home := map[string]string{"HOME": "/home/u"}
	xdg := map[string]string{"HOME": "/home/u", "XDG_CONFIG_HOME": "/conf"}
	tests := []struct {
		system string
		vars   map[string]string
		want   []string
	}{
		{"linux", home, []string{"/home/u/.config"}},
		{"linux", xdg, []string{"/conf"}},
		{"linux", nil, nil},
		{"darwin", home, []string{"/home/u/.config", "/home/u/Library/Application Support"}},
		{"darwin", xdg, []string{"/conf"}},
		{"windows", map[string]string{"AppData": "/roaming"}, []string{"/roaming"}},
	}
	for _, tt := range tests {
		k := New(Options{Env: env.Map(tt.vars)})
		got := k.configDirs(tt.system)
		for i := range got {
			got[i] = filepath.ToSlash(got[i])
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s with %v (-want +got):\n%s", tt.system, tt.vars, diff)
		}
	}
}

func TestPrivateKeysThatEverybodyCanReadAreWarnedOf(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // modes mean nothing there
	}
	for mode, warnings := range map[os.FileMode]int{0o600: 0, 0o640: 0, 0o604: 1, 0o644: 1} {
		w := newWorld(t)
		file := write(t, w.home, "k", testKey(t, "main.txt"))
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		w.vars[varKeyFile] = file
		k := w.keeper()
		for range 2 {
			if _, err := k.Unwrap(t.Context(), wrappedFor(t, "main.txt")); err != nil {
				t.Error(err)
			}
		}
		if len(w.warned) != warnings || warnings > 0 && !strings.Contains(w.warned[0], "chmod 600 "+file) {
			t.Errorf("mode %o: warnings %q, want %d", mode, w.warned, warnings)
		}
	}
}

func TestCommandsAreToldTheRecipient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vars[varKeyCmd] = `pass show "my key"`
	k := w.keeper()
	main, second := wrappedFor(t, "main.txt"), wrappedFor(t, "second.txt")
	w.prints = testKey(t, "main.txt")
	for _, wrapped := range []keeper.WrappedKey{main, main} {
		if _, err := k.Unwrap(t.Context(), wrapped); err != nil {
			t.Fatal(err)
		}
	}
	w.prints = testKey(t, "second.txt")
	if _, err := k.Unwrap(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"pass show my key SOPS_AGE_RECIPIENT=" + main.Text("recipient"),
		"pass show my key SOPS_AGE_RECIPIENT=" + second.Text("recipient"),
	}
	if diff := cmp.Diff(want, w.ran); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

func TestCommandsAreRunWithoutAShell(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	wrapped := wrappedFor(t, "main.txt")
	write(t, w.home, "two words/"+wrapped.Text("recipient"), testKey(t, "main.txt"))
	w.vars[varKeyCmd] = fmt.Sprintf("%q print-identity %q", self, filepath.Join(w.home, "two words"))
	var stderr bytes.Buffer
	k := New(Options{Env: env.Map(w.vars), Stderr: &stderr})
	if _, err := k.Unwrap(t.Context(), wrapped); err != nil {
		t.Fatal(err)
	}
	other := wrappedFor(t, "second.txt")
	_, err = k.Unwrap(t.Context(), other)
	var e *NoIdentityError
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "exit status 1") {
		t.Errorf("error %v, want one with the exit status", err)
	}
	if want := "no key of " + other.Text("recipient"); !strings.Contains(stderr.String(), want) {
		t.Errorf("stderr = %q, want %q", stderr.String(), want)
	}
}

func TestSSHKeysAreReadOnlyForFilesThatAreForOne(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // modes mean nothing there
	}
	w := newWorld(t)
	file := write(t, w.home, ".ssh/id_ed25519", testKey(t, "ssh_ed25519"))
	if err := os.Chmod(file, 0o644); err != nil { // so that reading it leaves a warning
		t.Fatal(err)
	}
	w.vars[varSSHKeyCmd] = "pass show ssh"
	k := w.keeper()
	if _, err := k.Unwrap(t.Context(), wrappedFor(t, "main.txt")); err == nil || strings.Contains(err.Error(), "ssh") {
		t.Errorf("error %v, want one that has nothing to do with SSH", err)
	}
	if len(w.warned)+len(w.ran) > 0 {
		t.Errorf("warnings %q, commands %q for a file that is not for an SSH key", w.warned, w.ran)
	}
	if _, err := k.Unwrap(t.Context(), wrappedFor(t, "ssh_ed25519")); err != nil {
		t.Error(err)
	}
	if len(w.warned) != 1 || len(w.ran) > 0 {
		t.Errorf("warnings %q, commands %q; want one warning", w.warned, w.ran)
	}
}
