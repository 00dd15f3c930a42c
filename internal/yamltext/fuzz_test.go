package yamltext

import "testing"

// FuzzAgreesWithTheLibrary: we accept what the library accepts and read the same
// in it. What comments belong to may differ where we say that we are in doubt.
func FuzzAgreesWithTheLibrary(f *testing.F) {
	for _, text := range corpus(f) {
		if len(text) < 2000 {
			f.Add(text)
		}
	}
	for i, before := range befores {
		f.Add(before + "# p\n  # q\n\n# r\n" + afters[i%len(afters)])
	}
	f.Fuzz(func(t *testing.T, text string) {
		ours, err := Parse(text)
		if d := disagreement(text, err == nil && len(ours.Doubts) == 0); d != "" {
			t.Errorf("%q: %s", text, d)
		}
		if d := entryDisagreement(text); d != "" {
			t.Errorf("%q with an entry at the end: %s", text, d)
		}
	})
}
