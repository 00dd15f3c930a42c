package devkms_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
)

// awscli is AWS's own command line.
type awscli struct{ *guest }

func newAWSCLI(t *testing.T) awscli {
	t.Helper()
	a := awscli{newGuest(t, "SOPS_AWSCLI")}
	a.file("plain", "secret")
	return a
}

// ask returns one field of an answer. The endpoint is an argument because
// the awscli of older systems knows no variable for it.
func (a awscli) ask(query string, args ...string) (string, error) {
	args = append(args, "--query", query, "--output", "text")
	if url := a.vars["AWS_ENDPOINT_URL"]; url != "" {
		args = append(args, "--endpoint-url", url)
	}
	out, err := a.run(args...)
	return strings.TrimSuffix(out, "\n"), err
}

func (a awscli) must(query string, args ...string) string {
	a.t.Helper()
	out, err := a.ask(query, args...)
	if err != nil {
		a.t.Fatalf("aws %v: %v", args, err)
	}
	return out
}

func (a awscli) mustBe(want, query string, args ...string) {
	a.t.Helper()
	if got := a.must(query, args...); got != want {
		a.t.Errorf("aws %v answers %q, want %q", args, got, want)
	}
}

// refused checks that AWS's error reaches the user of the command line.
func (a awscli) refused(code string, args ...string) {
	a.t.Helper()
	out, err := a.ask("@", args...)
	if err == nil {
		a.t.Errorf("aws %v answers %q, want %s", args, out, code)
	} else if !strings.Contains(err.Error(), "An error occurred ("+code+")") {
		a.t.Errorf("aws %v: %v, want %s", args, err, code)
	}
}

// blob keeps a ciphertext in a file, as the command line wants it.
func (a awscli) blob(name, text string) string {
	a.t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		a.t.Fatal(err)
	}
	return "fileb://" + a.file(name, string(b))
}

// secret is the word secret, as the command line prints it.
var secret = base64.StdEncoding.EncodeToString([]byte("secret"))

func TestTheCommandLineOfAWSUsesKeys(t *testing.T) {
	t.Parallel()
	a := newAWSCLI(t)
	context := "AppName=ExampleApp,Owner=Jürgen"
	blob := a.blob("blob", a.must("CiphertextBlob", "kms", "encrypt", "--key-id", "alias/sops-dev",
		"--plaintext", "fileb://plain", "--encryption-context", context))
	a.mustBe(secret, "Plaintext", "kms", "decrypt", "--ciphertext-blob", blob, "--encryption-context", context)
	a.refused("InvalidCiphertextException", "kms", "decrypt", "--ciphertext-blob", blob)
	a.refused("IncorrectKeyException", "kms", "decrypt", "--ciphertext-blob", blob, "--encryption-context", context, "--key-id", appKey)

	moved := a.blob("moved", a.must("CiphertextBlob", "kms", "re-encrypt", "--ciphertext-blob", blob,
		"--source-encryption-context", context, "--destination-key-id", sharedKey))
	a.mustBe(sharedKey, "KeyId", "kms", "decrypt", "--ciphertext-blob", moved)

	pair := strings.Fields(a.must("[Plaintext,CiphertextBlob]", "kms", "generate-data-key", "--key-id", devKey, "--key-spec", "AES_256"))
	a.mustBe(pair[0], "Plaintext", "kms", "decrypt", "--ciphertext-blob", a.blob("key", pair[1]))
}

func TestTheCommandLineOfAWSDescribesKeys(t *testing.T) {
	t.Parallel()
	a := newAWSCLI(t)
	a.mustBe(devKey, "KeyMetadata.Arn", "kms", "describe-key", "--key-id", "alias/sops-dev")
	a.mustBe(devKeyEU, "KeyMetadata.Arn", "kms", "describe-key", "--key-id", "alias/sops-dev", "--region", "eu-west-1")
	a.mustBe(strings.TrimPrefix(devKey, "arn:aws:kms:us-east-1:111111111111:key/"),
		"Aliases[?AliasName=='alias/sops-dev'].TargetKeyId", "kms", "list-aliases")
	a.refused("NotFoundException", "kms", "describe-key", "--key-id", "alias/absent")
	a.refused("DisabledException", "kms", "encrypt", "--key-id", offKey, "--plaintext", "fileb://plain")
}

