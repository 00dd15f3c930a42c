package config

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDestinationRules(t *testing.T) {
	t.Parallel()
	f := parse(t, `
destination_rules:
  - path_regex: ^s3/
    s3_bucket: bucket
    s3_prefix: pre/
    omit_extensions: true
    recreation_rule:
      pgp: FP
      encrypted_regex: ^x
      mac_only_encrypted: true
  - path_regex: ^gcs/
    gcs_bucket: bucket
    gcs_prefix: pre/
  - path_regex: ^vault/(?P<env>[a-z]+)/
    vault_path: path/
    vault_address: https://h:8200
    vault_kv_mount_name: kv/
    vault_kv_version: 1
    recreation_rule: {kms: 'arn:aws:kms:eu-west-1:1:alias/${env}'}
  - path_regex: ^sm/
    aws_secrets_manager_path: prod/
    aws_region: eu-west-1
    aws_profile: ops
    aws_role: arn:aws:iam::1:role/r
    aws_kms_key: alias/k
    aws_tags: {team: core}
    aws_per_key: true
  - path_regex: ^ssm/
    aws_parameter_store_path: /prod/
  - s3_bucket: rest
`)
	if f.Warnings != nil {
		t.Errorf("warnings: %q", texts(f.Warnings))
	}
	for path, want := range map[string]Destination{
		"s3/a.yaml":   {Line: 3, PathRegex: "^s3/", S3Bucket: "bucket", S3Prefix: "pre/", OmitExtensions: true},
		"gcs/a.yaml":  {Line: 11, PathRegex: "^gcs/", GCSBucket: "bucket", GCSPrefix: "pre/"},
		"vault/dev/a": {Line: 14, PathRegex: "^vault/(?P<env>[a-z]+)/", VaultPath: "path/", VaultAddress: "https://h:8200", VaultKVMount: "kv/", VaultKVVersion: 1},
		"sm/a.yaml": {Line: 20, PathRegex: "^sm/", SecretsPath: "prod/", AWS: AWS{
			Region: "eu-west-1", Profile: "ops", Role: "arn:aws:iam::1:role/r", KMSKey: "alias/k", Tags: map[string]string{"team": "core"}, PerKey: true,
		}},
		"ssm/a.yaml":     {Line: 28, PathRegex: "^ssm/", ParametersPath: "/prod/"},
		"other/s3/a.ini": {Line: 30, S3Bucket: "rest"},
	} {
		got, err := f.DestinationFor(under(path))
		if err != nil {
			t.Fatal(err)
		}
		recreation := got.Recreation
		got.Recreation = nil
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
		switch path {
		case "s3/a.yaml":
			if !recreation.MACOnlyEncrypted || recreation.Selection.EncryptedRegex != "^x" || len(recreation.Groups) != 1 {
				t.Errorf("recreation: %+v", recreation)
			}
		case "vault/dev/a":
			if got := recreation.Groups[0][0].Text("arn"); got != "arn:aws:kms:eu-west-1:1:alias/dev" {
				t.Errorf("recreation: arn %q", got)
			}
		default:
			if recreation != nil {
				t.Errorf("%s: recreation: %+v", path, recreation)
			}
		}
	}
}

func TestADestinationRuleHasOneDestination(t *testing.T) {
	t.Parallel()
	const choose = " (give one of s3_bucket, gcs_bucket, vault_path, aws_secrets_manager_path and aws_parameter_store_path)"
	for _, c := range []struct{ src, want string }{
		{"s3_bucket: a\n    gcs_bucket: b", "line 2: the rule names more than one destination" + choose},
		{"s3_bucket: a\n    vault_path: b", "line 2: the rule names more than one destination" + choose},
		{"omit_extensions: true", "line 2: the rule names no destination" + choose},
		{"s3_bucket: a\n    aws_parameter_store_path: /b", "line 2: the rule names more than one destination" + choose},
		{"s3_bucket: a\n    aws_per_key: true", "line 2: aws_per_key is for aws_secrets_manager_path and aws_parameter_store_path (leave it out)"},
		{"s3_bucket: a\n    aws_tags: {a: b}", "line 2: aws_tags is for aws_secrets_manager_path and aws_parameter_store_path (leave it out)"},
		{"vault_path: a\n    aws_region: eu-west-1", "line 2: the rule names no destination of AWS, but settings for one (leave them out)"},
		{"s3_bucket: a\n    recreation_rule: {pgp: x}", `line 3: pgp: "x" is not a fingerprint (write the 40 hexadecimal digits that gpg --list-keys prints)`},
		{"s3_bucket: a\n    path_regex: (", "line 3: path_regex \"(\" is not a valid regular expression: error parsing regexp: missing closing ): `(`"},
	} {
		f := parse(t, "destination_rules:\n  - "+c.src+"\n")
		if diff := cmp.Diff([]string{c.want}, texts(f.Warnings)); diff != "" {
			t.Errorf("%s: %s", c.src, diff)
		}
		_, err := f.DestinationFor(under("a.yaml"))
		var e *Error
		if !errors.As(err, &e) || e.problem().String() != c.want {
			t.Errorf("%s: got %v, want %s", c.src, err, c.want)
		}
	}
}
