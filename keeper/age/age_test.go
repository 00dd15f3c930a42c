package age

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

var _ interface {
	keeper.Keeper
	keeper.Asker
} = (*Keeper)(nil)

func TestKeysWrappedByTheReferenceAreOpened(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		w := newWorld(t)
		name := varKeyFile
		if strings.HasPrefix(v.Identity, "ssh") {
			name = varSSHKeyFile
		}
		w.vars[name] = "testdata/keys/" + v.Identity
		got, err := w.keeper().Unwrap(t.Context(), keeper.WrappedKey{MasterKey: keeper.Undescribed(keeper.Age, "recipient", v.Recipient), Enc: v.Enc})
		if err != nil {
			t.Errorf("%s: %v", v.File, err)
			continue
		}
		if diff := cmp.Diff(v.Part, hex.EncodeToString(got.Bytes())); diff != "" {
			t.Errorf("%s with %s (-want +got):\n%s", v.File, v.Identity, diff)
		}
	}
}

func TestWrappedKeysAreArmoredAgeFiles(t *testing.T) {
	t.Parallel()
	recipients := map[string]string{}
	for _, v := range vectors(t) {
		recipients[v.Identity] = v.Recipient
	}
	for identity, recipient := range recipients {
		w := newWorld(t)
		w.vars[varKeyFile] = "testdata/keys/" + identity
		k := w.keeper()
		d := keeper.NewData([]byte(strings.Repeat("k", keeper.Size)))
		m := keeper.Undescribed(keeper.Age, "recipient", recipient)
		got, err := k.Wrap(t.Context(), m, d)
		if err != nil {
			t.Errorf("%s: %v", recipient, err)
			continue
		}
		if diff := cmp.Diff(m, got.MasterKey); diff != "" || !got.Created.IsZero() {
			t.Errorf("%s: created %v, key (-want +got):\n%s", recipient, got.Created, diff)
		}
		if !strings.HasPrefix(got.Enc, "-----BEGIN AGE ENCRYPTED FILE-----\n") ||
			!strings.HasSuffix(got.Enc, "\n-----END AGE ENCRYPTED FILE-----\n") {
			t.Errorf("%s: enc = %q", recipient, got.Enc)
		}
		back, err := k.Unwrap(t.Context(), got)
		if err != nil || !back.Equal(d) {
			t.Errorf("%s: Unwrap = %v, %v", recipient, back, err)
		}
	}
}

// See fixture accept/age-recipient-irrelevant.
func TestTheRecipientDoesNotMatterForUnwrapping(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vars[varKey] = string(testKey(t, "main.txt"))
	wrapped := wrappedFor(t, "main.txt")
	wrapped.MasterKey = keeper.Undescribed(keeper.Age, "recipient", "age1whatever")
	if _, err := w.keeper().Unwrap(t.Context(), wrapped); err != nil {
		t.Error(err)
	}
}

