package sops_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/format/yaml"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper/age"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms"
	"github.com/seed-1f7fdfb8/sops/key"
)

// TestZeroOptionsWork uses every entry point of the library with nothing said
// but what to encrypt and for whom. The environment is that of the process, so
// it does not run in parallel.
func TestZeroOptionsWork(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("SOPS_AGE_KEY_FILE", filepath.Join(fixtures, "keys/age-main.txt"))
	vars, err := devkms.Start(t, nil).Environ(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vars {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	kms := key.New(key.KMS, "arn", "arn:aws:kms:us-east-1:111111111111:alias/sops-dev")
	recipient := key.New(key.Age, "recipient", "age1ym9y2kmj7n2sw2jmpapp2qvmxa25c6xrmp2e38s4wvw7naq0tskqzu3dsz")
	keepers := key.NewMux(awskms.New(awskms.Options{}), age.New(age.Options{}))
	const plain = "a: secret\nb: 1\n"
	for name, groups := range map[string][][]key.MasterKey{
		"kms": {{kms}}, "age": {{recipient}}, "both": {{kms, recipient}}, "groups": {{kms}, {recipient}},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := sops.New(t.Context(), []byte(plain), yaml.Format{}, sops.Plan{Groups: groups}, keepers)
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			enc, err := o.Seal(sops.SealOptions{})
			if err != nil {
				t.Fatal(err)
			}
			s, err := sops.Read(enc, yaml.Format{})
			if err != nil {
				t.Fatal(err)
			}
			if at, err := time.Parse(time.RFC3339, s.Meta.MACData()); err != nil || at.Sub(start).Abs() > time.Hour {
				t.Errorf("dated %q", s.Meta.MACData())
			}
			r, err := s.Recover(t.Context(), keepers, sops.OpenOptions{})
			if err != nil {
				t.Fatal(err)
			}
			wrapped, err := unlock.Rewrap(t.Context(), keepers, r, s.Meta.Keys(), s.Meta.Threshold, append(groups, []key.MasterKey{kms}), 0, nil)
			if err != nil {
				t.Fatal(err)
			}
			if enc, err = s.SetKeys(wrapped, 0, nil); err != nil {
				t.Fatal(err)
			}
			if s, err = sops.Read(enc, yaml.Format{}); err != nil {
				t.Fatal(err)
			}
			if o, err = s.Open(t.Context(), keepers, sops.OpenOptions{}); err != nil || string(o.Plain()) != plain {
				t.Fatalf("opened: %v", err)
			}
			if err := o.Rotate(t.Context(), keepers, groups, 0, nil); err != nil {
				t.Fatal(err)
			}
			if _, err := o.Seal(sops.SealOptions{}); err != nil {
				t.Fatal(err)
			}
		})
	}
	if _, err := sops.New(t.Context(), []byte(plain), yaml.Format{}, sops.Plan{}, keepers); err == nil {
		t.Error("a plan without keys made a file")
	}
	testNothingGiven(t, sops.Plan{Groups: [][]key.MasterKey{{recipient}}}, keepers)
}

// testNothingGiven leaves out the format and the keepers, which are no options:
// errors say so.
func testNothingGiven(t *testing.T, p sops.Plan, keepers key.Keeper) {
	const plain = "a: secret\n"
	fails := func(what, want string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	o, err := sops.New(t.Context(), []byte(plain), yaml.Format{}, p, keepers)
	if err != nil {
		t.Fatal(err)
	}
	enc, err := o.Seal(sops.SealOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = sops.New(t.Context(), []byte(plain), nil, p, keepers)
	fails("New without a format", "no format was given", err)
	_, err = sops.Read(enc, nil)
	fails("Read without a format", "no format was given", err)
	for _, none := range []key.Keeper{nil, key.NewMux()} {
		_, err = sops.New(t.Context(), []byte(plain), yaml.Format{}, p, none)
		fails("New without a keeper", "it was given no keeper", err)
		fails("Rotate without a keeper", "it was given no keeper", o.Rotate(t.Context(), none, p.Groups, 0, nil))
		s, err := sops.Read(enc, yaml.Format{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Open(t.Context(), none, sops.OpenOptions{})
		fails("Open without a keeper", "Failed to get the data key", err)
		_, err = s.Recover(t.Context(), none, sops.OpenOptions{})
		fails("Recover without a keeper", "Failed to get the data key", err)
	}
}

// TestZeroKeepersHonourTheEnvironment sees that no call goes past the variables
// of AWS: the endpoint answers nothing, and nothing else is asked.
func TestZeroKeepersHonourTheEnvironment(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	for _, name := range os.Environ() {
		if name, _, _ := strings.Cut(name, "="); strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "SOPS_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAX")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	for _, variable := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KMS"} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, "http://127.0.0.1:1")
			m := key.New(key.KMS, "arn", "arn:aws:kms:us-east-1:111111111111:alias/sops-dev")
			d, err := key.Generate(nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = awskms.New(awskms.Options{}).Wrap(t.Context(), m, d)
			if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
				t.Errorf("got %v", err)
			}
		})
	}
}
