package sops_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/std"
)

// A memory is a keeper of AWS KMS keys that hides nothing and remembers the
// encryption context of the last call.
type memory struct{ context map[string]string }

func (*memory) Kind() string { return keeper.KMS }

func (m *memory) Wrap(_ context.Context, k keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	m.context = k.Map("context")
	return keeper.WrappedKey{MasterKey: k, Enc: base64.StdEncoding.EncodeToString(d.Bytes())}, nil
}

func (m *memory) Unwrap(_ context.Context, w keeper.WrappedKey) (keeper.Data, error) {
	m.context = w.Map("context")
	b, err := base64.StdEncoding.DecodeString(w.Enc)
	return keeper.NewData(b), err
}

var kmsKey = keeper.To(keeper.Undescribed(keeper.KMS, "arn", "arn:aws:kms:us-east-1:111111111111:key/1"))

// encrypt encrypts text as YAML with the options.
func encrypt(t *testing.T, text string, opts ...sops.Option) []byte {
	t.Helper()
	f, _ := std.FormatForPath("app.yaml")
	d, err := sops.New(context.Background(), []byte(text), f, &memory{}, kmsKey, opts...)
	if err != nil {
		t.Fatal(err)
	}
	out, err := d.Encrypt()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func parse(t *testing.T, src []byte) *sops.Encrypted {
	t.Helper()
	f, _ := std.FormatForPath("app.yaml")
	e, err := sops.Parse(src, f)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestTheContextOfTheCallerIsUsedWhereTheFileHasNone(t *testing.T) {
	e, k := parse(t, encrypt(t, "a: 1\n")), &memory{}
	want := map[string]string{"Environment": "production"}
	if _, err := e.Decrypt(context.Background(), k, sops.WithEncryptionContext(want)); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(k.context, want) {
		t.Errorf("the keeper got the context %v, want %v", k.context, want)
	}
}

func TestWithoutMACGivesOutWhatWasChanged(t *testing.T) {
	src := bytes.Replace(encrypt(t, "a: 1\nb_unencrypted: old\n"), []byte("old"), []byte("new"), 1)
	e := parse(t, src)
	if _, err := e.Decrypt(context.Background(), &memory{}); !errors.Is(err, sops.ErrMAC) {
		t.Errorf("error is %v, want ErrMAC", err)
	}
	d, err := e.Decrypt(context.Background(), &memory{}, sops.WithoutMAC())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(d.Bytes()), "a: 1\nb_unencrypted: new\n"; got != want {
		t.Errorf("plaintext is %q, want %q", got, want)
	}
}

func TestTheMACCanCoverEncryptedValuesOnly(t *testing.T) {
	src := encrypt(t, "a: 1\nb_unencrypted: old\n", sops.WithMACOnlyEncrypted())
	e := parse(t, bytes.Replace(src, []byte("old"), []byte("new"), 1))
	if !e.Info().MACOnlyEncrypted {
		t.Error("Info does not say that the MAC covers encrypted values only")
	}
	if _, err := e.Decrypt(context.Background(), &memory{}); err != nil {
		t.Error(err)
	}
}

func TestClockAndRandomnessDecideEveryByte(t *testing.T) {
	fixed := func() []byte {
		now := func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
		return encrypt(t, "a: 1\n", sops.WithClock(now), sops.WithRandom(bytes.NewReader(bytes.Repeat([]byte{7}, 1<<12))))
	}
	if a, b := fixed(), fixed(); !bytes.Equal(a, b) {
		t.Errorf("two runs differ:\n%s\n%s", a, b)
	}
	if got := parse(t, fixed()).Info().LastModified; got.Year() != 2026 {
		t.Errorf("last modified is %v", got)
	}
}

func TestWarningsReachTheCaller(t *testing.T) {
	var got []string
	warn := sops.WithWarnings(func(msg string) { got = append(got, msg) })
	src := strings.Replace(string(encrypt(t, "a: 1\n")), "key/1", "key/2", 1) // a list of keys edited by hand
	if _, err := parse(t, []byte(src)).Decrypt(context.Background(), &memory{}, warn); err != nil {
		t.Fatal(err)
	}
	if len(got) == 0 {
		t.Error("no warning of a list of keys that the seal does not have")
	}
}
