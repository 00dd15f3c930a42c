package age

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestErrorsSayWhereIdentitiesWereLookedFor(t *testing.T) {
	t.Parallel()
	const home = "HOME"
	tests := []struct {
		name  string
		key   string // of testdata, for which the data key is wrapped
		setup func(w *world)
		want  string // HOME means the home directory
		hint  string
	}{
		{
			"nothing anywhere",
			"main.txt",
			func(*world) {},
			"no age identity was found; there is nothing in SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, HOME/.config/sops/age/keys.txt, " +
				"SOPS_AGE_KEY_CMD",
			"set SOPS_AGE_KEY_FILE to the file with the private key of " + mainRecipient + ", or put it into HOME/.config/sops/age/keys.txt",
		},
		{
			"the keys of others",
			"main.txt",
			func(w *world) {
				w.vars[varKey] = string(testKey(t, "second.txt")) + string(testKey(t, "third.txt"))
				write(t, w.home, ".config/sops/age/keys.txt", testKey(t, "outsider.txt"))
			},
			"no age identity opens it: SOPS_AGE_KEY: 2 identities, none of which fits; " +
				"HOME/.config/sops/age/keys.txt: 1 identity, which does not fit; there is nothing in SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD",
			"the file is not for your key: have age15xqkuy709wy2qcrczm4h97t8dzfhktftnzyt4c5qdky0jdkq9pvq99kwyc, " +
				"age1998wleqmxyk0ke028vul8jn4xlqwss8ldfwc40fp6vglvxtmn50qadmgs0, age1wm354ky8d0tqjf20ttke79508r0h5tz3cglj0wzklezkm267mpysnpghmt " +
				"added to .sops.yaml, and let those who can open the file run: sops updatekeys FILE; or set SOPS_AGE_KEY_FILE to another key of yours",
		},
		{
			"all that can be wrong with age identities",
			"main.txt",
			func(w *world) {
				w.vars[varKey] = "AGE-SECRET-KEY-1CANARY"
				w.vars[varKeyFile] = filepath.Join(w.home, "missing")
				w.vars[varKeyCmd] = "pass show age"
				write(t, w.home, ".config/sops/age/keys.txt", []byte("canary\n"+mainRecipient))
			},
			"no age identity opens it: SOPS_AGE_KEY: line 1: this age identity is damaged; SOPS_AGE_KEY_FILE (HOME/missing): there is no such file; " +
				"HOME/.config/sops/age/keys.txt: line 1: this is no age identity, line 2: this is a public key, not an identity; " +
				`SOPS_AGE_KEY_CMD: the command "pass" failed: exit status 1`,
			"an identity is the private part of a key: the line AGE-SECRET-KEY-... that age-keygen wrote",
		},
		{
			"all that can be wrong with SSH keys",
			"ssh_ed25519",
			func(w *world) {
				w.vars[varSSHKeyFile] = w.home
				w.vars[varSSHKeyCmd] = "'unclosed"
				write(t, w.home, ".ssh/id_ed25519", []byte("-----BEGIN CANARY-----"))
				write(t, w.home, ".ssh/id_rsa", []byte("# nothing\n"))
			},
			"no age identity opens it: SOPS_AGE_SSH_PRIVATE_KEY_FILE (HOME): is a directory; " +
				"HOME/.ssh/id_ed25519: this is no SSH key that age can use: ssh: no key found; HOME/.ssh/id_rsa: it holds no identity; " +
				"SOPS_AGE_SSH_PRIVATE_KEY_CMD: the command line cannot be split: EOF found when expecting closing quote; " +
				"there is nothing in SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, HOME/.config/sops/age/keys.txt, SOPS_AGE_KEY_CMD",
			"set SOPS_AGE_SSH_PRIVATE_KEY_FILE to the private key of " + sshRecipient,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.setup(w)
			_, err := w.keeper().Unwrap(t.Context(), wrappedFor(t, tt.key))
			var e *NoIdentityError
			if !errors.As(err, &e) {
				t.Fatalf("error %T, want *NoIdentityError", err)
			}
			if diff := cmp.Diff(tt.want, strings.ReplaceAll(e.Error(), w.home, home)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.hint, strings.ReplaceAll(strings.Join(e.Hints(), "\n"), w.home, home)); diff != "" {
				t.Errorf("hint (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzIdentitiesAreNeverShown(f *testing.F) {
	f.Add("AGE-SECRET-KEY-1QQQQQQQQ")
	f.Add("# x\nAGE-PLUGIN-FAKE-1QQQQQQQQ\nssh-rsa QQQQQQQQ\nQQQQQQQQ")
	f.Add("-----BEGIN QQQQQQQQ")
	f.Add("age-encryption.org/v1\n-> scrypt QQQQQQQQ")
	f.Fuzz(func(t *testing.T, text string) {
		k := New(Options{})
		p := &place{name: "x"}
		k.parse(p, []byte(text), "")
		if len(p.identities) == 0 && len(p.notes) == 0 {
			t.Fatalf("parse(%q) found nothing and says nothing", text)
		}
		for _, note := range p.notes {
			for word := range strings.FieldsSeq(text) {
				if len(word) > 7 && strings.Contains(note.Error(), word) && !expected(word) {
					t.Fatalf("parse(%q) says %q", text, note)
				}
			}
		}
	})
}

// expected reports whether a word is one of our own messages'.
func expected(word string) bool {
	const messages = "this is no SSH key that age can use: malformed SSH identity: ssh: no key found " +
		"unsupported SSH identity type: this age identity is damaged this is a public key, not an identity"
	return strings.Contains(messages, word)
}
