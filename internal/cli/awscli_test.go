package cli_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/rogpeppe/go-internal/testscript"
)

// awsCommand is as much of the aws command as hints give: the administrator of
// the account does it.
//
//	aws kms enable-key|disable-key|schedule-key-deletion|cancel-key-deletion --key-id ARN --region R
//	aws kms update-alias --alias-name A --target-key-id ARN
//	aws kms put-key-policy --key-id ARN --policy file://FILE
//	aws sso login --profile P
func awsCommand(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) >= 2, "aws SERVICE COMMAND --NAME VALUE...")
	flags := map[string]string{}
	for i := 2; i+1 < len(args); i += 2 {
		flags[strings.TrimPrefix(args[i], "--")] = args[i+1]
	}
	switch args[0] {
	case "kms":
		ts.Check(kmsCommand(ts, args[1], flags))
	case "sso":
		usage(ts, args[1] == "login", "aws sso login --profile P")
		ts.Check(ssoLogin(ts))
	default:
		ts.Fatalf("aws %s is not known here", args[0])
	}
}

func kmsCommand(ts *testscript.TestScript, command string, flags map[string]string) error {
	name := flags["key-id"] + flags["target-key-id"]
	parts := strings.Split(name, ":")
	if len(parts) < 6 {
		return fmt.Errorf("%q is not an ARN", name)
	}
	ctx, region, root := context.Background(), parts[3], rootKey(parts[4])
	client := kms.New(kms.Options{
		Region: region, BaseEndpoint: aws.String(labOf(ts).URL()),
		Credentials: credentials.NewStaticCredentialsProvider(root.ID, root.Secret, ""),
	})
	id := &name
	var err error
	switch command {
	case "enable-key":
		_, err = client.EnableKey(ctx, &kms.EnableKeyInput{KeyId: id})
	case "disable-key":
		_, err = client.DisableKey(ctx, &kms.DisableKeyInput{KeyId: id})
	case "schedule-key-deletion":
		_, err = client.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: id})
	case "cancel-key-deletion":
		_, err = client.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: id})
	case "update-alias":
		_, err = client.UpdateAlias(ctx, &kms.UpdateAliasInput{AliasName: aws.String(flags["alias-name"]), TargetKeyId: id})
	case "put-key-policy":
		policy := ts.ReadFile(strings.TrimPrefix(flags["policy"], "file://"))
		_, err = client.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: id, Policy: &policy})
	default:
		err = fmt.Errorf("aws kms %s is not known here", command)
	}
	labOf(ts).ResetCalls()
	return err
}

// The SSO portal of scripts gives the role sops-dev to those who are logged in.
const ssoURL, ssoToken = "https://sso.example.com/start", "logged-in"

// ssoLogin leaves the token of a login where the SDK looks for it.
func ssoLogin(ts *testscript.TestScript) error {
	sum := sha1.Sum([]byte(ssoURL))
	dir := filepath.Join(ts.Getenv("HOME"), ".aws", "sso", "cache")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	token, err := json.Marshal(map[string]string{
		"startUrl": ssoURL, "region": "us-east-1", "accessToken": ssoToken,
		"expiresAt": time.Now().Add(time.Hour).UTC().Format(time.RFC3339),
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, hex.EncodeToString(sum[:])+".json"), token, 0o600)
}

// ssoPortal serves GetRoleCredentials for the lab.
func ssoPortal(l *lab) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("x-amz-sso_bearer_token") != ssoToken {
			w.Header().Set("X-Amzn-ErrorType", "UnauthorizedException")
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"message":"Session token not found or invalid"}`)
			return
		}
		q := r.URL.Query()
		root := l.world.Accounts[0].Users[0].Access // the role trusts alice
		client := sts.New(sts.Options{
			Region: "us-east-1", BaseEndpoint: aws.String(l.URL()),
			Credentials: credentials.NewStaticCredentialsProvider(root.ID, root.Secret, ""),
		})
		out, err := client.AssumeRole(r.Context(), &sts.AssumeRoleInput{
			RoleArn:         aws.String("arn:aws:iam::" + q.Get("account_id") + ":role/" + q.Get("role_name")),
			RoleSessionName: aws.String("sso"),
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"roleCredentials": map[string]any{
			"accessKeyId": out.Credentials.AccessKeyId, "secretAccessKey": out.Credentials.SecretAccessKey,
			"sessionToken": out.Credentials.SessionToken, "expiration": out.Credentials.Expiration.UnixMilli(),
		}})
	}))
}
