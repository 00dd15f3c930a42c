package laws_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

func TestAttackOtherCaseListSurvives(t *testing.T) {
	for _, name := range []string{"x.json", "x.yaml"} {
		f := formatFor(t, name)
		src := "{\"a\": \"x\"}"
		if f.Name() == "yaml" {
			src = "a: x\n"
		}
		o, encrypted := encryptNew(t, f, []byte(src))
		s, err := envelope.Parse([]byte(strings.Replace(string(encrypted), "age", "AGE", 1)), f)
		if err != nil {
			t.Fatal(err)
		}
		back, err := s.DecryptWith(o.Data, envelope.DecryptOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := back.Rotate(t.Context(), memoryKeeper{}, [][]keeper.MasterKey{{keeper.Undescribed(keeper.KMS, "arn", "q")}}, 0, rand.Reader); err != nil {
			t.Fatal(err)
		}
		out, err := back.Encrypt(encryptOptions())
		if err != nil {
			t.Fatal(err)
		}
		s, err = envelope.Parse(out, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range s.Meta.Keys() {
			for _, w := range g {
				t.Logf("%s %s", w.Kind, w.Identity())
			}
		}
		if _, err := s.DecryptWith(back.Data, envelope.DecryptOptions{}); err != nil {
			t.Errorf("%s: we wrote what we cannot open: %v", name, err)
		}
	}
}
