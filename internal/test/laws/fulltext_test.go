package laws_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// odd are YAML texts in which tokens cannot take the place of all values, so
// that another layout is encrypted and the text is kept inside it.
var odd = map[string]string{
	"a comment before a value":         "a: one\nb: !t # why\n  two\nc: [x,   y] # end\n",
	"the tag of a block on a line":     "a: one\nb: !t\n  |\n  two\nc: 'x'\n",
	"a comment that touches a bracket": "a: one\nb: [two]#why\nc:   x\n",
}

func TestATextThatTakesNoTokensIsKeptInsideTheFile(t *testing.T) {
	t.Parallel()
	f := formatFor(t, "x.yaml")
	for name, src := range odd {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var warnings []string
			plan := envelope.Plan{
				Groups: [][]keeper.MasterKey{{keeper.Undescribed(keeper.Age, "recipient", "r")}}, Random: rand.Reader,
				Warn: func(msg string) { warnings = append(warnings, msg) },
			}
			o, err := envelope.New(t.Context(), []byte(src), f, plan, memoryKeeper{})
			if err != nil {
				t.Fatal(err)
			}
			encrypted := encryptNow(t, o)
			if len(warnings) != 1 || !strings.Contains(warnings[0], "is kept inside it") {
				t.Errorf("the other layout is not said: %q", warnings)
			}
			if back := reopen(t, f, encrypted, o); string(plainOf(back)) != src {
				t.Errorf("came back as %q", plainOf(back))
			}

			// A change keeps the text around it, and the tokens of all else.
			d := reopen(t, f, encrypted, o)
			if err := d.Set(tree.Address{{Key: "a", IsKey: true}}, tree.Text("changed")); err != nil {
				t.Fatal(err)
			}
			changed := encryptNow(t, d)
			want := strings.Replace(src, "one", "changed", 1)
			if back := reopen(t, f, changed, d); string(plainOf(back)) != want {
				t.Errorf("changed, came back as %q, want %q", plainOf(back), want)
			}
			if removed, added := otherLines(encrypted, changed); len(removed) > 1 || len(added) > 1 {
				t.Errorf("removed %q, added %q", removed, added)
			}

			// So does a new data key.
			d = reopen(t, f, changed, d)
			if err := d.Rotate(t.Context(), memoryKeeper{}, plan.Groups, 0, rand.Reader); err != nil {
				t.Fatal(err)
			}
			if back := reopen(t, f, encryptNow(t, d), d); string(plainOf(back)) != want {
				t.Errorf("rotated, came back as %q", plainOf(back))
			}
		})
	}
}
