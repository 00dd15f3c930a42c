package ini_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format/ini"
	"github.com/seed-1f7fdfb8/sops/internal/test/formattest"
)

// BenchmarkFormat has a comment every tenth key and a section every hundredth.
func BenchmarkFormat(b *testing.B) {
	formattest.Bench(b, ini.Format{}, func(leaves int) string {
		var text strings.Builder
		for i := range leaves {
			if i%100 == 0 {
				fmt.Fprintf(&text, "\n[section%d]\n", i/100)
			}
			if i%10 == 0 {
				fmt.Fprintf(&text, "; about key %d\n", i)
			}
			fmt.Fprintf(&text, "key_%d = value number %d\n", i, i)
		}
		return text.String()
	})
}

// BenchmarkOneSection has all keys in one section.
func BenchmarkOneSection(b *testing.B) {
	formattest.Bench(b, ini.Format{}, func(leaves int) string {
		var text strings.Builder
		for i := range leaves {
			fmt.Fprintf(&text, "key_%d = \"value;%d\" ; note\n", i, i)
		}
		return text.String()
	})
}
