package decrypt_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-1f7fdfb8/sops/decrypt"
)

const fixtures = "../testdata/fixtures/files"

func TestFilesDecryptByNameAndByFormat(t *testing.T) {
	t.Setenv("SOPS_AGE_KEY_FILE", "../testdata/fixtures/keys/age-main.txt")
	for _, tc := range []struct{ dir, ext, format string }{
		{"yaml-01-scalar-types", "yaml", ""},
		{"json-01-basic", "json", "json"},
		{"env-01-basic", "env", "nonsense"},
		{"bin-02-raw-bytes", "bin", "binary"},
	} {
		want, err := os.ReadFile(filepath.Join(fixtures, tc.dir, "dec."+tc.ext))
		if err != nil {
			t.Fatal(err)
		}
		got, err := decrypt.File(filepath.Join(fixtures, tc.dir, "enc."+tc.ext), tc.format)
		if err != nil || string(got) != string(want) {
			t.Errorf("%s: %v; got %d bytes, want %d", tc.dir, err, len(got), len(want))
		}
	}
}

func TestDataOfNoFormatIsBinary(t *testing.T) {
	t.Setenv("SOPS_AGE_KEY_FILE", "../testdata/fixtures/keys/age-main.txt")
	enc, err := os.ReadFile(filepath.Join(fixtures, "bin-02-raw-bytes", "enc.bin"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decrypt.Data(enc, ""); err != nil {
		t.Error(err)
	}
	if _, err := decrypt.Data([]byte("no: envelope\n"), "yaml"); err == nil {
		t.Error("a file in clear was decrypted")
	}
}

// The file has an entry for an OpenPGP key that gpg made, and one of age.
func TestAFileOfTheFieldDecryptsWithItsOpenPGPKey(t *testing.T) {
	t.Setenv("SOPS_AGE_KEY_FILE", "missing")
	t.Setenv("SOPS_PGP_KEYRING", "../testdata/fixtures/keys/pgp-fixture.asc")
	dir := filepath.Join(fixtures, "key-05-pgp-and-age")
	want, err := os.ReadFile(filepath.Join(dir, "dec.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decrypt.File(filepath.Join(dir, "enc.yaml"), ""); err != nil || string(got) != string(want) {
		t.Errorf("%v; got %d bytes, want %d", err, len(got), len(want))
	}
}
