package devkms_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

const (
	roleKey    = "arn:aws:kms:us-east-1:927034868273:key/92703486-8273-4111-8111-000000000001"
	contextKey = "arn:aws:kms:us-east-1:927034868273:key/92703486-8273-4111-8111-000000000002"
	accountDoc = "arn:aws:iam::927034868273:"
)

// documented is the world of the documentation's two policies, with a caller
// for each of its principals.
type documented struct {
	t       *testing.T
	callers map[string]caller
}

func newDocumented(t *testing.T) documented {
	t.Helper()
	src, err := os.ReadFile("testdata/documented.yaml")
	if err != nil {
		t.Fatal(err)
	}
	w, err := devkms.ParseWorld("documented.yaml", src)
	if err != nil {
		t.Fatal(err)
	}
	s := devkms.Start(t, w)
	admin := caller{creds: aws.Credentials{AccessKeyID: "AKIADEVADMIN0EXAMPLE", SecretAccessKey: "devkms/admin/not/a/secret/EXAMPLE"}, url: s.URL(), region: "us-east-1"}
	d := documented{t, map[string]caller{"admin": admin}}
	for _, role := range []string{"sops-dev-xyz", "RoleForExampleApp", "stranger"} {
		d.callers[role] = admin.assume(t, accountDoc+"role/"+role)
	}
	return d
}

// try makes one call and returns "" or the reason of the refusal.
func (d documented) try(who, operation, key string, c ec) string {
	d.t.Helper()
	client, ctx := d.callers[who].kms(), context.Background()
	var err error
	switch operation {
	case "Encrypt":
		_, err = client.Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x"), EncryptionContext: c})
	case "Decrypt":
		_, err = client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: d.blob(key, c), EncryptionContext: c})
	case "ReEncrypt":
		_, err = client.ReEncrypt(ctx, &kms.ReEncryptInput{CiphertextBlob: d.blob(key, c), SourceEncryptionContext: c, DestinationKeyId: &key, DestinationEncryptionContext: c})
	case "GenerateDataKey":
		_, err = client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &key, KeySpec: types.DataKeySpecAes256, EncryptionContext: c})
	case "GenerateDataKeyWithoutPlaintext":
		_, err = client.GenerateDataKeyWithoutPlaintext(ctx, &kms.GenerateDataKeyWithoutPlaintextInput{KeyId: &key, KeySpec: types.DataKeySpecAes256, EncryptionContext: c})
	case "DescribeKey":
		_, err = client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &key})
	case "GetKeyPolicy":
		_, err = client.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &key})
	case "DisableKey":
		_, err = client.DisableKey(ctx, &kms.DisableKeyInput{KeyId: &key})
	default:
		d.t.Fatalf("no operation %q in this test", operation)
	}
	if err == nil {
		return ""
	}
	if code(err) != "AccessDeniedException" {
		d.t.Fatalf("%s by %s: %v", operation, who, err)
	}
	_, reason, _ := strings.Cut(text(err), " because no ")
	reason, _, _ = strings.Cut(reason, " policy")
	return reason
}

