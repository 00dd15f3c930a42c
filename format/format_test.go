package format

import "testing"

func TestSpliceTakesEditsInAnyOrder(t *testing.T) {
	t.Parallel()
	got, err := Splice([]byte("abcdef"), []Edit{{4, 5, "E"}, {0, 1, ""}, {2, 2, "+"}})
	if err != nil || string(got) != "b+cdEf" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestSpliceRefusesOverlapAndWhatIsBeyondTheText(t *testing.T) {
	t.Parallel()
	for _, edits := range [][]Edit{{{0, 2, ""}, {1, 3, ""}}, {{0, 9, ""}}, {{2, 1, ""}}} {
		if got, err := Splice([]byte("abc"), edits); err == nil {
			t.Errorf("%v: got %q", edits, got)
		}
	}
}

func FuzzSpliceOfNothingChangesNothing(f *testing.F) {
	f.Add([]byte("text"), 1, 2)
	f.Fuzz(func(t *testing.T, src []byte, start, end int) {
		if got, err := Splice(src, nil); err != nil || string(got) != string(src) {
			t.Errorf("no edits: %q, %v", got, err)
		}
		got, err := Splice(src, []Edit{{start, end, "x"}})
		if err == nil && len(got) != len(src)-(end-start)+1 {
			t.Errorf("[%d:%d] of %d bytes: %d bytes", start, end, len(src), len(got))
		}
		for _, edits := range [][]Edit{{{start, end, ""}}, {{end, len(src), ""}, {start, end, "x"}}, {{len(src), len(src), ""}, {start, end, ""}}} {
			got, err := Splice(src, edits)
			if err != nil {
				continue
			}
			size, last := Ending(string(src), edits)
			if size != len(got) || size > 0 && last != got[size-1] {
				t.Errorf("%v of %q: %d bytes, the last %q; got %q", edits, src, size, last, got)
			}
		}
	})
}

func TestTokensAreKnownByTheirTag(t *testing.T) {
	t.Parallel()
	token := "ENC[AES256_GCM,data:AA==,iv:BB==,tag:0123456789abcdef==,type:str]"
	if got := TokenHash(token); got != "0123456789ab" {
		t.Errorf("got %q", got)
	}
	for _, text := range []string{"", "x", ",tag:", "a,tag:b"} {
		TokenHash(text) // never a panic
	}
}
