// Package keepertest is the suite that every keeper passes, whatever its key
// service:
//
//	func TestKeeper(t *testing.T) {
//		keepertest.Run(t, keepertest.Case{New: ..., Key: ..., Other: ..., Stranger: ...})
//	}
//
// The laws are those that files rely on. What was wrapped is unwrapped to the
// same bytes, and what was damaged is an error or the same bytes, never others.
// A call ends when its context does, whatever the key service does, and a keeper
// works again once its key service does. One keeper serves many calls at once.
// No error shows a secret.
package keepertest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// A Case is a keeper and the keys that it is tested with.
type Case struct {
	// New returns a keeper that can use Key and Other.
	New func(t *testing.T) keeper.Keeper
	// Key and Other are two keys, as their Kind describes them.
	Key, Other keeper.MasterKey
	// Stranger returns a keeper that cannot unwrap what Key wraps.
	Stranger func(t *testing.T) keeper.Keeper
	// Secrets are texts that no error may show, such as those of credentials.
	Secrets []string
	// Faults are the ways in which the key service can fail, by name: each begins
	// a fault, and returns what ends it. There are none where the keeper speaks to
	// no server.
	Faults map[string]func() (mend func())
	// Samples is how many damaged ciphertexts of each sort are tried; 0 means 40.
	Samples int
}

// Times that calls may take.
const (
	enough = 10 * time.Second       // where nothing is in the way
	brief  = 500 * time.Millisecond // the deadline of calls that meet a fault
	grace  = 2 * time.Second        // after the end of a context, on a machine at work
)

// Run runs the suite.
func Run(t *testing.T, c Case) {
	t.Helper()
	if c.Samples == 0 {
		c.Samples = 40
	}
	for _, law := range []struct {
		name string
		hold func(*testing.T, Case)
	}{
		{"what is wrapped is unwrapped", roundTrip},
		{"a stranger unwraps nothing", strangers},
		{"another key gives no other data", otherKey},
		{"damage is noticed", damage},
		{"a call ends with its context", cancellation},
		{"calls run side by side", concurrency},
	} {
		t.Run(law.name, func(t *testing.T) { law.hold(t, c) })
	}
	for name, begin := range c.Faults {
		t.Run("fault: "+name, func(t *testing.T) { c.fault(t, begin) })
	}
}

// data returns a data key, or a share of one, that does not look like anything
// else.
func data(size int) keeper.Data {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(0xC1 + 7*i)
	}
	return keeper.NewData(b)
}

// wrapped returns d wrapped under the key of the case.
func (c Case) wrapped(t *testing.T, k keeper.Keeper, d keeper.Data) keeper.WrappedKey {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), enough)
	defer cancel()
	w, err := k.Wrap(ctx, c.Key, d)
	if err != nil {
		t.Fatalf("wrap with %s: %v", c.Key.Name(), err)
	}
	return w
}

// silent fails if the error shows a secret.
func (c Case) silent(t *testing.T, err error, d keeper.Data) {
	t.Helper()
	if err == nil {
		return
	}
	text := fmt.Sprintf("%v %+v %s", err, err, strings.Join(hint.Hints(err), " "))
	secrets := append([]string{
		string(d.Bytes()), hex.EncodeToString(d.Bytes()), base64.StdEncoding.EncodeToString(d.Bytes()), base64.RawURLEncoding.EncodeToString(d.Bytes()),
	}, c.Secrets...)
	for _, s := range secrets {
		if strings.Contains(text, s) {
			t.Errorf("the error shows a secret, %q: %s", s, text)
		}
	}
}

