package age

import (
	"crypto/ed25519"
	"encoding/pem"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// lockedSSHKey makes an SSH key with the passphrase "horse".
func lockedSSHKey(t *testing.T, seed byte) (private []byte, recipient string) {
	t.Helper()
	k := ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), ed25519.SeedSize)))
	block, err := ssh.MarshalPrivateKeyWithPassphrase(k, "", []byte("horse"))
	if err != nil {
		t.Fatal(err)
	}
	pub, err := ssh.NewPublicKey(k.Public())
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(block), string(ssh.MarshalAuthorizedKey(pub))
}

func TestALockedSSHKeyAsksOnceAndOnlyForItsFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	private, recipient := lockedSSHKey(t, 'a')
	_, another := lockedSSHKey(t, 'b')
	file := write(t, w.home, ".ssh/id_ed25519", private)
	w.answers = []string{"horse"}
	k := w.keeper()
	d := keeper.NewData(make([]byte, keeper.Size))
	wrap := func(r string) keeper.WrappedKey {
		wrapped, err := k.Wrap(t.Context(), keeper.Undescribed(keeper.Age, "recipient", r), d)
		if err != nil {
			t.Fatal(err)
		}
		return wrapped
	}
	if mine, theirs := k.Asks(t.Context(), wrap(recipient)), k.Asks(t.Context(), wrap(another)); !mine || theirs {
		t.Errorf("Asks: %v for its own file, %v for another's", mine, theirs)
	}
	if _, err := k.Unwrap(t.Context(), wrap(another)); err == nil {
		t.Error("a file for another key was opened")
	}
	if len(w.prompts) > 0 {
		t.Errorf("prompts for another's file: %q", w.prompts)
	}
	for range 2 {
		if _, err := k.Unwrap(t.Context(), wrap(recipient)); err != nil {
			t.Error(err)
		}
	}
	if len(w.prompts) != 1 || !strings.Contains(w.prompts[0], file) {
		t.Errorf("prompts %q, want one that names the key", w.prompts)
	}
	if k.Asks(t.Context(), wrap(recipient)) {
		t.Error("asks, although the passphrase is known")
	}
}

func TestAWrongPassphraseOfAnSSHKeyIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	private, recipient := lockedSSHKey(t, 'a')
	write(t, w.home, ".ssh/id_ed25519", private)
	w.answers = []string{"cow", "horse"}
	k := w.keeper()
	wrapped, err := k.Wrap(t.Context(), keeper.Undescribed(keeper.Age, "recipient", recipient), keeper.NewData(make([]byte, keeper.Size)))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := k.Unwrap(t.Context(), wrapped); err == nil || !strings.Contains(err.Error(), "the passphrase is wrong") {
			t.Errorf("error %v", err)
		}
	}
	if len(w.prompts) != 1 {
		t.Errorf("prompts %q, want one", w.prompts)
	}
}

// The older format says nothing of the public key, so the file beside it must.
func TestAnOldLockedSSHKeyNeedsItsPublicKey(t *testing.T) {
	t.Parallel()
	public := testKey(t, "ssh_rsa_locked_pem.pub")
	for _, beside := range []bool{true, false} {
		w := newWorld(t)
		w.vars[varSSHKeyFile] = write(t, w.home, "old", testKey(t, "ssh_rsa_locked_pem"))
		if beside {
			write(t, w.home, "old.pub", public)
		}
		w.answers = []string{"old horse"}
		k := w.keeper()
		wrapped, err := k.Wrap(t.Context(), keeper.Undescribed(keeper.Age, "recipient", string(public)), keeper.NewData(make([]byte, keeper.Size)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = k.Unwrap(t.Context(), wrapped)
		if opened := err == nil; opened != beside {
			t.Errorf("public key beside it: %v; error %v", beside, err)
		}
		if !beside && !strings.Contains(err.Error(), "old.pub") {
			t.Errorf("error %v does not name the missing file", err)
		}
	}
}

func TestALockedFileMayEndInWhatLooksLikeWhiteSpace(t *testing.T) {
	t.Parallel()
	file := locked(t, testKey(t, "main.txt"), "horse")
	for file[len(file)-1] != '\n' {
		file = locked(t, testKey(t, "main.txt"), "horse")
	}
	w := newWorld(t)
	w.vars[varKeyFile] = write(t, w.home, "locked.age", file)
	w.answers = []string{"horse"}
	if _, err := w.keeper().Unwrap(t.Context(), wrappedFor(t, "main.txt")); err != nil {
		t.Error(err)
	}
}
