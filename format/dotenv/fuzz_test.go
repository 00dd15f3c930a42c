package dotenv_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format/dotenv"
	"github.com/seed-1f7fdfb8/sops/internal/test/formattest"
)

func FuzzOpeningWhatWasSealedGivesEveryByte(f *testing.F) {
	for _, c := range cases {
		f.Add(c.Text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		err := formattest.RoundTrip(dotenv.Format{}, []byte(text), formattest.All)
		if err != nil && !errors.Is(err, formattest.ErrRefused) {
			t.Fatal(err)
		}
	})
}

func FuzzWhatIsSetIsReadAndNothingElseChanges(f *testing.F) {
	for _, c := range cases {
		f.Add(c.Text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 300 {
			return // every leaf costs several parses
		}
		err := formattest.Edits(dotenv.Format{}, []byte(text))
		if err != nil && !errors.Is(err, formattest.ErrRefused) {
			t.Fatal(err)
		}
	})
}

func BenchmarkLines(b *testing.B) {
	formattest.Bench(b, dotenv.Format{}, func(leaves int) string {
		var s strings.Builder
		for i := range leaves {
			s.WriteString("KEY_" + strconv.Itoa(i) + "=a value of thirty characters or so\n")
		}
		return s.String()
	})
}
