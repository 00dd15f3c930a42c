package decrypt_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/decrypt"
	"github.com/seed-1f7fdfb8/sops/devkms"
)

const fixtures = "../internal/test/golden/files"

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(fixtures, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var files = []struct {
	dir, ext string
	format   decrypt.Format
}{
	{"yaml-01-scalar-types", "yaml", decrypt.Yaml},
	{"json-01-basic", "json", decrypt.Json},
	{"env-01-basic", "env", decrypt.Dotenv},
	{"ini-01-basic", "ini", decrypt.Ini},
	{"bin-02-raw-bytes", "bin", decrypt.Binary},
}

func TestEveryFunctionReadsEveryFormat(t *testing.T) {
	t.Setenv("SOPS_AGE_KEY_FILE", "../internal/test/golden/keys/age-main.txt")
	for _, f := range files {
		want := string(read(t, f.dir+"/dec."+f.ext))
		path := f.dir + "/enc." + f.ext
		enc := read(t, path)
		for name, do := range map[string]func() ([]byte, error){
			"File by its name":  func() ([]byte, error) { return decrypt.File(filepath.Join(fixtures, path), "") },
			"File by a format":  func() ([]byte, error) { return decrypt.File(filepath.Join(fixtures, path), f.format.String()) },
			"Data":              func() ([]byte, error) { return decrypt.Data(enc, f.format.String()) },
			"DataWithFormat":    func() ([]byte, error) { return decrypt.DataWithFormat(enc, f.format) },
			"DataContext":       func() ([]byte, error) { return decrypt.DataContext(t.Context(), enc, f.format.String()) },
			"format of a path":  func() ([]byte, error) { return decrypt.DataWithFormat(enc, decrypt.FormatForPath(path)) },
			"binary by default": func() ([]byte, error) { return decrypt.Data(read(t, "bin-02-raw-bytes/enc.bin"), "") },
		} {
			want := want
			if name == "binary by default" {
				want = string(read(t, "bin-02-raw-bytes/dec.bin"))
			}
			if got, err := do(); err != nil || string(got) != want {
				t.Errorf("%s, %s: %v; got %d bytes, want %d", f.dir, name, err, len(got), len(want))
			}
		}
	}
}

func TestAFormatThatDoesNotExistIsAnError(t *testing.T) {
	t.Setenv("SOPS_AGE_KEY_FILE", "../internal/test/golden/keys/age-main.txt")
	enc := read(t, "yaml-01-scalar-types/enc.yaml")
	for name, do := range map[string]func() ([]byte, error){
		"File":           func() ([]byte, error) { return decrypt.File(fixtures+"/yaml-01-scalar-types/enc.yaml", "yml") },
		"Data":           func() ([]byte, error) { return decrypt.Data(enc, "yml") },
		"DataWithFormat": func() ([]byte, error) { return decrypt.DataWithFormat(enc, decrypt.Format(5)) },
		"negative":       func() ([]byte, error) { return decrypt.DataWithFormat(enc, decrypt.Format(-1)) },
	} {
		if got, err := do(); got != nil || err == nil || !strings.Contains(err.Error(), "there is no format") || !strings.Contains(err.Error(), "the formats are") {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

func TestErrorsCarryTheReasonAndHints(t *testing.T) {
	kms := kmsFile(t)
	for _, test := range []struct {
		name  string
		setup func(t *testing.T)
		data  []byte
		says  []string
		hints []string
	}{
		{
			"no age identity", func(t *testing.T) { t.Setenv("HOME", t.TempDir()) }, read(t, "yaml-01-scalar-types/enc.yaml"),
			[]string{"no age identity was found", "age1ym9"},
			[]string{"SOPS_AGE_KEY_FILE"},
		},
		{
			"profile that does not exist", func(t *testing.T) { t.Setenv("SOPS_AWS_PROFILE", "typo") }, kms,
			[]string{"there is no profile typo"},
			[]string{"this machine has the profiles alice"},
		},
		{"clear text", func(*testing.T) {}, []byte("a: b\n"), []string{"metadata"}, nil},
		{"broken text", func(*testing.T) {}, []byte("a: [\n"), []string{"line"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.setup(t)
			_, err := decrypt.Data(test.data, "yaml")
			var e *decrypt.Error
			if !errors.As(err, &e) {
				t.Fatalf("%T: %v", err, err)
			}
			for _, want := range append(test.says, test.hints...) {
				if !strings.Contains(e.Error(), want) {
					t.Errorf("got %v, want %q in it", e, want)
				}
			}
			for _, want := range test.hints {
				if !strings.Contains(strings.Join(e.Hints(), "\n"), want) {
					t.Errorf("hints %q, want %q", e.Hints(), want)
				}
			}
			if e.UserError() == "" {
				t.Error("nothing for people")
			}
		})
	}
	if _, err := decrypt.File("absent.yaml", ""); !errors.Is(err, os.ErrNotExist) || strings.Count(err.Error(), "absent.yaml") != 1 {
		t.Errorf("got %v", err)
	}
}

// kmsFile starts a devkms, points the environment of the process to it, and
// returns a file under one of its keys.
func kmsFile(t *testing.T) []byte {
	t.Helper()
	environ(t, devkms.Start(t, nil))
	return encrypted(t, "password: s3cret\n")
}

// environ sets the variables that a user of devkms would.
func environ(t *testing.T, s *devkms.Server) {
	t.Helper()
	vars, err := s.Environ(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vars {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
}

func TestAFileUnderAWSKMSIsReadAsTheEnvironmentSays(t *testing.T) {
	enc := kmsFile(t)
	got, err := decrypt.DataWithFormat(enc, decrypt.Yaml)
	if err != nil || string(got) != "password: s3cret\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAFileWithoutASealIsRefusedWhereOneIsDemanded(t *testing.T) {
	t.Setenv("SOPS_AGE_KEY_FILE", "../internal/test/golden/keys/age-main.txt")
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("sub/f.yaml", string(read(t, "yaml-01-scalar-types/enc.yaml")))
	for text, refused := range map[string]bool{
		"creation_rules: [{integrity: required}]\n":                     true,
		"creation_rules: [{path_regex: other, integrity: required}]\n":  false,
		"<<<<<<<\ncreation_rules: [{integrity: required}]\n":            true,
		"<<<<<<<\ncreation_rules: [{path_regex: x}]\n":                  false,
		"creation_rules: [{path_regex: '(', integrity: required}]\n":    true,
		"stores: {yaml: {indent: 2}}\n# integrity of the files: none\n": false,
	} {
		write(".sops.yaml", text)
		_, err := decrypt.File(filepath.Join(dir, "sub/f.yaml"), "")
		if (err != nil) != refused || refused && !strings.Contains(err.Error(), "integrity: required") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// The file has an entry for an OpenPGP key that gpg made, and one of age.
func TestAFileOfTheFieldDecryptsWithItsOpenPGPKey(t *testing.T) {
	t.Setenv("SOPS_AGE_KEY_FILE", "missing")
	t.Setenv("SOPS_PGP_KEYRING", "../internal/test/golden/keys/pgp-fixture.asc")
	dir := filepath.Join(fixtures, "key-05-pgp-and-age")
	want, err := os.ReadFile(filepath.Join(dir, "dec.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decrypt.File(filepath.Join(dir, "enc.yaml"), ""); err != nil || string(got) != string(want) {
		t.Errorf("%v; got %d bytes, want %d", err, len(got), len(want))
	}
}
