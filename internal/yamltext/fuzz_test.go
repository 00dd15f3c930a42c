package yamltext

import "testing"

func FuzzStructureAgrees(f *testing.F) {
	for _, text := range corpus(f) {
		if len(text) < 2000 {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d := disagreement(text, false); d != "" {
			t.Errorf("%q: %s", text, d)
		}
	})
}
