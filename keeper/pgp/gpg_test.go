//go:build unix

package pgp_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/test/pgptest"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/pgp"
)

// home makes a home of gpg with the keys of the given names, and a keeper that
// uses it.
func home(t *testing.T, names ...string) (pgptest.Home, *pgp.Keeper) {
	t.Helper()
	if !pgptest.Installed() {
		t.Skip("gpg is not installed")
	}
	h, err := pgptest.NewHome(names...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h, newKeeper(map[string]string{"GNUPGHOME": h.Dir})
}

// keeper returns a keeper in an environment that a person attends.
func newKeeper(vars map[string]string) *pgp.Keeper {
	return pgp.New(pgp.Options{Env: env.Map(vars), Now: clock, TTY: func() string { return "/dev/pts/no-such" }})
}

// clock is a time at which all keys are there.
func clock() time.Time { return time.Date(2026, 12, 1, 2, 3, 4, 0, time.UTC) }

// keyring writes the keys of the given names into a file, and returns a keeper
// that has no gpg.
func keyring(t *testing.T, names ...string) *pgp.Keeper {
	t.Helper()
	var all []byte
	for _, name := range names {
		all = append(all, pgptest.Key(name)...)
	}
	file := filepath.Join(t.TempDir(), "keys.asc")
	if err := os.WriteFile(file, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return newKeeper(map[string]string{"SOPS_PGP_KEYRING": file, "SOPS_GPG_EXEC": "no-such-gpg"})
}

func fp(text string) keeper.MasterKey { return keeper.Undescribed(keeper.PGP, "fp", text) }

func dataKey() keeper.Data { return keeper.NewData([]byte("0123456789abcdef0123456789abcdef")) }

func wrap(t *testing.T, k *pgp.Keeper, name string) keeper.WrappedKey {
	t.Helper()
	w, err := k.Wrap(t.Context(), fp(name), dataKey())
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return w
}

func hints(err error) []string {
	var h interface{ Hints() []string }
	if errors.As(err, &h) {
		return h.Hints()
	}
	return nil
}

// both runs a test with gpg and with a file of keys.
func both(t *testing.T, names []string, test func(t *testing.T, k *pgp.Keeper)) {
	t.Run("gpg", func(t *testing.T) {
		t.Parallel()
		_, k := home(t, names...)
		test(t, k)
	})
	t.Run("keyring", func(t *testing.T) {
		t.Parallel()
		test(t, keyring(t, names...))
	})
}

func TestWhatIsWrappedUnderAnySpellingUnwraps(t *testing.T) {
	t.Parallel()
	const plain = pgptest.Plain
	both(t, []string{"plain", "other", "rsa", "two", "subonly"}, func(t *testing.T, k *pgp.Keeper) {
		for _, tt := range []struct{ text, sub string }{
			{plain, "12552BDA9D788ABB"},
			{strings.ToLower(plain), "12552BDA9D788ABB"},
			{"0x" + plain, "12552BDA9D788ABB"},
			{"C3FB 3328 C750 2912 49D6  17B1 71DC 32E6 900F A725", "12552BDA9D788ABB"},
			{plain[24:], "12552BDA9D788ABB"},
			{"0x" + strings.ToLower(plain[24:]), "12552BDA9D788ABB"},
			{pgptest.RSA, "E87A88F59982BA7B"},
			{pgptest.RSA + "!", "E87A88F59982BA7B"},
			{pgptest.SubOnly, "BBA1DC9208CAADD3"},
			// The newest subkey, unless one is named.
			{pgptest.Two, pgptest.Two2[24:]},
			{pgptest.Two2, pgptest.Two2[24:]},
			{pgptest.Two1, pgptest.Two1[24:]},
			{pgptest.Two1 + "!", pgptest.Two1[24:]},
			{pgptest.Two1[24:] + "!", pgptest.Two1[24:]},
		} {
			w := wrap(t, k, tt.text)
			if !strings.HasPrefix(w.Enc, "-----BEGIN PGP MESSAGE-----\n") || !strings.HasSuffix(w.Enc, "-----END PGP MESSAGE-----") {
				t.Errorf("%s: the wrapped key is %q", tt.text, w.Enc)
			}
			if w.Text("fp") != tt.text || !w.Created.Equal(clock()) {
				t.Errorf("%s: stored as %q at %s", tt.text, w.Text("fp"), w.Created)
			}
			if got := pgp.Recipients(w.Enc); !slices.Equal(got, []string{tt.sub}) {
				t.Errorf("%s: encrypted for %v, want %s", tt.text, got, tt.sub)
			}
			if k.Asks(t.Context(), w) {
				t.Errorf("%s: it is said to ask a person", tt.text)
			}
			d, err := k.Unwrap(t.Context(), w)
			if err != nil || !d.Equal(dataKey()) {
				t.Errorf("%s: unwrapped to %d bytes, %v", tt.text, d.Len(), err)
			}
		}
	})
}

// gpg and this package read each other's messages, as does the library of SOPS,
// which is that of the keyring.
func TestGPGAndKeyringsReadEachOther(t *testing.T) {
	t.Parallel()
	names := []string{"plain", "rsa", "two"}
	_, gpg := home(t, names...)
	ring := keyring(t, names...)
	for _, name := range names {
		for _, way := range [][2]*pgp.Keeper{{gpg, ring}, {ring, gpg}} {
			d, err := way[1].Unwrap(t.Context(), wrap(t, way[0], pgptest.Fingerprint(name)))
			if err != nil || !d.Equal(dataKey()) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestKeysThatCannotBeEncryptedToAreNamed(t *testing.T) {
	t.Parallel()
	both(t, []string{"plain", "expired", "lapsed", "revoked", "signonly", "two"}, func(t *testing.T, k *pgp.Keeper) {
		for _, tt := range []struct{ text, want, hint string }{
			{pgptest.Expired, "the key expired on 2020-02-01", "gpg --quick-set-expire " + pgptest.Expired + " 1y"},
			{pgptest.Lapsed, "the subkey for encryption expired on 2020-03-01", "gpg --quick-set-expire " + pgptest.Lapsed + " 1y " + pgptest.LapsedSub},
			{pgptest.LapsedSub + "!", "the subkey for encryption expired on 2020-03-01", "gpg --quick-set-expire " + pgptest.Lapsed + " 1y " + pgptest.LapsedSub},
			{pgptest.LapsedSub, "the subkey for encryption expired on 2020-03-01", "gpg --quick-set-expire"},
			{pgptest.Revoked, "the key is revoked", "--rm-pgp " + pgptest.Revoked},
			{pgptest.SignOnly, "the key has no subkey that can encrypt", "gpg --quick-add-key " + pgptest.SignOnly + " default encr"},
			{pgptest.Plain + "!", "the key has no subkey that can encrypt", "leave the exclamation mark out"},
			{pgptest.Plain[32:], "900FA725 is a short key id", "gpg --list-keys 900FA725"},
			{pgptest.Plain[1:], "has 39 hexadecimal digits; a fingerprint has 40", "gpg --list-keys"},
			{"plain@example.test", `"plain@example.test" is not a fingerprint`, "gpg --list-keys"},
			{"--output\x1b[2J", `is not a fingerprint`, "gpg --list-keys"},
			{"", "the fingerprint is empty", "gpg --list-keys"},
		} {
			_, err := k.Wrap(t.Context(), fp(tt.text), dataKey())
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\x1b") {
				t.Errorf("%s: got %v, want %s", tt.text, err, tt.want)
			}
			if got := strings.Join(hints(err), "\n"); !strings.Contains(got, tt.hint) {
				t.Errorf("%s: hints %q, want %s", tt.text, got, tt.hint)
			}
		}
	})
}

func TestKeysThatAreNotThereAreNamed(t *testing.T) {
	t.Parallel()
	const unknown = "0123456789ABCDEF0123456789ABCDEF01234567"
	_, gpg := home(t, "plain")
	ring := keyring(t, "plain")
	w := wrap(t, keyring(t, "other"), pgptest.Other)
	_, err := gpg.Wrap(t.Context(), fp(unknown), dataKey())
	if err == nil || err.Error() != "gpg does not have the public key" {
		t.Errorf("got %v", err)
	}
	if want := []string{"import it with: gpg --import KEYFILE", "or fetch it with: gpg --recv-keys " + unknown}; !slices.Equal(hints(err), want) {
		t.Errorf("hints %q", hints(err))
	}
	_, wrapping := ring.Wrap(t.Context(), fp(unknown), dataKey())
	_, unwrapping := ring.Unwrap(t.Context(), w)
	for _, err := range []error{wrapping, unwrapping} {
		if err == nil || !strings.HasPrefix(err.Error(), "SOPS_PGP_KEYRING (") || !strings.HasSuffix(err.Error(), "is not installed") {
			t.Errorf("got %v", err)
		}
	}
}

func TestKeysThatGPGCannotReadAreNotMissing(t *testing.T) {
	t.Parallel()
	h, k := home(t)
	if err := os.WriteFile(filepath.Join(h.Dir, "pubring.kbx"), []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := k.Wrap(t.Context(), fp(pgptest.Plain), dataKey())
	if err == nil || !strings.HasPrefix(err.Error(), "gpg cannot read its keys: ") {
		t.Errorf("got %v", err)
	}
}

// shell runs a command of a hint, as a person would type it. Only the terminal
// is missing, and a flag says so to gpg.
func shell(t *testing.T, h pgptest.Home, err error) {
	t.Helper()
	_, command, found := strings.Cut(hints(err)[0], ": ")
	if !found {
		t.Fatalf("no command in %v", hints(err))
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
	gpg, err := exec.LookPath("gpg")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(script(t, "exec "+gpg+` --batch "$@"`))
	cmd.Env = append(os.Environ(), "GNUPGHOME="+h.Dir, "PATH="+dir+":"+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

func TestTheHintsOfKeysWorkAsTheyStand(t *testing.T) {
	t.Parallel()
	h, k := home(t, "expired", "lapsed", "signonly", "plain")
	if err := h.Answer("new passphrase"); err != nil { // of the subkey that is added
		t.Fatal(err)
	}
	if _, err := h.GPG([]byte("disable\nsave\n"), "--command-fd", "0", "--edit-key", pgptest.Plain); err != nil {
		t.Logf("disabling: %v", err)
	}
	for _, name := range []string{pgptest.Expired, pgptest.Lapsed, pgptest.SignOnly, pgptest.Plain} {
		_, err := k.Wrap(t.Context(), fp(name), dataKey())
		if err == nil {
			t.Fatalf("%s can be encrypted to", name)
		}
		shell(t, h, err)
		k = newKeeper(map[string]string{"GNUPGHOME": h.Dir})
		if _, again := k.Wrap(t.Context(), fp(name), dataKey()); again != nil {
			t.Errorf("%v, and after the advice %v", err, again)
		}
	}
}

func TestADisabledKeyIsNamed(t *testing.T) {
	t.Parallel()
	h, k := home(t, "plain")
	if _, err := h.GPG([]byte("disable\nsave\n"), "--command-fd", "0", "--edit-key", pgptest.Plain); err != nil {
		t.Log(err)
	}
	_, err := k.Wrap(t.Context(), fp(pgptest.Plain), dataKey())
	if err == nil || err.Error() != "the key is disabled" {
		t.Errorf("got %v", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	_, k := home(t, "plain", "rsa")
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			w, err := k.Wrap(t.Context(), fp([]string{pgptest.Plain, pgptest.RSA}[i%2]), dataKey())
			if err == nil {
				_, err = k.Unwrap(t.Context(), w)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestExamineSaysHowFarItComes(t *testing.T) {
	t.Parallel()
	h, k := home(t, "plain", "protected", "public:other")
	for name, tt := range map[string]struct {
		want []string
		ok   bool
	}{
		"plain":     {[]string{"wrapped key true", "gpg true", "public key true", "secret key true 12552BDA9D788ABB is here, and no passphrase is needed now", "decrypt true"}, true},
		"protected": {[]string{"wrapped key true", "gpg true", "public key true", "secret key true EC88772EBC409E17 has a passphrase, which the agent asks for", "decrypt false the prompt for the passphrase was cancelled"}, false},
		"other":     {[]string{"wrapped key true", "gpg true", "public key true", "secret key false none for key id EA49ECC4A6D1934F", "decrypt false gpg has no secret key"}, false},
	} {
		steps, err := k.Examine(t.Context(), wrap(t, k, pgptest.Fingerprint(name)))
		if (err == nil) != tt.ok || len(steps) != len(tt.want) {
			t.Errorf("%s: %v, %v", name, steps, err)
			continue
		}
		for i, s := range steps {
			got := s.Name + map[bool]string{true: " true ", false: " false "}[s.OK] + s.Detail
			if !strings.HasPrefix(got, tt.want[i]) {
				t.Errorf("%s: step %q, want %q", name, got, tt.want[i])
			}
		}
	}
	if len(h.Asked()) == 0 {
		t.Error("the agent did not ask")
	}
}

func TestNoPlaintextReachesTheDisk(t *testing.T) {
	t.Parallel()
	h, k := home(t, "plain")
	d, err := k.Unwrap(t.Context(), wrap(t, k, pgptest.Plain))
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(h.Dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return nil
		}
		src, err := os.ReadFile(path)
		if bytes.Contains(src, d.Bytes()) {
			t.Errorf("the data key is in %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAContextThatHasEndedEndsEverything(t *testing.T) {
	t.Parallel()
	_, k := home(t, "plain")
	w := wrap(t, k, pgptest.Plain)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.Unwrap(ctx, w); !errors.Is(err, context.Canceled) {
		t.Errorf("unwrap: %v", err)
	}
	if _, err := k.Wrap(ctx, fp(pgptest.Other), dataKey()); !errors.Is(err, context.Canceled) {
		t.Errorf("wrap: %v", err)
	}
}
