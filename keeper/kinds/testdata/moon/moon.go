// Package moon wraps data keys under craters of the moon, for tests.
package moon

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/moon/moonkey"
)

// A Keeper wraps and unwraps data keys.
type Keeper struct{}

// New returns a Keeper.
func New() Keeper { return Keeper{} }

// Kind returns "moon_kms".
func (Keeper) Kind() string { return moonkey.Kind().Name }

// Wrap hides d.
func (Keeper) Wrap(_ context.Context, m keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	crater := strings.ToLower(m.Text(moonkey.FieldCrater))
	return keeper.WrappedKey{
		MasterKey: m, Enc: crater + ":" + hex.EncodeToString(mask(crater, d.Bytes())), Created: time.Now().UTC().Truncate(time.Second),
	}, nil
}

// Unwrap recovers what Wrap hid.
func (Keeper) Unwrap(_ context.Context, w keeper.WrappedKey) (keeper.Data, error) {
	crater, text, _ := strings.Cut(w.Enc, ":")
	b, err := hex.DecodeString(text)
	if err != nil || crater != strings.ToLower(w.Text(moonkey.FieldCrater)) {
		return keeper.Data{}, errors.New("moon: not wrapped under this crater")
	}
	return keeper.NewData(mask(crater, b)), nil
}

func mask(crater string, b []byte) []byte {
	pad := sha256.Sum256([]byte(crater))
	out := make([]byte, len(b))
	for i := range b {
		out[i] = b[i] ^ pad[i%len(pad)]
	}
	return out
}
