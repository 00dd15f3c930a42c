//go:build unix

package pgp_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/test/pgptest"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/pgp"
)

// The tests below run shell scripts in place of gpg, for what gpg does seldom.

// script writes a shell script and returns its path.
func script(t *testing.T, text string) string {
	t.Helper()
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("there is no shell")
	}
	file := filepath.Join(t.TempDir(), "gpg")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

// wrapped is a key that is wrapped for Plain, made without gpg.
func wrapped(t *testing.T) keeper.WrappedKey {
	t.Helper()
	return wrap(t, keyring(t, "plain"), pgptest.Plain)
}

// listing is what gpg says of Plain.
const listing = "pub:u:255:22:71DC32E6900FA725:1577836800:::u:::scESC:\nfpr:::::::::" + pgptest.Plain + ":\n" +
	"sub:u:255:18:12552BDA9D788ABB:1577836800::::::e:\nfpr:::::::::0000000000000000000000000000000000000000:\n"

func TestAProgramThatIsNotThereIsNamed(t *testing.T) {
	t.Parallel()
	plain := filepath.Join(t.TempDir(), "not-executable")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w := wrapped(t)
	for program, want := range map[string]string{
		"no-such-gpg": `the program "no-such-gpg", which SOPS_GPG_EXEC names, is not installed`,
		plain:         fmt.Sprintf("the program %q, which SOPS_GPG_EXEC names, may not be run", plain),
	} {
		k := newKeeper(map[string]string{"SOPS_GPG_EXEC": program})
		_, wrapping := k.Wrap(t.Context(), fp(pgptest.Plain), dataKey())
		_, unwrapping := k.Unwrap(t.Context(), w)
		for _, err := range []error{wrapping, unwrapping} {
			if err == nil || err.Error() != want {
				t.Errorf("%s: got %v, want %s", program, err, want)
			}
			if !slices.Equal(hints(err), []string{"set SOPS_GPG_EXEC to the path of gpg, or unset it"}) {
				t.Errorf("%s: hints %q", program, hints(err))
			}
		}
		if k.Asks(t.Context(), w) {
			t.Errorf("%s: it is said to ask", program)
		}
	}
}