// blob seals something with whoever may encrypt under the key.
func (d documented) blob(key string, c ec) []byte {
	d.t.Helper()
	who := map[string]string{roleKey: "sops-dev-xyz", contextKey: "admin"}[key]
	out, err := d.callers[who].kms().Encrypt(context.Background(), &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x"), EncryptionContext: c})
	if err != nil {
		d.t.Fatal(err)
	}
	return out.CiphertextBlob
}

// What the matrices below hold: "" is allowed, the rest is the kind of policy
// that AWS names as missing.
const (
	noResourcePolicy = "resource-based"
	noIdentityPolicy = "identity-based"
)

func TestTheRoleStatementAllowsFivePermissionsAndOneRole(t *testing.T) {
	t.Parallel()
	d := newDocumented(t)
	contexts := map[string]ec{"none": nil, "some": {"AppName": "ExampleApp"}}
	matrix := map[string]map[string]string{ // operation, principal
		"Encrypt":                         {"sops-dev-xyz": "", "RoleForExampleApp": noResourcePolicy, "stranger": noResourcePolicy, "admin": noResourcePolicy},
		"Decrypt":                         {"sops-dev-xyz": "", "RoleForExampleApp": noResourcePolicy, "stranger": noResourcePolicy, "admin": noResourcePolicy},
		"ReEncrypt":                       {"sops-dev-xyz": "", "RoleForExampleApp": noResourcePolicy, "stranger": noResourcePolicy, "admin": noResourcePolicy},
		"GenerateDataKey":                 {"sops-dev-xyz": "", "RoleForExampleApp": noResourcePolicy, "stranger": noResourcePolicy, "admin": noResourcePolicy},
		"GenerateDataKeyWithoutPlaintext": {"sops-dev-xyz": "", "RoleForExampleApp": noResourcePolicy, "stranger": noResourcePolicy, "admin": noResourcePolicy},
		"DescribeKey":                     {"sops-dev-xyz": "", "RoleForExampleApp": noResourcePolicy, "stranger": noResourcePolicy, "admin": noResourcePolicy},
		"GetKeyPolicy":                    {"sops-dev-xyz": noResourcePolicy, "RoleForExampleApp": noResourcePolicy, "stranger": noResourcePolicy, "admin": noResourcePolicy},
		"DisableKey":                      {"sops-dev-xyz": noResourcePolicy, "RoleForExampleApp": noResourcePolicy, "stranger": noResourcePolicy, "admin": noResourcePolicy},
	}
	for operation, row := range matrix {
		for who, want := range row {
			for name, c := range contexts {
				if got := d.try(who, operation, roleKey, c); got != want {
					t.Errorf("%s by %s with context %s: refused for want of %q policies, want %q", operation, who, name, got, want)
				}
			}
		}
	}
}

func TestTheContextConditionAllowsOneContextOnly(t *testing.T) {
	t.Parallel()
	d := newDocumented(t)
	contexts := []struct {
		name    string
		context ec
		fits    bool
	}{
		{"exact", ec{"AppName": "ExampleApp", "FilePath": "/var/opt/secrets/"}, true},
		{"with one pair more", ec{"AppName": "ExampleApp", "FilePath": "/var/opt/secrets/", "Env": "prod"}, true},
		{"names of other case", ec{"appname": "ExampleApp", "FILEPATH": "/var/opt/secrets/"}, true},
		{"none", nil, false},
		{"only AppName", ec{"AppName": "ExampleApp"}, false},
		{"only FilePath", ec{"FilePath": "/var/opt/secrets/"}, false},
		{"another AppName", ec{"AppName": "Other", "FilePath": "/var/opt/secrets/"}, false},
		{"another FilePath", ec{"AppName": "ExampleApp", "FilePath": "/var/opt/secrets"}, false},
		{"a value of other case", ec{"AppName": "exampleapp", "FilePath": "/var/opt/secrets/"}, false},
		{"a pattern for a value", ec{"AppName": "*", "FilePath": "/var/opt/secrets/"}, false},
		{"swapped", ec{"FilePath": "ExampleApp", "AppName": "/var/opt/secrets/"}, false},
	}
	operations := []string{"Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "DescribeKey", "GetKeyPolicy"}
	for _, c := range contexts {
		for _, operation := range operations {
			want := map[string]string{"admin": "", "RoleForExampleApp": noIdentityPolicy, "stranger": noIdentityPolicy, "sops-dev-xyz": noIdentityPolicy}
			if operation == "Decrypt" && c.fits {
				want["RoleForExampleApp"] = ""
			}
			for who, reason := range want {
				if got := d.try(who, operation, contextKey, c.context); got != reason {
					t.Errorf("%s by %s, context %s: refused for want of %q policies, want %q", operation, who, c.name, got, reason)
				}
			}
		}
	}
}
