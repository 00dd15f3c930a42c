package cli_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// oldFlags are all flags of the old form but those that choose a mode, each with
// a value that is good where it counts.
var oldFlags = []string{
	"--extract ['a']", "--in-place", "--output o.yaml", "--input-type yaml", "--output-type yaml", "--filename-override x.yaml",
	"--kms " + kmsKey, "--aws-profile nope", "--encryption-context a:b",
	"--gcp-kms projects/p/locations/l/keyRings/k/cryptoKeys/k", "--hckms cn-north-1:11111111-1111-4111-8111-000000000001",
	"--azure-kv https://v.vault.azure.net/keys/k/v", "--hc-vault-transit http://127.0.0.1:9/v1/t/keys/k",
	"--pgp 85D77543B3D624B63CEA9E6DBC17301B491B3F21", "--age " + recipient2,
	"--add-age " + recipient2, "--rm-age " + recipient1, "--add-kms " + kmsKey, "--rm-kms " + kmsKey,
	"--add-pgp 85D77543B3D624B63CEA9E6DBC17301B491B3F21", "--rm-pgp 85D77543B3D624B63CEA9E6DBC17301B491B3F21",
	"--add-gcp-kms p/k", "--rm-gcp-kms p/k", "--add-azure-kv https://v.vault.azure.net/keys/k/v", "--rm-azure-kv https://v.vault.azure.net/keys/k/v",
	"--add-hckms cn-north-1:11111111-1111-4111-8111-000000000001", "--rm-hckms cn-north-1:11111111-1111-4111-8111-000000000001",
	"--add-hc-vault-transit http://127.0.0.1:9/v1/t/keys/k", "--rm-hc-vault-transit http://127.0.0.1:9/v1/t/keys/k",
	"--unencrypted-suffix _x", "--encrypted-suffix a", "--unencrypted-regex q", "--encrypted-regex a",
	"--unencrypted-comment-regex q", "--encrypted-comment-regex q", "--mac-only-encrypted",
	"--shamir-secret-sharing-threshold 2", "--show-master-keys", "--ignore-mac", "--indent 3", "--verbose", "--config .sops.yaml",
	"--decryption-order pgp,age", "--enable-local-keyservice=true", "--disable-version-check",
}

// oldModes are the modes with the file that they take.
var oldModes = map[string][]string{
	"decrypt": {"-d"}, "encrypt": {"-e"}, "rotate": {"-r"}, "set": {"--set", `["a"] "x"`}, "edit": nil,
}

// refused are flags that SOPS uses without a word where they cannot do what
// they are for. Each has its own script.
var refused = map[string][]string{
	// An encryption context that no key takes; see encrypt_context_without_effect.
	"encrypt": {"--encryption-context"},
	// A key that is to be removed and is not there; see rotate_removing_what_is_not_there.
	"rotate": {"--rm-"},
}

// needsOtherKeeper reports whether it is a flag with which SOPS fails for want of a key service, and we do
// not start: no keeper for these kinds is here.
func needsOtherKeeper(mode, flag string) bool {
	kind := strings.TrimPrefix(strings.TrimPrefix(flag, "--"), "add-")
	wraps := mode == "rotate" && strings.HasPrefix(flag, "--add-") || mode == "encrypt" && !strings.HasPrefix(flag, "--add-") && !strings.HasPrefix(flag, "--rm-")
	return wraps && slices.ContainsFunc([]string{"gcp-kms", "hckms", "azure-kv", "hc-vault-transit", "pgp"}, func(k string) bool { return strings.HasPrefix(kind, k+" ") })
}

// TestTheOldFormTakesEveryFlagInEveryMode walks the product of flags and modes
// beside the real SOPS: the same exit status, and nothing on standard error at
// success.
func TestTheOldFormTakesEveryFlagInEveryMode(t *testing.T) {
	t.Parallel()
	for mode, words := range oldModes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.vars["EDITOR"] = "true"
			b.write(t, "f.yaml", "a: one\nb: two\n")
			b.write(t, ".sops.yaml", "creation_rules: [{age: "+recipient1+"}]\n")
			b.write(t, "e.yaml", b.theirs(t, "encrypt", "f.yaml"))
			for _, flag := range oldFlags {
				if needsOtherKeeper(mode, flag) || slices.ContainsFunc(refused[mode], func(r string) bool { return strings.HasPrefix(flag, r) && flag != "--rm-age "+recipient1 }) {
					continue
				}
				source := "e.yaml"
				if mode == "encrypt" {
					source = "f.yaml"
				}
				args := slices.Concat(strings.SplitN(flag, " ", 2), words, []string{"w.yaml"})
				b.write(t, "w.yaml", b.read(t, source))
				theirs := b.runTheirs(t, "", args...)
				b.write(t, "w.yaml", b.read(t, source))
				ours := b.run(t, "", args...)
				if ours.exit != theirs.exit {
					t.Errorf("sops %s\n ours: %d %s\nSOPS: %d %s", strings.Join(args, " "), ours.exit, ours.stderr, theirs.exit, theirs.stderr)
				}
				if mode == "decrypt" && ours.stdout != theirs.stdout {
					t.Errorf("sops %s\n ours: %q\nSOPS: %q", strings.Join(args, " "), ours.stdout, theirs.stdout)
				}
				noisy := flag == "--verbose" || strings.Contains(ours.stderr, "nothing is encrypted") || mode == "encrypt" && strings.HasPrefix(flag, "--shamir")
				if ours.exit == 0 && ours.stderr != "" && !noisy {
					t.Errorf("sops %s says %q", strings.Join(args, " "), ours.stderr)
				}
				_ = os.Remove(filepath.Join(b.dir, "o.yaml"))
			}
		})
	}
}
