package laws_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/format/binary"
	"github.com/seed-1f7fdfb8/sops/format/dotenv"
	"github.com/seed-1f7fdfb8/sops/format/ini"
	"github.com/seed-1f7fdfb8/sops/format/json"
	"github.com/seed-1f7fdfb8/sops/format/yaml"
	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// A value on either side of the length from which it is handled in pieces comes back
// as it was, and one that was damaged never does.
func TestLargeValuesComeBack(t *testing.T) {
	t.Parallel()
	for _, f := range []format.Format{yaml.Format{}, json.Format{}, dotenv.Format{}, ini.Format{}, binary.Format{}, binary.Indented(0)} {
		for _, n := range []int{cipher.Large - 1, cipher.Large, cipher.Large + 1, cipher.Large + 100_003} {
			largeValue(t, f, n)
		}
	}
}

func largeValue(t *testing.T, f format.Format, n int) {
	t.Helper()
	value := strings.Repeat("x", n-1) + "y"
	plain := []byte(map[string]string{"yaml": "k: " + value + "\n", "json": "{\"k\": \"" + value + "\"}\n", "dotenv": "k=" + value + "\n", "ini": "[s]\nk = " + value + "\n"}[f.Name()])
	if f.Name() == "binary" {
		plain = make([]byte, n)
		random := rand.New(rand.NewPCG(1, uint64(n)))
		for i := range plain {
			plain[i] = byte(random.Uint32())
		}
	}
	k := memoryKeeper{}
	groups := [][]keeper.MasterKey{{keeper.Undescribed(keeper.Age, "recipient", "r")}}
	d, err := envelope.New(t.Context(), plain, f, envelope.Plan{Groups: groups}, k)
	if err != nil {
		t.Fatal(err)
	}
	text, err := d.Encrypt(envelope.EncryptOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, spend := range []bool{false, true} {
		if back, err := opened(t, bytes.Clone(text), f, k, spend); err != nil || !bytes.Equal(back, plain) {
			t.Errorf("%s, %d bytes, spent %t: it comes back as something else (%v)", f.Name(), n, spend, err)
		}
		damaged := bytes.Clone(text)
		at := bytes.Index(damaged, []byte("data:")) + n/2
		if damaged[at]++; damaged[at] == 'Z'+1 || damaged[at] == 'z'+1 || damaged[at] == '9'+1 || damaged[at] == '+'+1 || damaged[at] == '/'+1 {
			damaged[at] = 'A'
		}
		if _, err := opened(t, damaged, f, k, spend); err == nil {
			t.Errorf("%s, %d bytes, spent %t: a damaged value is given out", f.Name(), n, spend)
		}
	}
}

func opened(t *testing.T, text []byte, f format.Format, k keeper.Keeper, spend bool) ([]byte, error) {
	t.Helper()
	e, err := envelope.Parse(text, f)
	if err != nil {
		return nil, err
	}
	d, err := e.Decrypt(t.Context(), k, envelope.DecryptOptions{Spend: spend})
	if err != nil {
		return nil, err
	}
	return d.Plain()
}