func TestTheCommandLineOfAWSIsWhoItSays(t *testing.T) {
	t.Parallel()
	a := newAWSCLI(t)
	a.mustBe(arnAlice, "Arn", "sts", "get-caller-identity")
	var keys struct{ AccessKeyId, SecretAccessKey, SessionToken string }
	out, err := a.run("sts", "assume-role", "--role-arn", devRole, "--role-session-name", "me",
		"--query", "Credentials", "--output", "json", "--endpoint-url", a.server.URL())
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out), &keys); err != nil {
		t.Fatal(err)
	}
	a.refused("AccessDenied", "sts", "assume-role", "--role-arn", "arn:aws:iam::222222222222:role/chained", "--role-session-name", "me")

	a.vars["AWS_ACCESS_KEY_ID"], a.vars["AWS_SECRET_ACCESS_KEY"], a.vars["AWS_SESSION_TOKEN"] = keys.AccessKeyId, keys.SecretAccessKey, keys.SessionToken
	a.mustBe("arn:aws:sts::111111111111:assumed-role/sops-dev/me", "Arn", "sts", "get-caller-identity")
	a.must("CiphertextBlob", "kms", "encrypt", "--key-id", devKey, "--plaintext", "fileb://plain")
	a.refused("AccessDeniedException", "kms", "create-key")

	a.vars["AWS_SECRET_ACCESS_KEY"] = "another"
	a.refused("InvalidSignatureException", "kms", "list-aliases")
	a.refused("SignatureDoesNotMatch", "sts", "get-caller-identity")
	delete(a.vars, "AWS_SESSION_TOKEN")
	a.refused("UnrecognizedClientException", "kms", "list-aliases")
}

func TestTheCommandLineOfAWSTakesRolesFromProfiles(t *testing.T) {
	t.Parallel()
	a := newAWSCLI(t)
	a.atAWSsAddresses()
	a.profile("short", "role_arn = arn:aws:iam::222222222222:role/chained", "source_profile = alice")
	a.profile("named", "role_arn = "+devRole, "source_profile = bob", "role_session_name = me")

	a.as("bob")
	a.mustBe(arnBob, "Arn", "sts", "get-caller-identity")
	a.refused("AccessDeniedException", "kms", "encrypt", "--key-id", devKey, "--plaintext", "fileb://plain")
	a.as("named")
	a.mustBe("arn:aws:sts::111111111111:assumed-role/sops-dev/me", "Arn", "sts", "get-caller-identity")
	blob := a.blob("blob", a.must("CiphertextBlob", "kms", "encrypt", "--key-id", devKey, "--plaintext", "fileb://plain"))
	a.mustBe(secret, "Plaintext", "kms", "decrypt", "--ciphertext-blob", blob)
	a.as("short") // before chained: awscli keeps sessions by their role, whoever asks
	a.refused("AccessDenied", "sts", "get-caller-identity")
	a.as("chained") // by way of the role relay
	a.mustBe("222222222222", "Account", "sts", "get-caller-identity")
	a.must("CiphertextBlob", "kms", "encrypt", "--key-id", prodKey, "--plaintext", "fileb://plain")
	a.refused("AccessDeniedException", "kms", "decrypt", "--ciphertext-blob", blob)
	a.as("external")
	a.mustBe("111111111111", "Account", "sts", "get-caller-identity")
	a.as("ci")
	a.mustBe("111111111111", "Account", "sts", "get-caller-identity")
}