func TestAHomeThatIsNotThereIsNotMade(t *testing.T) {
	t.Parallel()
	if !pgptest.Installed() {
		t.Skip("gpg is not installed")
	}
	dir := t.TempDir()
	w := wrapped(t)
	for _, tt := range []struct {
		vars map[string]string
		want string
	}{
		{map[string]string{"HOME": dir}, "gpg has no keys: there is no directory " + dir + "/.gnupg"},
		{map[string]string{"HOME": dir, "GNUPGHOME": dir + "/g"}, "gpg has no keys: GNUPGHOME names " + dir + "/g, which is no directory"},
	} {
		k := newKeeper(tt.vars)
		_, wrapping := k.Wrap(t.Context(), fp(pgptest.Plain), dataKey())
		_, unwrapping := k.Unwrap(t.Context(), w)
		for _, err := range []error{wrapping, unwrapping} {
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

func TestCancellationEndsTheWholeProcessGroup(t *testing.T) {
	t.Parallel()
	pids := filepath.Join(t.TempDir(), "pid")
	k := newKeeper(map[string]string{"SOPS_GPG_EXEC": script(t, "sleep 1000 & echo $! >"+pids+".new; mv "+pids+".new "+pids+"; wait")})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	w := wrapped(t)
	go func() {
		_, err := k.Unwrap(ctx, w)
		done <- err
	}()
	var child int
	for child == 0 {
		if text, err := os.ReadFile(pids); err == nil {
			child, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		}
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	for alive(child) {
		time.Sleep(time.Millisecond)
	}
}

// alive reports whether a process runs: one that was killed may wait for its
// new parent.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

func TestGPGThatHangsHoldsUpNoPipeline(t *testing.T) {
	t.Parallel()
	k := pgp.New(pgp.Options{
		Env: env.Map(map[string]string{"SOPS_GPG_EXEC": script(t, "sleep 1000")}), Patience: 50 * time.Millisecond,
	})
	_, err := k.Unwrap(t.Context(), wrapped(t))
	if want := "gpg gave no answer within 50ms, and there is no terminal on which it could ask"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if !slices.Equal(hints(err), []string{"if the agent hangs, end it with: gpgconf --kill gpg-agent"}) {
		t.Errorf("hints %q", hints(err))
	}
}

func TestOutputWithoutEndIsNotRead(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"output": "exec cat /dev/zero", "errors and output": "cat /dev/zero >&2 & exec cat /dev/zero"} {
		k := newKeeper(map[string]string{"SOPS_GPG_EXEC": script(t, text)})
		if _, err := k.Unwrap(t.Context(), wrapped(t)); err == nil || err.Error() != "gpg writes more than a data key" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestWhatGPGSaysIsCleanedBeforeItIsShown(t *testing.T) {
	t.Parallel()
	k := newKeeper(map[string]string{"SOPS_GPG_EXEC": script(t, `printf 'gpg: \033[31mred\033[0m \342\200\256evil\n\377\ngpg: second\n' >&2; exit 2`)})
	_, err := k.Unwrap(t.Context(), wrapped(t))
	if want := "gpg did not decrypt: [31mred[0m evil; ?; second"; err == nil || err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

// Success is what the status lines say, not the exit status alone: gpg prints
// the text of a message that is only signed, too.
func TestOnlyWhatWasDecryptedIsADataKey(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef0123456789abcdef"
	for text, good := range map[string]bool{
		"printf " + secret: false,
		"printf " + secret + "; echo '[GNUPG:] DECRYPTION_OKAY' >&2":                true,
		"printf " + secret + "; echo 'gpg: [GNUPG:] DECRYPTION_OKAY' >&2":           false,
		"printf " + secret + "; echo '[GNUPG:] DECRYPTION_OKAY' >&2; exit 2":        false,
		"printf " + secret + "; echo '[GNUPG:] DECRYPTION_OKAY_NOT' >&2; exit 0":    false,
		"printf " + secret + "; echo '[GNUPG:] DECRYPTION_FAILED' >&2; exit 0":      false,
		"printf " + secret + "; echo '[GNUPG:] NOTATION DECRYPTION_OKAY' >&2":       false,
		"printf " + secret + "; printf 'x\\r\\n[GNUPG:] DECRYPTION_OKAY\\r\\n' >&2": true,
	} {
		d, err := newKeeper(map[string]string{"SOPS_GPG_EXEC": script(t, text)}).Unwrap(t.Context(), wrapped(t))
		if (err == nil) != good || good && string(d.Bytes()) != secret {
			t.Errorf("%s: %v", text, err)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the data key is in the error", text)
		}
	}
}

func TestTheReasonsOfFailuresAreReadFromStatusLines(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]string{
		"ERROR pkdecrypt_failed 83886179":  "the prompt for the passphrase was cancelled",
		"ERROR pkdecrypt_failed 83886278":  "the prompt for the passphrase was cancelled",
		"ERROR pkdecrypt_failed 67108875":  "the passphrase was wrong",
		"ERROR pkdecrypt_failed 100663383": "the PIN of the smart card was wrong",
		"ERROR pkdecrypt_failed 100663426": "the PIN of the smart card is blocked",
		"ERROR pkdecrypt_failed 100663408": "the smart card with the secret key is not in the reader",
		"ERROR pkdecrypt_failed 100663406": "the smart card with the secret key is not in the reader",
		"ERROR pkdecrypt_failed 83918950":  "gpg needs a passphrase, and pinentry found no terminal to ask on",
		"ERROR pkdecrypt_failed 67108949":  "gpg needs a passphrase, and pinentry cannot be run",
		"ERROR pkdecrypt_failed 83886142":  "the prompt for the passphrase was not answered in time",
		"ERROR pkdecrypt_failed 33554509":  "gpg cannot reach its agent",
		"ERROR pkdecrypt_failed 67109115":  "the agent that gpg reaches here may not be used for this",
		"NODATA 1":                         "the wrapped key is damaged: gpg finds no message in it",
		"DECRYPTION_FAILED":                "the wrapped key is damaged: gpg cannot decrypt it",
		"ERROR pkdecrypt_failed x":         "gpg did not decrypt: in another language",
		"ERROR":                            "gpg did not decrypt: in another language",
	} {
		gpg := script(t, "echo 'gpg: in another language' >&2; echo '[GNUPG:] "+status+"' >&2; exit 2")
		_, err := newKeeper(map[string]string{"SOPS_GPG_EXEC": gpg}).Unwrap(t.Context(), wrapped(t))
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", status, err, want)
		}
	}
}

func TestAnAgentWithoutMemoryIsTriedOnceMore(t *testing.T) {
	t.Parallel()
	mark := filepath.Join(t.TempDir(), "mark")
	k := newKeeper(map[string]string{"SOPS_GPG_EXEC": script(t, "if [ -f "+mark+" ]; then printf 0123456789abcdef0123456789abcdef; echo '[GNUPG:] DECRYPTION_OKAY' >&2; exit 0; fi; "+
		"touch "+mark+"; echo '[GNUPG:] ERROR pkdecrypt_failed 67141718' >&2; exit 2")})
	if _, err := k.Unwrap(t.Context(), wrapped(t)); err != nil {
		t.Error(err)
	}
}

// call is what a script saw of one call.
type call struct{ args, env, stdin string }

// recorded runs f with a gpg that writes down what it gets, and then says what
// answer says.
func recorded(t *testing.T, vars map[string]string, tty, answer string, f func(k *pgp.Keeper)) []call {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{"SOPS_GPG_EXEC": script(t, `n=$(ls `+dir+` | wc -l); mkdir `+dir+`/$n; echo "$*" >`+dir+`/$n/args; env >`+dir+`/$n/env; case "$*" in *--list*) ;; *) cat >`+dir+`/$n/stdin ;; esac; `+answer)}
	for name, v := range vars {
		all[name] = v
	}
	f(pgp.New(pgp.Options{Env: env.Map(all), Now: clock, TTY: func() string { return tty }}))
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var calls []call
	for _, e := range entries {
		read := func(name string) string {
			text, _ := os.ReadFile(filepath.Join(dir, e.Name(), name))
			return string(text)
		}
		calls = append(calls, call{read("args"), "\n" + read("env"), read("stdin")})
	}
	return calls
}

func TestSecretsGoThroughPipesAlone(t *testing.T) {
	t.Parallel()
	secret := string(dataKey().Bytes())
	calls := recorded(t, nil, "", "case \"$*\" in *--list-keys*) printf '"+strings.ReplaceAll(listing, "\n", `\n`)+"' ;; esac", func(k *pgp.Keeper) {
		_, _ = k.Wrap(t.Context(), fp("0x"+strings.ToLower(pgptest.Plain)), dataKey())
	})
	if len(calls) != 2 || !strings.Contains(calls[0].args, "--list-keys -- 0x"+pgptest.Plain) || calls[1].stdin != secret {
		t.Fatalf("calls %q", calls)
	}
	if !strings.Contains(calls[1].args, "--no-encrypt-to --no-default-recipient --armor --output - --recipient "+pgptest.Plain+" --encrypt") {
		t.Errorf("arguments %q", calls[1].args)
	}
	for _, c := range calls {
		if strings.Contains(c.args+c.env, secret) || !strings.HasPrefix(c.args, "--batch --no-tty --status-fd=2 ") {
			t.Errorf("arguments %q", c.args)
		}
		if !strings.Contains(c.env, "\nLC_ALL=C\n") {
			t.Error("the texts of gpg are in any language")
		}
	}
}

// pinentry is run with the terminal and the language of the user.
func TestPromptsAreOnTheTerminalAndInTheLanguageOfTheUser(t *testing.T) {
	t.Parallel()
	w := wrapped(t)
	for name, tt := range map[string]struct {
		vars map[string]string
		tty  string
		want string
	}{
		"found":        {nil, "/dev/pts/7", "\nGPG_TTY=/dev/pts/7\n"},
		"set":          {map[string]string{"GPG_TTY": "/dev/pts/8"}, "/dev/pts/7", "\nGPG_TTY=/dev/pts/8\n"},
		"home as well": {map[string]string{"GNUPGHOME": "/somewhere"}, "/dev/pts/7", "\nGNUPGHOME=/somewhere\n"},
	} {
		calls := recorded(t, tt.vars, tt.tty, "exit 2", func(k *pgp.Keeper) { _, _ = k.Unwrap(t.Context(), w) })
		if len(calls) != 1 || !strings.Contains(calls[0].env, tt.want) {
			t.Errorf("%s: no %q in %q", name, tt.want, calls)
			continue
		}
		if strings.Contains(calls[0].env, "\nLC_ALL=C\n") != (os.Getenv("LC_ALL") == "C") {
			t.Errorf("%s: the language is not that of the user", name)
		}
		if calls[0].args != "--batch --no-tty --status-fd=2 --output - --decrypt\n" || calls[0].stdin != w.Enc+"\n" {
			t.Errorf("%s: called with %q", name, calls[0].args)
		}
	}
}
