//go:build unix

package pgp_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/test/pgptest"
	"github.com/seed-1f7fdfb8/sops/keeper/pgp"
)

func write(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// What SOPS reads, too: the keyrings of GnuPG 1, which gpg 2 leaves where they
// are.
func TestTheKeyringsOfGnuPG1ServeWithoutGPG(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "secring.gpg"), append(pgptest.Key("plain"), pgptest.Key("two")...))
	write(t, filepath.Join(dir, "pubring.gpg"), append(pgptest.Key("plain"), pgptest.Key("other")...))
	k := newKeeper(map[string]string{"GNUPGHOME": dir, "SOPS_GPG_EXEC": "no-such-gpg"})
	for _, name := range []string{pgptest.Plain, pgptest.Two} {
		if d, err := k.Unwrap(t.Context(), wrap(t, k, name)); err != nil || !d.Equal(dataKey()) {
			t.Errorf("%s: %v", name, err)
		}
	}
	wrap(t, k, pgptest.Other)
}

func TestAKeyringGoesBeforeGPGAndGPGHasTheRest(t *testing.T) {
	t.Parallel()
	h, gpg := home(t, "other")
	file := filepath.Join(h.Dir, "ci.asc")
	write(t, file, pgptest.Key("plain"))
	k := newKeeper(map[string]string{"GNUPGHOME": h.Dir, "SOPS_PGP_KEYRING": file})
	for _, name := range []string{pgptest.Plain, pgptest.Other} {
		if d, err := k.Unwrap(t.Context(), wrap(t, k, name)); err != nil || !d.Equal(dataKey()) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := gpg.Wrap(t.Context(), fp(pgptest.Plain), dataKey()); err == nil {
		t.Error("gpg has the key of the keyring")
	}
	steps, err := k.Examine(t.Context(), wrap(t, k, pgptest.Plain))
	if err != nil || len(steps) != 3 || steps[1].Name != "keyring" || !strings.Contains(steps[1].Detail, file) {
		t.Errorf("examined: %v, %v", steps, err)
	}
}

func TestKeyringsThatDoNotServeAreNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	damaged := filepath.Join(dir, "damaged.asc")
	write(t, damaged, []byte(strings.Replace(string(pgptest.Key("plain")), "lFg", "AAA", 1)))
	text := filepath.Join(dir, "text")
	write(t, text, []byte("no key at all"))
	w := wrap(t, keyring(t, "plain"), pgptest.Plain)
	for file, want := range map[string]string{
		filepath.Join(dir, "missing"): "no such file or directory",
		damaged:                       "it holds ",
		text:                          "it holds no OpenPGP key",
	} {
		k := newKeeper(map[string]string{"SOPS_PGP_KEYRING": file})
		_, wrapping := k.Wrap(t.Context(), fp(pgptest.Plain), dataKey())
		_, unwrapping := k.Unwrap(t.Context(), w)
		for _, err := range []error{wrapping, unwrapping} {
			if err == nil || !strings.HasPrefix(err.Error(), "SOPS_PGP_KEYRING ("+file+"): ") || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v", file, err)
			}
		}
	}
}

// Passphrases are the agent's business.
func TestALockedKeyInAKeyringIsSentToGPG(t *testing.T) {
	t.Parallel()
	k := keyring(t, "protected")
	w := wrap(t, k, pgptest.Protected)
	_, err := k.Unwrap(t.Context(), w)
	if err == nil || !strings.HasSuffix(err.Error(), "the secret key has a passphrase, for which only the agent of gpg asks") {
		t.Errorf("got %v", err)
	}
	if h := hints(err); len(h) != 1 || h[0] != "import it into gpg with: gpg --import KEYFILE" {
		t.Errorf("hints %q", h)
	}
}

