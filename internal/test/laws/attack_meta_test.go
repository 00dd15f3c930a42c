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
		o, sealed := seal(t, f, []byte(src))
		s, err := envelope.Read([]byte(strings.Replace(string(sealed), "age", "AGE", 1)), f)
		if err != nil {
			t.Fatal(err)
		}
		back, err := s.OpenWith(o.Data, envelope.OpenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := back.Rotate(t.Context(), memoryKeeper{}, [][]keeper.MasterKey{{keeper.New(keeper.KMS, "arn", "q")}}, 0, rand.Reader); err != nil {
			t.Fatal(err)
		}
		out, err := back.Seal(sealOptions())
		if err != nil {
			t.Fatal(err)
		}
		s, err = envelope.Read(out, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range s.Meta.Keys() {
			for _, w := range g {
				t.Logf("%s %s", w.Kind, w.Identity())
			}
		}
		if _, err := s.OpenWith(back.Data, envelope.OpenOptions{}); err != nil {
			t.Errorf("%s: we wrote what we cannot open: %v", name, err)
		}
	}
}
