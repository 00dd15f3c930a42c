package formatname_test

import (
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/formatname"
)

func TestTheNameOfAFileSaysItsFormat(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a.yaml": "yaml", "a.yml": "yaml", "a/b.json": "json", ".env": "dotenv", "prod.env": "dotenv", "a.ini": "ini",
		"": "", "a": "", "a.YAML": "", "yaml": "", "a.yaml/b": "", "a.env.bak": "",
	} {
		got, known := formatname.ForPath(name)
		if known != (want != "") || known && got != want || !known && got != "binary" || !formatname.Known(got) {
			t.Errorf("%q is %s, %v", name, got, known)
		}
	}
	if formatname.Known("yml") {
		t.Error("yml is no name of a format")
	}
}