func TestDamagedMessagesAreNamed(t *testing.T) {
	t.Parallel()
	const begin, end = "-----BEGIN PGP MESSAGE-----\n\n", "\n-----END PGP MESSAGE-----"
	both(t, []string{"plain"}, func(t *testing.T, k *pgp.Keeper) {
		w := wrap(t, k, pgptest.Plain)
		good := w.Enc
		body := strings.TrimSuffix(strings.TrimPrefix(good, begin), end)
		for name, tt := range map[string]struct{ enc, want string }{
			"empty":      {"", "it is not in ASCII armor"},
			"text":       {"hello", "it is not in ASCII armor"},
			"no message": {begin + end, "it is encrypted to no key"},
			"a key":      {string(pgptest.Key("plain")), `it is a "PGP PRIVATE KEY BLOCK"`},
			// gpg --symmetric with any passphrase.
			"passphrase": {begin + "jA0ECQMCb2QJ/pfEFHj/0kUBbLyZbhcTPx0S+mJMTXx1cQ6lz0G2iTM5mJ8Tn6wO\nPkqtyb+XEBrmVdGXqLlkPvTmRDLWGG8gs0lWRUKDGCwEIzY=" + end, "it is encrypted with a passphrase instead of a key"},
			// A literal packet.
			"plain text": {begin + "yyZiAGpsGjowMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==" + end, "it is not encrypted"},
			"cut off":    {begin + body[:len(body)/2/4*4] + end, ""},
		} {
			w.Enc = tt.enc
			if k.Asks(t.Context(), w) {
				t.Errorf("%s: it is said to ask", name)
			}
			_, err := k.Unwrap(t.Context(), w)
			if err == nil || !strings.HasPrefix(err.Error(), "the wrapped key is damaged: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: got %v, want %s", name, err, tt.want)
			}
		}
		for name, enc := range map[string]string{
			"newline at the end": good + "\n", "line ends of Windows": strings.ReplaceAll(good, "\n", "\r\n"), "blanks around": "\n  " + good + "\n\n",
			"headers": strings.Replace(good, "MESSAGE-----\n", "MESSAGE-----\nVersion: GnuPG v1\nComment: x\n", 1),
		} {
			w.Enc = enc
			if d, err := k.Unwrap(t.Context(), w); err != nil || !d.Equal(dataKey()) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// Every byte of a message is covered: what was changed is an error, never
// another data key.
func TestAChangedMessageIsNeverAnotherDataKey(t *testing.T) {
	t.Parallel()
	k := keyring(t, "plain")
	w := wrap(t, k, pgptest.Plain)
	good := w.Enc
	for i := len("-----BEGIN PGP MESSAGE-----\n\n"); i < len(good)-len("\n-----END PGP MESSAGE-----"); i++ {
		changed := []byte(good)
		if changed[i] == 'A' {
			changed[i] = 'B'
		} else {
			changed[i] = 'A'
		}
		w.Enc = string(changed)
		if d, err := k.Unwrap(t.Context(), w); err == nil && !d.Equal(dataKey()) {
			t.Errorf("byte %d: another data key", i)
		}
	}
}

func FuzzNoMessageBreaksTheParsers(f *testing.F) {
	f.Add("-----BEGIN PGP MESSAGE-----\n\nhF4DElUr2p14irsSAQdA\n-----END PGP MESSAGE-----")
	f.Add("[GNUPG:] ENC_TO 12552BDA9D788ABB 18 0\ngpg: x\n[GNUPG:] ERROR pkdecrypt_failed 99")
	f.Add("sec:u:255:22:71DC32E6900FA725:1577836800:::u:::scESC:::+\nfpr:::::::::C3FB\ngrp:::::::::1\nssb:::")
	f.Add("0xC3FB 3328 C750 2912!")
	f.Fuzz(func(t *testing.T, text string) {
		if ids, err := pgp.ParseMessage(text); err == nil && len(ids) == 0 {
			t.Error("a message for no key is taken for one")
		}
		pgp.ParseListing(text)
		if lines, _ := pgp.ParseStatus(text); len(lines) > strings.Count(text, "[GNUPG:] ") {
			t.Error("more status lines than there are")
		}
		if digits, _, err := pgp.ParseName(text); err == nil && strings.Trim(digits, "0123456789ABCDEF") != "" {
			t.Errorf("%q is taken for a fingerprint", digits)
		}
		if shown := pgp.Clean(text); strings.ContainsAny(shown, "\x00\x1b\n\r") {
			t.Errorf("shown: %q", shown)
		}
	})
}
