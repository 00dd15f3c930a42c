package jsontext

import (
	"strings"
	"testing"
)

// A byte that is not plain ends the run in its own word, wherever it is.
func TestARunEndsBeforeTheWordOfAByteThatIsNotPlain(t *testing.T) {
	t.Parallel()
	const words = 3
	for c := range 256 {
		for set := range 2 {
			special := c < ' ' || c == '"' || c == '\\' || c >= 0x80 || set == html && strings.IndexByte("<>&", byte(c)) >= 0
			for at := range 8 * words {
				text := []byte(strings.Repeat("~", 8*words) + "tail")
				text[at] = byte(c)
				got := plainRun(string(text), set)
				want := 8 * words
				if special {
					want = at / 8 * 8
				}
				if got != want {
					t.Fatalf("byte %#x at %d, set %d: a run of %d, want %d", c, at, set, got, want)
				}
			}
		}
	}
	if got := plainRun("short", 0); got != 0 {
		t.Errorf("less than a word is a run of %d", got)
	}
}
