package devkms_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

func TestCallsSayWhoDidWhat(t *testing.T) {
	t.Parallel()
	s := devkms.Start(t, nil)
	l := &lab{as(s, "alice"), t, s, context.Background()}
	p := l.role(devRole)
	b := p.sealed("alias/sops-dev", ec{"App": "x"})
	if got := code(l.user("bob").decrypt(b, ec{"App": "x"})); got != "AccessDeniedException" {
		t.Fatalf("got %q", got)
	}
	l.must(l.kms().ReEncrypt(l.ctx, &kms.ReEncryptInput{CiphertextBlob: b, SourceEncryptionContext: ec{"App": "x"}, DestinationKeyId: ptr(appKey), DestinationEncryptionContext: ec{"App": "y"}}))
	stranger := l.caller
	stranger.creds.AccessKeyID = "AKIAUNKNOWN00EXAMPLE"
	l.must(nil, same("error", code(l.is(stranger).decrypt(b, nil)), "UnrecognizedClientException"))

	const session = "arn:aws:sts::111111111111:assumed-role/sops-dev/test"
	want := []devkms.Call{
		{Service: "sts", Operation: "AssumeRole", Principal: arnAlice, Account: first, Region: "us-east-1", Role: devRole, Decision: `allowed by a resource-based policy (statement 1)`},
		{Service: "kms", Operation: "Encrypt", Principal: session, Account: first, Region: "us-east-1", Key: devKey, EncryptionContext: ec{"App": "x"}, Decision: `allowed by a resource-based policy (statement 1, "Enable IAM User Permissions") and an identity-based policy (statement 1, "SopsUsesTheKey")`},
		{Service: "kms", Operation: "Decrypt", Principal: arnBob, Account: first, Region: "us-east-1", Key: devKey, EncryptionContext: ec{"App": "x"}, ErrorCode: "AccessDeniedException", Decision: "denied because no identity-based policy allows the kms:Decrypt action"},
		{Service: "kms", Operation: "ReEncrypt", Principal: arnAlice, Account: first, Region: "us-east-1", Key: devKey, EncryptionContext: ec{"App": "x"}, Destination: appKey, DestinationContext: ec{"App": "y"}, Decision: `allowed by a resource-based policy (statement 1, "AccountDecides") and an identity-based policy (statement 1)`},
		{Service: "kms", Operation: "Decrypt", Region: "us-east-1", ErrorCode: "UnrecognizedClientException"},
	}
	ignored := cmpopts.IgnoreFields(devkms.Call{}, "Time", "RequestID", "UserAgent", "SourceIP", "AccessKey", "ErrorMessage")
	if diff := cmp.Diff(want, s.Calls(), ignored, cmpopts.IgnoreUnexported(devkms.Call{})); diff != "" {
		t.Errorf("calls differ (-want +got):\n%s", diff)
	}
	s.ResetCalls()
	if n := len(s.Calls()); n != 0 {
		t.Errorf("%d calls after ResetCalls", n)
	}
}

func TestTheAuditLogIsCloudTrailInJSONLines(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s, err := devkms.New(devkms.Options{Audit: &log})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	l := &lab{as(s, "alice"), t, s, context.Background()}
	p := l.role(devRole)
	p.sealed(devKey, ec{"App": "x"})
	l.must(nil, same("error", code(p.use("DisableKey", devKey, nil)), "AccessDeniedException"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines, want 3:\n%s", len(lines), log.String())
	}
	var encrypt, disable map[string]any
	for line, into := range map[string]*map[string]any{lines[1]: &encrypt, lines[2]: &disable} {
		if err := json.Unmarshal([]byte(line), into); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]any{
		"eventSource": "kms.amazonaws.com", "eventName": "Encrypt", "awsRegion": "us-east-1", "readOnly": true, "eventType": "AwsApiCall",
		"recipientAccountId": first, "userIdentity.type": "AssumedRole", "userIdentity.arn": "arn:aws:sts::111111111111:assumed-role/sops-dev/test",
		"userIdentity.sessionContext.sessionIssuer.arn": devRole, "requestParameters.encryptionContext.App": "x",
		"requestParameters.keyId": devKey, "errorCode": nil,
	} {
		if got := lookUp(encrypt, path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	for path, want := range map[string]any{"eventName": "DisableKey", "errorCode": "AccessDeniedException", "readOnly": false} {
		if got := lookUp(disable, path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	if strings.Contains(log.String(), "secret") {
		t.Error("the log holds a plaintext or a secret")
	}
}

// lookUp follows a dotted path.
func lookUp(v any, path string) any {
	for _, step := range strings.Split(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[step]
	}
	return v
}
