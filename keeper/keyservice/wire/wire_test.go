package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// vector returns a message of testdata: "encrypt" or "decrypt".
func vector(t testing.TB, kind, name string) []byte {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", kind+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(src)) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			message, err := hex.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			return message
		}
	}
	t.Fatalf("%s has no message %s", kind, name)
	return nil
}

func TestEveryKindIsReadAndWrittenAsSOPSDoes(t *testing.T) {
	t.Parallel()
	keys := map[string]keeper.MasterKey{
		"age":      keeper.Undescribed("age", "recipient", "age1ym9y2kmj7n2sw2jmpapp2qvmxa25c6xrmp2e38s4wvw7naq0tskqzu3dsz"),
		"pgp":      keeper.Undescribed("pgp", "fp", "85D77543B3D624B63CEA9E6DBC17301B491B3F21"),
		"gcp_kms":  keeper.Undescribed("gcp_kms", "resource_id", "projects/p/locations/global/keyRings/r/cryptoKeys/k"),
		"azure_kv": keeper.Undescribed("azure_kv", "vault_url", "https://v.vault.azure.net", "name", "k", "version", "0123456789abcdef0123456789abcdef"),
		"hc_vault": keeper.Undescribed("hc_vault", "vault_address", "https://vault.test:8200", "engine_path", "transit", "key_name", "app"),
		"hckms":    keeper.Undescribed("hckms", "key_id", "eu-west-101:11111111-2222-4333-8444-555555555555"),
		"kms": keeper.Undescribed("kms", "arn", "arn:aws:kms:us-east-1:111111111111:key/11111111-1111-4111-8111-000000000001",
			"role", "arn:aws:iam::111111111111:role/sops-dev", "aws_profile", "dev").With("context", map[string]string{"Env": "prod", "App": "web"}),
	}
	for _, kind := range kinds.Names() {
		want, ok := keys[kind]
		if !ok {
			t.Errorf("there is no vector for %s", kind)
			continue
		}
		for name, data := range map[string]string{"encrypt": strings.Repeat("k", keeper.Size), "decrypt": "wrapped!"} {
			message := vector(t, kind, name)
			got, err := DecodeRequest(message)
			if err != nil || !got.Key.Equal(kinds.Described(want)) || string(got.Data) != data {
				t.Errorf("%s %s: %v, %+v", kind, name, err, got)
				continue
			}
			again, err := got.Encode()
			if err != nil || len(again) != len(message) {
				t.Errorf("%s %s: %v, written as\n%x, want\n%x", kind, name, err, again, message)
			}
			// The order of a map is open.
			if kind != "kms" && !bytes.Equal(again, message) {
				t.Errorf("%s %s: written as\n%x, want\n%x", kind, name, again, message)
			}
		}
	}
}

func TestARequestWithoutAKeyIsRefused(t *testing.T) {
	t.Parallel()
	for what, message := range map[string]string{
		"nothing":                     "",
		"data alone":                  "1203616263",
		"a key without a type":        "0a001203616263",
		"a key of a type to come":     "0a0442020a001203616263",
		"a key that is a number":      "08011203616263",
		"a type that is a number":     "0a0208011203616263",
		"a key of many types to come": "0a07fa0f02fa0f0200",
	} {
		b, err := hex.DecodeString(message)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeRequest(b); !errors.Is(err, ErrNoKey) && !errors.Is(err, errMalformed) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestWhatIsNotKnownIsSkipped(t *testing.T) {
	t.Parallel()
	message := vector(t, "age", "decrypt")
	for what, more := range map[string]string{"a number": "189601", "8 bytes": "190102030405060708", "4 bytes": "1d01020304", "bytes": "220161"} {
		b, _ := hex.DecodeString(more)
		if got, err := DecodeRequest(append(b, message...)); err != nil || string(got.Data) != "wrapped!" {
			t.Errorf("%s: %v, %q", what, err, got.Data)
		}
	}
}

func TestMalformedMessagesAreErrors(t *testing.T) {
	t.Parallel()
	message := vector(t, "kms", "encrypt")
	for n := 1; n < len(message); n++ {
		if got, err := DecodeRequest(message[:n]); err == nil && len(got.Data) > 0 {
			t.Errorf("%d of %d bytes are taken", n, len(message))
		}
	}
	for what, message := range map[string]string{
		"a text that is not UTF-8": "0a0532030a01ff", "a group": "0b0c", "the field 0": "0200",
		"a length without an end": "0affffffffffffffffffff", "a length beyond the end": "0a7f00",
	} {
		b, _ := hex.DecodeString(message)
		if _, err := DecodeRequest(b); !errors.Is(err, errMalformed) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestOtherKindsCannotBeAskedFor(t *testing.T) {
	t.Parallel()
	if _, err := (Request{Key: keeper.Undescribed("moon", "crater", "tycho")}).Encode(); err == nil || !strings.Contains(err.Error(), `"moon"`) {
		t.Errorf("got %v", err)
	}
}

func FuzzARequestIsTheSameAfterItsTravel(f *testing.F) {
	for _, kind := range kinds.Names() {
		f.Add(vector(f, kind, "encrypt"))
		f.Add(vector(f, kind, "decrypt"))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		_, _ = DecodeAnswer(message)
		r, err := DecodeRequest(message)
		if err != nil {
			return
		}
		again, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeRequest(again)
		if err != nil || got.Key.EntryID() != r.Key.EntryID() || !bytes.Equal(got.Data, r.Data) {
			t.Fatalf("%v: %+v became %+v", err, r, got)
		}
	})
}
