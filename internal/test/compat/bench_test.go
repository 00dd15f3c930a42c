package compat

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/internal/sniff"
	"github.com/seed-1f7fdfb8/sops/std"
)

// A bench has what all rows share.
type bench struct {
	files        map[string]string // that rows begin with
	theirs, ours string            // directories with a program named sops
	vars         []string          // the environment
}

func newBench(t *testing.T, real string) *bench {
	t.Helper()
	b := &bench{theirs: t.TempDir(), ours: t.TempDir()}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := filepath.Abs("../golden/keys")
	if err != nil {
		t.Fatal(err)
	}
	aws, err := devkms.Start(t, nil).Environ(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b.vars = append(aws,
		"KEYS="+keys, "SOPS_AGE_KEY_FILE="+filepath.Join(keys, "age-main.txt"), "SOPS_DISABLE_VERSION_CHECK=true", "EDITOR=false", "TZ=UTC",
		"R1=age1ym9y2kmj7n2sw2jmpapp2qvmxa25c6xrmp2e38s4wvw7naq0tskqzu3dsz",
		"R2=age15xqkuy709wy2qcrczm4h97t8dzfhktftnzyt4c5qdky0jdkq9pvq99kwyc",
		"R3=age1998wleqmxyk0ke028vul8jn4xlqwss8ldfwc40fp6vglvxtmn50qadmgs0",
		"K1=arn:aws:kms:us-east-1:111111111111:key/11111111-1111-4111-8111-000000000001",
		"K2=arn:aws:kms:eu-west-1:111111111111:key/11111111-1111-4111-8111-000000000002",
		"ROLE=arn:aws:iam::111111111111:role/sops-dev",
	)
	if err := errors.Join(os.Symlink(real, filepath.Join(b.theirs, "sops")), os.Symlink(self, filepath.Join(b.ours, "sops"))); err != nil {
		t.Fatal(err)
	}
	b.prepare(t)
	return b
}

// prepare writes the files of the archive and lets SOPS encrypt them as the
// script at its head says.
func (b *bench) prepare(t *testing.T) {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/files.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range archive.Files {
		name := filepath.Join(dir, f.Name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, f.Data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.shell(t, b.theirs, dir, "set -e\n"+string(archive.Comment)); got.exit != 0 {
		t.Fatalf("the script of testdata/files.txtar: exit status %d\n%s%s", got.exit, got.stdout, got.stderr)
	}
	b.files = readFiles(t, dir)
}

// same compares two texts. Those that are encrypted differ in every token, so
// what SOPS decrypts of them is compared, and what they say of themselves.
func (b *bench) same(t *testing.T, theirs, ours string) error {
	t.Helper()
	if theirs == ours {
		return nil
	}
	format := encryptedFormat(theirs)
	if format == "" || encryptedFormat(ours) != format {
		return fmt.Errorf("%s", cmp.Diff(theirs, ours))
	}
	a, err := b.describe(t, format, theirs)
	if err != nil {
		return fmt.Errorf("of SOPS: %w", err)
	}
	z, err := b.describe(t, format, ours)
	if err != nil {
		return fmt.Errorf("of ours: %w", err)
	}
	if a != z {
		return fmt.Errorf("%s", cmp.Diff(a, z))
	}
	return nil
}

// encryptedFormat returns the format of a text that is an encrypted file, "" if
// it is none.
func encryptedFormat(text string) string {
	format, encrypted := sniff.Detect([]byte(text))
	if !encrypted {
		return ""
	}
	return format
}

var indentation = regexp.MustCompile(`(?m)^[ \t]+`)

// describe says what must be the same in two encrypted files: the content, the
// keys, the rule, and how the first lines are indented.
func (b *bench) describe(t *testing.T, format, text string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "text"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	plain := b.shell(t, b.theirs, dir, "SOPS_AGE_KEY_FILE=$KEYS/age-all-three.txt sops decrypt --input-type "+format+" --output-type "+format+" text")
	f, err := std.Format(format)
	if err != nil {
		t.Fatal(err)
	}
	e, err := sops.Parse([]byte(text), f)
	if err != nil {
		return "", err
	}
	var keys []string
	for i, group := range e.Keys().Groups {
		for _, key := range group {
			keys = append(keys, fmt.Sprintf("group %d: %s", i+1, key.ID()))
		}
	}
	info := e.Info()
	if info.Rule == (sops.Rule{}) { // is read as this one
		info.Rule.UnencryptedSuffix = "_unencrypted"
	}
	width := ""
	if format == "json" {
		width = indentation.FindString(text)
	}
	return fmt.Sprintf("exit %d\n%s\n%s\nthreshold %d\nrule %+v\nMAC of encrypted values only: %v\nindentation %q",
		plain.exit, plain.stdout, strings.Join(slices.Clone(keys), "\n"), e.Keys().Threshold, info.Rule, info.MACOnlyEncrypted, width), nil
}