func TestDamagedTextsAreNoMatterOfIdentities(t *testing.T) {
	t.Parallel()
	whole := wrappedFor(t, "main.txt").Enc
	for name, enc := range map[string]string{
		"no armor":  "AQICAHh",
		"cut off":   whole[:len(whole)/2],
		"one bit":   strings.Replace(whole, "YWdl", "YWdm", 1),
		"last byte": strings.Replace(whole, "\n-----END", "A\n-----END", 1),
	} {
		w := newWorld(t)
		w.vars[varKey] = string(testKey(t, "main.txt"))
		_, err := w.keeper().Unwrap(t.Context(), keeper.WrappedKey{Enc: enc})
		if err == nil || !strings.HasPrefix(err.Error(), "the wrapped key is damaged") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestNobodyIsAskedInVain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vars[varKeyFile] = write(t, w.home, "locked.age", locked(t, testKey(t, "second.txt"), "horse"))
	w.vars[varKey] = string(testKey(t, "main.txt"))
	w.vars[varKeyCmd] = "print it"
	k := w.keeper()
	wrapped := wrappedFor(t, "main.txt")
	if k.Asks(t.Context(), wrapped) {
		t.Error("Asks, although an identity lies ready")
	}
	if _, err := k.Unwrap(t.Context(), wrapped); err != nil {
		t.Error(err)
	}
	if len(w.prompts)+len(w.ran) > 0 {
		t.Errorf("prompts %q, commands %q; want none", w.prompts, w.ran)
	}
}

func TestAFileIsUnlockedOnceInARun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	both := append(testKey(t, "main.txt"), testKey(t, "second.txt")...)
	w.vars[varKeyFile] = write(t, w.home, "locked.age", locked(t, both, "horse"))
	w.answers = []string{"horse"}
	k := w.keeper()
	main, second := wrappedFor(t, "main.txt"), wrappedFor(t, "second.txt")
	if !k.Asks(t.Context(), main) {
		t.Error("does not ask, although the passphrase is unknown")
	}
	var all sync.WaitGroup
	for _, wrapped := range []keeper.WrappedKey{main, second, main, second} {
		all.Go(func() {
			if _, err := k.Unwrap(t.Context(), wrapped); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(w.prompts) != 1 || !strings.Contains(w.prompts[0], w.vars[varKeyFile]) {
		t.Errorf("prompts %q, want one that names the file", w.prompts)
	}
	if k.Asks(t.Context(), main) {
		t.Error("asks, although the passphrase is known")
	}
}

func TestAWrongPassphraseIsSaidAndNotAskedForAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vars[varKeyFile] = write(t, w.home, "locked.age", locked(t, testKey(t, "main.txt"), "horse"))
	w.answers = []string{"cow", "horse"}
	k := w.keeper()
	for range 2 {
		_, err := k.Unwrap(t.Context(), wrappedFor(t, "main.txt"))
		if err == nil || !strings.Contains(err.Error(), "the passphrase is wrong") {
			t.Errorf("error %v", err)
		}
	}
	if len(w.prompts) != 1 {
		t.Errorf("prompts %q, want one", w.prompts)
	}
}

func TestWithoutTerminalLockedFilesAskNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vars[varKeyFile] = write(t, w.home, "locked.age", locked(t, testKey(t, "main.txt"), "horse"))
	o := w.options()
	o.Passphrase = nil
	k := New(o)
	if k.Asks(t.Context(), wrappedFor(t, "main.txt")) {
		t.Error("Asks, although no user can be asked")
	}
	_, err := k.Unwrap(t.Context(), wrappedFor(t, "main.txt"))
	var e *NoIdentityError
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "no terminal") {
		t.Fatalf("error %v", err)
	}
	if !strings.Contains(e.Hints()[0], "run this in a terminal") {
		t.Errorf("hints %q", e.Hints())
	}
}

func TestCancellationDoesNotWaitForAPrompt(t *testing.T) {
	t.Parallel()
	src := locked(t, testKey(t, "main.txt"), "horse")
	wrapped := wrappedFor(t, "main.txt")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		k := New(Options{
			Env: env.Map(map[string]string{varKey: string(armored(t, src))}),
			Passphrase: func(string) ([]byte, error) {
				time.Sleep(time.Hour)
				return []byte("horse"), nil
			},
		})
		start := time.Now()
		if _, err := k.Unwrap(ctx, wrapped); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want the context's", err)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %v, want 1s", took)
		}
		// The next call waits its turn and finds the file unlocked.
		if _, err := k.Unwrap(t.Context(), wrapped); err != nil {
			t.Error(err)
		}
	})
}

func TestManyKeysAreUnwrappedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var text strings.Builder
	var recipients []string
	for range 5 {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(id.String() + "\n")
		recipients = append(recipients, id.Recipient().String())
	}
	w.vars[varKey] = text.String()
	k := w.keeper()
	var all sync.WaitGroup
	for i, r := range recipients {
		all.Go(func() {
			d := keeper.NewData([]byte(strings.Repeat(string(rune('a'+i)), keeper.Size)))
			wrapped, err := k.Wrap(t.Context(), keeper.Undescribed(keeper.Age, "recipient", r), d)
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := k.Unwrap(t.Context(), wrapped); err != nil || !got.Equal(d) {
				t.Errorf("Unwrap = %v, %v", got, err)
			}
		})
	}
	all.Wait()
}
