package cli

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/term"
)

// A secretInput is what a keeper reads, with a secret in it.
type secretInput struct {
	variable string // that holds it or, if file is set, its path
	file     bool
	text     string
	secret   string
	mode     string // of another variable, NAME=value
}

// secretInputs are valid, or nearly so.
func secretInputs() map[string]secretInput {
	const (
		age     = "AGE-SECRET-KEY-1QYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSAAAAAA"
		aws     = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
		pem     = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZWQyNTUxOQ"
		profile = "\nregion = us-east-1\naws_access_key_id = AKIADEVALICE0EXAMPLE\naws_secret_access_key = " + aws + "\naws_session_token = " + aws + "\n"
	)
	process := func(out string) string {
		return "[profile it]\ncredential_process = cat <<'E'\n  " + out + "\n"
	}
	return map[string]secretInput{
		"SOPS_AGE_KEY":         {variable: "SOPS_AGE_KEY", text: "# created: now\n" + age + "\n", secret: age[16:]},
		"SOPS_AGE_KEY twice":   {variable: "SOPS_AGE_KEY", text: age + " " + age, secret: age[16:]},
		"age plugin":           {variable: "SOPS_AGE_KEY", text: "AGE-PLUGIN-NONE-1" + age[16:], secret: age[16:]},
		"SOPS_AGE_KEY_FILE":    {variable: "SOPS_AGE_KEY_FILE", file: true, text: age + "\n", secret: age[16:]},
		"locked age file":      {variable: "SOPS_AGE_KEY_FILE", file: true, text: "age-encryption.org/v1\n-> scrypt " + pem[:22] + " 18\n" + pem[:43] + "\n--- " + pem[:43] + "\n", secret: pem},
		"SSH key":              {variable: "SOPS_AGE_SSH_PRIVATE_KEY_FILE", file: true, text: "-----BEGIN OPENSSH PRIVATE KEY-----\n" + pem + "\n-----END OPENSSH PRIVATE KEY-----\n", secret: pem},
		"SSH key as age key":   {variable: "SOPS_AGE_KEY", text: "-----BEGIN OPENSSH PRIVATE KEY-----\n" + pem + "\n-----END OPENSSH PRIVATE KEY-----\n", secret: pem},
		"AWS configuration":    {variable: "AWS_CONFIG_FILE", file: true, text: "[profile it]" + profile, secret: aws, mode: "AWS_PROFILE=it"},
		"AWS credentials":      {variable: "AWS_SHARED_CREDENTIALS_FILE", file: true, text: "[it]" + profile, secret: aws, mode: "AWS_PROFILE=it"},
		"credential_process":   {variable: "AWS_CONFIG_FILE", file: true, text: process(`{"Version":1,"AccessKeyId":"AKIAX","SecretAccessKey":"` + aws + `"}`), secret: aws, mode: "AWS_PROFILE=it"},
		"command of a process": {variable: "AWS_CONFIG_FILE", file: true, text: "[profile it]\ncredential_process = false --password " + aws + "\n", secret: aws, mode: "AWS_PROFILE=it"},
		"AWS_CA_BUNDLE":        {variable: "AWS_CA_BUNDLE", file: true, text: "-----BEGIN CERTIFICATE-----\n" + pem + "\n-----END CERTIFICATE-----\n", secret: pem},
		"AWS secret":           {variable: "AWS_SECRET_ACCESS_KEY", text: aws, secret: aws},
		"AWS token":            {variable: "AWS_SESSION_TOKEN", text: aws, secret: aws},
		"password of a URL":    {variable: "AWS_ENDPOINT_URL_KMS", text: "http://ann:" + aws + "@127.0.0.1:1", secret: aws},
		"MFA code":             {variable: "SOPS_AWS_MFA_TOKEN", text: aws, secret: aws},
	}
}

// breaks returns text, and text broken at each place in each way.
func breaks(text string) []string {
	all := []string{text, ""}
	for i := 0; i < len(text); i += 1 + len(text)/10 {
		all = append(all, text[:i], text[i:])
		for _, with := range []string{"", "\n", "\"", "[", "="} {
			all = append(all, text[:i]+with+text[i+1:])
		}
	}
	return all
}

// TestNoSecretOfAKeeperIsShown breaks all that keepers read, at each place, and
// looks for pieces of the secret in what commands say.
func TestNoSecretOfAKeeperIsShown(t *testing.T) {
	t.Parallel()
	w := newWalk(t)
	w.write(t, "both.yaml", "a: 1\n")
	if code := w.run(t, "encrypt", "-i", "--kms", walkKey, "--age", "age1ym9y2kmj7n2sw2jmpapp2qvmxa25c6xrmp2e38s4wvw7naq0tskqzu3dsz", "both.yaml"); code != 0 {
		t.Fatal("both.yaml could not be made")
	}
	inputs := secretInputs()
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := inputs[name]
			dir := t.TempDir()
			for i, text := range breaks(in.text) {
				vars := maps.Clone(w.vars)
				vars["AWS_MAX_ATTEMPTS"] = "1"
				if in.mode != "" {
					name, value, _ := strings.Cut(in.mode, "=")
					vars[name], vars["AWS_ACCESS_KEY_ID"], vars["AWS_SECRET_ACCESS_KEY"] = value, "", ""
				}
				vars[in.variable] = text
				if in.file {
					vars[in.variable] = filepath.Join(dir, fmt.Sprint(i))
					if err := os.WriteFile(vars[in.variable], []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				args := [][]string{{"decrypt", "--verbose", "both.yaml"}, {"doctor", "both.yaml"}, {"decrypt", "--json", "both.yaml"}}[i%3]
				said := w.said(t, vars, args)
				for at := 0; at+8 <= len(in.secret); at++ {
					if piece := in.secret[at : at+8]; strings.Contains(said, piece) {
						t.Fatalf("%q, %q: %q is shown:\n%s", args, text, piece, said)
					}
				}
			}
		})
	}
}

// said returns what a command says on both streams.
func (w *walk) said(t *testing.T, vars map[string]string, args []string) string {
	t.Helper()
	var out bytes.Buffer
	Run(t.Context(), append([]string{"sops"}, args...), &app.App{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Env: env.Map(vars),
		Dir: w.dir, Now: time.Now, Random: rand.Reader, HostName: "host",
		Terminal: func() (*term.Terminal, error) { return nil, term.ErrNone },
	})
	return out.String()
}
