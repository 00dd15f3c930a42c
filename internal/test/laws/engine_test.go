package laws_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// memoryKeeper wraps by doing nothing: these laws are about documents.
type memoryKeeper struct{}

func (memoryKeeper) Kind() string { return keeper.Age }

func (memoryKeeper) Wrap(_ context.Context, m keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	return keeper.WrappedKey{MasterKey: m, Enc: hex.EncodeToString(d.Bytes())}, nil
}

func (memoryKeeper) Unwrap(_ context.Context, w keeper.WrappedKey) (keeper.Data, error) {
	b, err := hex.DecodeString(w.Enc)
	return keeper.NewData(b), err
}

func encryptNew(t testing.TB, f format.Format, src []byte) (*envelope.Decrypted, []byte) {
	t.Helper()
	plan := envelope.Plan{Groups: [][]keeper.MasterKey{{keeper.Undescribed(keeper.Age, "recipient", "r")}}, Random: rand.Reader}
	o, err := envelope.New(t.Context(), src, f, plan, memoryKeeper{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := o.Encrypt(encryptOptions())
	if err != nil {
		t.Fatal(err)
	}
	return o, out
}

// zeros is no randomness at all, so that a failure can be repeated.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func encryptOptions() envelope.EncryptOptions {
	return envelope.EncryptOptions{Now: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC), Random: rand.Reader}
}
