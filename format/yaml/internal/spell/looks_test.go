package spell

import "testing"

func FuzzAUsualTextLooksAsAnyOther(f *testing.F) {
	for _, text := range []string{"a", "a b", "a: b", "a:b", "a #b", "a#b", "a,b", "a ", "a\tb", "http://x?y=[1]", "ä", "aä", "a'\"b", "a:", "1-", "a - b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" {
			return
		}
		got, usual := lookAtUsual(text)
		want := Looks{true, true, true, true}
		want.indicators(text)
		want.characters(text)
		if usual && got != want {
			t.Errorf("%q looks as %+v, want %+v", text, got, want)
		}
	})
}
