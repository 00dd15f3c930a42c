package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// lenient is a world in which the files f and A are there.
func lenient() world {
	return world{
		warn:   func(string) {},
		exists: func(name string) bool { return name == "f" || name == "A" },
	}
}

func TestArgumentsInTheirPlainForm(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"decrypt f":                             "decrypt -- f",
		"decrypt f -i":                          "decrypt --in-place=true -- f",
		"decrypt -i=false f":                    "decrypt --in-place=false -- f",
		"decrypt f -output o":                   "decrypt --output=o -- f",
		"decrypt --output=o f":                  "decrypt --output=o -- f",
		"decrypt --output -i f":                 "decrypt --output=-i -- f",
		"decrypt A -i B":                        "decrypt --in-place=true -- A B",
		"decrypt -- -i f":                       "decrypt -- -i f",
		"decrypt -":                             "decrypt -- -",
		"set f [0] -1":                          "set -- f [0] -1",
		"--config c decrypt f":                  "decrypt --config=c -- f",
		"--config c decrypt --config d f":       "decrypt --config=c --config=d -- f",
		"--disable-version-check decrypt f":     "decrypt -- f",
		"f":                                     "edit -- f",
		"-d f":                                  "decrypt -- f",
		"-d=false f":                            "edit -- f",
		"-d -e f":                               "decrypt -- f",
		"-e -r f":                               "rotate -- f",
		"-i -e f -x":                            "!",
		"-d f g":                                "!",
		"f g":                                   "!",
		"g":                                     "!",
		"check f":                               "!",
		"merge --help":                          "!",
		"new.yaml":                              "edit -- new.yaml",
		".env":                                  "edit -- .env",
		"new.yaml f":                            "!",
		"dir/new":                               "edit -- dir/new",
		"edit g":                                "edit -- g",
		"--kms k new":                           "!",
		"--kms k new.yaml":                      "edit --kms=k -- new.yaml",
		"-- decrypt":                            "edit -- decrypt",
		"-d -- decrypt":                         "decrypt -- decrypt",
		"./decrypt":                             "edit -- ./decrypt",
		"groups add -f x --age a":               "groups add --file=x --age=a --",
		"--verbose groups add -f x":             "groups add --verbose=true --file=x --",
		"devkms exec --dir d -- sops -d f":      "devkms exec --dir=d -- sops -d f",
		"--set=[\"a\"]\u00a0x --verbose f":      "!",
		"-di f":                                 "!",
		"decrypt --nope":                        "!",
		"decrypt f --nope":                      "!",
		"decrypt --output":                      "!",
		"decrypt --ignore-mac=perhaps f":        "!",
		"--age k decrypt f":                     "!",
		"--age k -d f":                          "decrypt -- f",
		"--onto k -d f":                         "!",
		"-d decrypt f":                          "!",
		"--output o f":                          "edit -- f",
		"groups nonsense":                       "!",
		"decrpyt f":                             "!",
		"":                                      "!",
		"--":                                    "!",
		"--help":                                "help",
		"decrypt f -h":                          "help decrypt",
		"groups add --help":                     "help groups add",
		"groups":                                "help groups",
		"--verbose --help decrypt":              "help decrypt",
		"h set":                                 "help set",
		"--version":                             "version",
		"-v --disable-version-check":            "version",
		"-v=false f":                            "edit -- f",
		"--help=false -d f":                     "decrypt -- f",
		"decrypt --help=false --ignore-mac f":   "decrypt --ignore-mac=true -- f",
		"decrypt --enable-local-keyservice=f f": "decrypt --enable-local-keyservice=false -- f",
	} {
		if got := plain(strings.Fields(args)); got != want {
			t.Errorf("sops %s\n got: %s\nwant: %s", args, got, want)
		}
	}
}

// plain shows what parse makes of args; "!" is an error.
func plain(args []string) string {
	c, err := parse(testRoot(), args, lenient())
	switch {
	case err != nil:
		return "!"
	case c.Version:
		return "version"
	case c.Help:
		return strings.Join(append([]string{"help"}, c.Words...), " ")
	}
	return strings.Join(c.Line(), " ")
}

func TestOldSetIsSplitAfterItsPath(t *testing.T) {
	t.Parallel()
	c, err := parse(testRoot(), []string{"--set", `["a"]["b c"] {"x": [1, 2]}`, "f"}, lenient())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"f", `["a"]["b c"]`, `{"x": [1, 2]}`}
	if diff := cmp.Diff(want, c.Args); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
}

func FuzzParseOfItsResultChangesNothing(f *testing.F) {
	for _, seed := range []string{"decrypt f -i", "-d -i f", "--set [\"a\"] f", "groups add --kms x", "-e -- -d", "help", "decrypt --config=a --config b f g", "exec-env f -- ls -l", "exec-env --user u -- f g", "-- -f"} {
		f.Add(strings.ReplaceAll(seed, " ", "\x00"))
	}
	root := testRoot()
	f.Fuzz(func(t *testing.T, text string) {
		once, err := parse(root, strings.Split(text, "\x00"), lenient())
		if err != nil || once.Help || once.Version {
			return
		}
		twice, err := parse(root, once.Line(), lenient())
		if err != nil {
			t.Fatalf("%q: %q is not understood: %v", text, once.Line(), err)
		}
		if diff := cmp.Diff(once.Line(), twice.Line()); diff != "" {
			t.Errorf("%q (-once +twice):\n%s", text, diff)
		}
		if diff := cmp.Diff(once.Args, twice.Args, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q: arguments (-once +twice):\n%s", text, diff)
		}
	})
}

func FuzzDashesKeepEveryWordAfterThem(f *testing.F) {
	f.Add("-i\x00--output\x00f")
	root := testRoot()
	f.Fuzz(func(t *testing.T, text string) {
		words := strings.Split(text, "\x00")
		c, err := parse(root, append([]string{"decrypt", "--"}, words...), lenient())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(words, c.Args); diff != "" {
			t.Errorf("arguments (-want +got):\n%s", diff)
		}
	})
}
