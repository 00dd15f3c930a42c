//go:build unix

package pgp_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/test/pgptest"
	"github.com/seed-1f7fdfb8/sops/keeper/pgp"
)

func TestPassphrasesAreAskedForByTheAgentAlone(t *testing.T) {
	t.Parallel()
	h, k := home(t, "protected")
	w := wrap(t, k, pgptest.Protected)
	if asked := h.Asked(); asked != "" {
		t.Errorf("wrapping asks: %s", asked)
	}
	if !k.Asks(t.Context(), w) {
		t.Error("Asks says that no user is asked")
	}
	for _, tt := range []struct{ answer, want string }{
		{"", "the prompt for the passphrase was cancelled"},
		{"canary wrong", "the passphrase was wrong"},
		{pgptest.Passphrase, ""},
	} {
		if err := h.Answer(tt.answer); err != nil {
			t.Fatal(err)
		}
		d, err := k.Unwrap(t.Context(), w)
		if tt.want == "" && (err != nil || !d.Equal(dataKey())) || tt.want != "" && (err == nil || err.Error() != tt.want) {
			t.Errorf("answer %q: %v", tt.answer, err)
		}
		if asked := h.Asked(); !strings.Contains(asked, "GETPIN") || !strings.Contains(asked, "ttyname=/dev/pts/no-such") {
			t.Errorf("answer %q: pinentry got %q", tt.answer, asked)
		}
	}
	if k.Asks(t.Context(), w) {
		t.Error("the agent knows the passphrase, and the key is said to ask")
	}
	if _, err := k.Unwrap(t.Context(), w); err != nil || h.Asked() != "" {
		t.Errorf("once more: %v", err)
	}
}

func TestPrompts(t *testing.T) {
	t.Parallel()
	h, _ := home(t, "protected")
	w := wrap(t, newKeeper(map[string]string{"GNUPGHOME": h.Dir}), pgptest.Protected)
	for name, tt := range map[string]struct{ conf, agent, want, hint string }{
		"no pinentry": {agent: "pinentry-program /no-such-pinentry\n", want: "pinentry cannot be run", hint: "install pinentry"},
		"no terminal": {
			agent: "pinentry-program " + script(t, `echo OK; while read -r l; do case $l in GETPIN*) echo "ERR 83918950 Inappropriate ioctl";; *) echo OK;; esac; done`) + "\n",
			want:  "pinentry found no terminal to ask on", hint: "export GPG_TTY=$(tty)",
		},
		"loopback":    {conf: "pinentry-mode loopback\n", want: "set up to ask for it itself", hint: "take pinentry-mode loopback out of gpg.conf"},
		"never asked": {conf: "pinentry-mode error\n", want: "pinentry cannot be run", hint: "gpg-preset-passphrase"},
	} {
		t.Run(name, func(t *testing.T) {
			for file, text := range map[string]string{"gpg.conf": tt.conf, "gpg-agent.conf": tt.agent} {
				if err := os.WriteFile(filepath.Join(h.Dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := h.Forget(); err != nil {
				t.Fatal(err)
			}
			_, err := newKeeper(map[string]string{"GNUPGHOME": h.Dir}).Unwrap(t.Context(), w)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if got := strings.Join(hints(err), "\n"); !strings.Contains(got, tt.hint) {
				t.Errorf("hints %q, want %s", got, tt.hint)
			}
		})
	}
}

// A passphrase in a file that gpg.conf names is the user's own way for
// pipelines.
func TestAPassphraseFileOfTheUserIsUsed(t *testing.T) {
	t.Parallel()
	h, k := home(t, "protected")
	w := wrap(t, k, pgptest.Protected)
	file := filepath.Join(h.Dir, "passphrase")
	for name, text := range map[string]string{file: pgptest.Passphrase, filepath.Join(h.Dir, "gpg.conf"): "pinentry-mode loopback\npassphrase-file " + file + "\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if d, err := k.Unwrap(t.Context(), w); err != nil || !d.Equal(dataKey()) {
		t.Errorf("got %v", err)
	}
}

func TestWithoutTheSecretKey(t *testing.T) {
	t.Parallel()
	_, from := home(t, "plain", "two")
	w := wrap(t, from, pgptest.Plain)
	for name, names := range map[string][]string{"nothing": nil, "public key": {"public:plain"}, "another key": {"other"}} {
		h, k := home(t, names...)
		if k.Asks(t.Context(), w) {
			t.Errorf("%s: it is said to ask", name)
		}
		_, err := k.Unwrap(t.Context(), w)
		if want := "gpg has no secret key for it in " + h.Dir + " (key id 12552BDA9D788ABB)"; err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
		if got := hints(err); len(got) != 2 || got[0] != "import the secret key of "+pgptest.Plain+" with: gpg --import KEYFILE" {
			t.Errorf("%s: hints %q", name, got)
		}
	}
}

func TestASubkeyWithoutItsSecretPartIsNamed(t *testing.T) {
	t.Parallel()
	h, k := home(t, "plain")
	w := wrap(t, k, pgptest.Plain)
	out, err := h.GPG(nil, "--with-colons", "--with-keygrip", "--list-secret-keys")
	if err != nil {
		t.Fatal(err)
	}
	_, sub, _ := strings.Cut(string(out), "\nssb:")
	_, grip, _ := strings.Cut(sub, "grp:::::::::")
	if err := os.Remove(filepath.Join(h.Dir, "private-keys-v1.d", grip[:40]+".key")); err != nil {
		t.Fatal(err)
	}
	_, err = k.Unwrap(t.Context(), w)
	if want := "gpg has the key in " + h.Dir + " without its secret part (key id 12552BDA9D788ABB)"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestNoRecipientComesFromTheConfiguration(t *testing.T) {
	t.Parallel()
	h, k := home(t, "plain", "other")
	conf := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(h.Dir, "gpg.conf"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{"encrypt-to " + pgptest.Other, "hidden-encrypt-to " + pgptest.Other, "default-recipient " + pgptest.Other, "default-recipient-self"} {
		conf(text + "\n")
		if got := pgp.Recipients(wrap(t, k, pgptest.Plain).Enc); !slices.Equal(got, []string{"12552BDA9D788ABB"}) {
			t.Errorf("%s: encrypted for %v", text, got)
		}
	}
	for _, text := range []string{"recipient " + pgptest.Other, "group " + pgptest.Plain + "=" + pgptest.Other} {
		conf(text + "\n")
		if w, err := k.Wrap(t.Context(), fp(pgptest.Plain), dataKey()); err == nil || !strings.Contains(err.Error(), "gpg encrypted to other keys") {
			t.Errorf("%s: encrypted for %v, %v", text, pgp.Recipients(w.Enc), err)
		}
	}
	conf("throw-keyids\n")
	w := wrap(t, k, pgptest.Plain)
	if d, err := k.Unwrap(t.Context(), w); err != nil || !d.Equal(dataKey()) || !slices.Equal(pgp.Recipients(w.Enc), []string{"0000000000000000"}) {
		t.Errorf("a hidden recipient: %v, %v", pgp.Recipients(w.Enc), err)
	}
}
