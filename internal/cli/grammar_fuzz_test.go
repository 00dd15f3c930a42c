package cli

import (
	"slices"
	"strings"
	"testing"
)

// FuzzParseOfItsResultChangesNothing holds that what arguments mean can be
// written as arguments that mean it, in both forms.
func FuzzParseOfItsResultChangesNothing(f *testing.F) {
	for _, seed := range []string{"decrypt f -i", "-d -i f", "--set [\"a\"]\u00a01 f", "groups add --kms x", "-e -- -d", "help", "decrypt --config=a --config b f g", "exec-env f -- ls -l", "exec-env -- f ls -l", "-- -f"} {
		f.Add(strings.ReplaceAll(seed, " ", "\x00"))
	}
	root := testRoot()
	w := world{func(string) {}, func(string) bool { return true }}
	f.Fuzz(func(t *testing.T, text string) {
		once, err := parse(root, strings.Split(text, "\x00"), w)
		if err != nil || once.Help || once.Version {
			return
		}
		twice, err := parse(root, plainLine(once), w)
		if err != nil {
			t.Fatalf("%q: %q is not understood: %v", text, plainLine(once), err)
		}
		if twice.Command != once.Command || !slices.Equal(once.Settings, twice.Settings) ||
			!slices.Equal(once.Args, twice.Args) || !slices.Equal(once.Rest, twice.Rest) {
			t.Errorf("%q: %q means something else: %q", text, plainLine(once), plainLine(twice))
		}
	})
}

func FuzzDashesKeepEveryWordAfterThem(f *testing.F) {
	f.Add("-i\x00--output\x00f")
	root := testRoot()
	f.Fuzz(func(t *testing.T, text string) {
		words := strings.Split(text, "\x00")
		c, err := root.Parse(append([]string{"decrypt", "--"}, words...))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(words, c.Args) {
			t.Errorf("%q became %q", words, c.Args)
		}
	})
}
