package laws_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/format/yaml"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/age"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms"
)

// TestZeroOptionsWork uses every entry point of the library with nothing said
// but what to encrypt and for which keys. The environment is that of the process, so
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
	kms := keeper.Undescribed(keeper.KMS, "arn", "arn:aws:kms:us-east-1:111111111111:alias/sops-dev")
	recipient := keeper.Undescribed(keeper.Age, "recipient", "age1ym9y2kmj7n2sw2jmpapp2qvmxa25c6xrmp2e38s4wvw7naq0tskqzu3dsz")
	keepers := keeper.NewMux(awskms.New(awskms.Options{}), age.New(age.Options{}))
	const plain = "a: secret\nb: 1\n"
	for name, groups := range map[string][][]keeper.MasterKey{
		"kms": {{kms}}, "age": {{recipient}}, "both": {{kms, recipient}}, "groups": {{kms}, {recipient}},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := envelope.New(t.Context(), []byte(plain), yaml.Format{}, envelope.Plan{Groups: groups}, keepers)
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			enc, err := o.Encrypt(envelope.EncryptOptions{})
			if err != nil {
				t.Fatal(err)
			}
			s, err := envelope.Parse(enc, yaml.Format{})
			if err != nil {
				t.Fatal(err)
			}
			if at, err := time.Parse(time.RFC3339, s.Meta.MACData()); err != nil || at.Sub(start).Abs() > time.Hour {
				t.Errorf("dated %q", s.Meta.MACData())
			}
			r, err := s.Recover(t.Context(), keepers, envelope.DecryptOptions{})
			if err != nil {
				t.Fatal(err)
			}
			wrapped, err := unlock.Rewrap(t.Context(), keepers, r, s.Meta.Keys(), s.Meta.Threshold, append(groups, []keeper.MasterKey{kms}), 0, nil)
			if err != nil {
				t.Fatal(err)
			}
			if enc, err = s.SetKeys(wrapped, 0, nil); err != nil {
				t.Fatal(err)
			}
			if s, err = envelope.Parse(enc, yaml.Format{}); err != nil {
				t.Fatal(err)
			}
			if o, err = s.Decrypt(t.Context(), keepers, envelope.DecryptOptions{}); err != nil || string(plainOf(o)) != plain {
				t.Fatalf("decrypted: %v", err)
			}
			if err := o.Rotate(t.Context(), keepers, groups, 0, nil); err != nil {
				t.Fatal(err)
			}
			if _, err := o.Encrypt(envelope.EncryptOptions{}); err != nil {
				t.Fatal(err)
			}
		})
	}
	if _, err := envelope.New(t.Context(), []byte(plain), yaml.Format{}, envelope.Plan{}, keepers); err == nil {
		t.Error("a plan without keys made a file")
	}
	testNothingGiven(t, envelope.Plan{Groups: [][]keeper.MasterKey{{recipient}}}, keepers)
}

// testNothingGiven leaves out the format and the keepers, which are no options:
// errors say so.
func testNothingGiven(t *testing.T, p envelope.Plan, keepers keeper.Keeper) {
	const plain = "a: secret\n"
	fails := func(what, want string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	o, err := envelope.New(t.Context(), []byte(plain), yaml.Format{}, p, keepers)
	if err != nil {
		t.Fatal(err)
	}
	enc, err := o.Encrypt(envelope.EncryptOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = envelope.New(t.Context(), []byte(plain), nil, p, keepers)
	fails("New without a format", "no format was given", err)
	_, err = envelope.Parse(enc, nil)
	fails("Read without a format", "no format was given", err)
	for _, none := range []keeper.Keeper{nil, keeper.NewMux()} {
		_, err = envelope.New(t.Context(), []byte(plain), yaml.Format{}, p, none)
		fails("New without a keeper", "it was given no keeper", err)
		fails("Rotate without a keeper", "it was given no keeper", o.Rotate(t.Context(), none, p.Groups, 0, nil))
		s, err := envelope.Parse(enc, yaml.Format{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Decrypt(t.Context(), none, envelope.DecryptOptions{})
		fails("Open without a keeper", "Failed to get the data key", err)
		_, err = s.Recover(t.Context(), none, envelope.DecryptOptions{})
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
			m := keeper.Undescribed(keeper.KMS, "arn", "arn:aws:kms:us-east-1:111111111111:alias/sops-dev")
			d, err := keeper.Generate(nil)
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