func roundTrip(t *testing.T, c Case) {
	k := c.New(t)
	if k.Kind() != c.Key.Kind {
		t.Errorf("the keeper is of the kind %q, and its key of %q", k.Kind(), c.Key.Kind)
	}
	for _, size := range []int{keeper.Size, keeper.Size + 1} { // a data key, a share
		d := data(size)
		w := c.wrapped(t, k, d)
		if !w.Equal(c.Key) {
			t.Errorf("wrapped under %s instead of %s", w.Identity(), c.Key.Identity())
		}
		if w.Created.IsZero() != c.Key.Undated() {
			t.Errorf("entries have a time: %v; this one: %v", !c.Key.Undated(), w.Created)
		}
		if strings.Contains(w.Enc, base64.StdEncoding.EncodeToString(d.Bytes())) || strings.Contains(w.Enc, string(d.Bytes())) {
			t.Error("the wrapped key shows the data key")
		}
		if again := c.wrapped(t, k, d); again.Enc == w.Enc {
			t.Error("a key that is wrapped twice looks the same")
		}
		for _, reader := range []keeper.Keeper{k, c.New(t)} {
			got, err := reader.Unwrap(t.Context(), w)
			if err != nil || !got.Equal(d) {
				t.Errorf("%d bytes: unwrap: %v, the same bytes: %v", size, err, got.Equal(d))
			}
		}
	}
}

func strangers(t *testing.T, c Case) {
	d := data(keeper.Size)
	w := c.wrapped(t, c.New(t), d)
	ctx, cancel := context.WithTimeout(t.Context(), enough)
	defer cancel()
	got, err := c.Stranger(t).Unwrap(ctx, w)
	if err == nil {
		t.Errorf("a stranger unwraps the key; the right data: %v", got.Equal(d))
	}
	c.silent(t, err, d)
}

func otherKey(t *testing.T, c Case) {
	k, d := c.New(t), data(keeper.Size)
	w := c.wrapped(t, k, d)
	w.MasterKey = c.Other
	c.sameOrError(t, k, w, d, "under the name of another key")
}

// sameOrError unwraps w, which must fail or give d.
func (c Case) sameOrError(t *testing.T, k keeper.Keeper, w keeper.WrappedKey, d keeper.Data, what string) (ok bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), enough)
	defer cancel()
	got, err := k.Unwrap(ctx, w)
	if err == nil && !got.Equal(d) {
		t.Errorf("%s: other data came out", what)
	}
	if ctx.Err() != nil {
		t.Errorf("%s: no answer within %s", what, enough)
	}
	c.silent(t, err, d)
	return err == nil
}

func damage(t *testing.T, c Case) {
	k, d := c.New(t), data(keeper.Size)
	w := c.wrapped(t, k, d)
	whole, unnoticed := w.Enc, 0
	step := max(1, len(whole)/c.Samples)
	try := func(enc, what string, at int) {
		w.Enc = enc
		if c.sameOrError(t, k, w, d, fmt.Sprintf("%s at byte %d of %d", what, at, len(whole))) {
			unnoticed++
		}
	}
	for at := 0; at < len(whole); at += step {
		try(whole[:at], "cut", at)
		flipped := []byte(whole)
		flipped[at] ^= 1
		try(string(flipped), "changed", at)
		try(whole[:at]+whole[min(at+4, len(whole)):], "four bytes out", at)
	}
	for _, enc := range []string{"", " ", "\x00", "AAAA", "{}", strings.Repeat("A", 1<<16), whole + whole} {
		try(enc, fmt.Sprintf("%.8q...", enc), 0)
	}
	// Blanks and line breaks around and in it may be lost without harm.
	if most := 3 * c.Samples / 4; unnoticed > most {
		t.Errorf("%d damaged texts were unwrapped as if nothing had happened", unnoticed)
	}
}

func cancellation(t *testing.T, c Case) {
	k, d := c.New(t), data(keeper.Size)
	w := c.wrapped(t, k, d)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	start := time.Now()
	_, wrapErr := k.Wrap(ctx, c.Key, d)
	got, err := k.Unwrap(ctx, w)
	if took := time.Since(start); took > grace {
		t.Errorf("calls whose context has ended took %s", took)
	}
	if err == nil && !got.Equal(d) {
		t.Error("other data came out")
	}
	c.silent(t, errors.Join(wrapErr, err), d)
	if got, err := k.Unwrap(t.Context(), w); err != nil || !bytes.Equal(got.Bytes(), d.Bytes()) {
		t.Errorf("after a call that was cancelled: %v", err)
	}
}
