package cli_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
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
		ts.Check(labOf(ts).login(ts, 0))
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
