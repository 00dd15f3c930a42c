package laws_test

import (
	"bytes"
	"strings"
	"testing"
)

// deep are texts whose values are n levels below the root, the most that SOPS
// takes.
var deep = map[string]func(n int) string{
	"flow maps.yaml":  func(n int) string { return "a: " + strings.Repeat("{k: ", n) + "x" + strings.Repeat("}", n) + "\n" },
	"flow lists.yaml": func(n int) string { return "a: " + strings.Repeat("[", n) + "x" + strings.Repeat("]", n) + "\n" },
	"dashes.yaml":     func(n int) string { return "a:\n" + strings.Repeat("- ", n) + "x\n" },
	"maps.json":       func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) + "\n" },
	"lists.json":      func(n int) string { return `{"a": ` + strings.Repeat("[", n) + "1" + strings.Repeat("]", n) + "}\n" },
	"block.yaml": func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.Repeat(" ", i) + "k:\n")
		}
		return b.String() + strings.Repeat(" ", n) + "k: x\n"
	},
}

func TestTenThousandLevels(t *testing.T) {
	t.Parallel()
	for name, text := range deep {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			levels := 9990
			if name == "block.yaml" {
				levels = 2000 // the indentation alone is a text of 2 MB
			}
			src := []byte(text(levels))
			c, err := encryptText(t, formatFor(t, name), src)
			if err != nil {
				t.Fatalf("%.200v", err)
			}
			o, err := c.open(c.encrypted)
			if err != nil || !bytes.Equal(plainOf(o), src) {
				t.Fatalf("the text does not come back: %.200v", err)
			}
			if _, err := formatFor(t, name).Parse([]byte(text(10_010))); err == nil {
				t.Error("10,010 levels are taken, which SOPS cannot read")
			}
		})
	}
}
