package devkms_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

const day = 24 * time.Hour

// use makes each cryptographic call on a key; the blob is the key's own.
func (l *lab) use(operation, key string, blob []byte) error {
	switch operation {
	case "Encrypt":
		return only(l.encrypt(key, "x", nil))
	case "Decrypt":
		return l.decrypt(blob, nil)
	case "ReEncrypt from":
		return only(l.kms().ReEncrypt(l.ctx, &kms.ReEncryptInput{CiphertextBlob: blob, DestinationKeyId: ptr(devKey)}))
	case "ReEncrypt to":
		return only(l.kms().ReEncrypt(l.ctx, &kms.ReEncryptInput{CiphertextBlob: l.sealed(devKey, nil), DestinationKeyId: &key}))
	case "GenerateDataKey":
		return only(l.kms().GenerateDataKey(l.ctx, &kms.GenerateDataKeyInput{KeyId: &key, KeySpec: types.DataKeySpecAes256}))
	case "GenerateDataKeyWithoutPlaintext":
		return only(l.kms().GenerateDataKeyWithoutPlaintext(l.ctx, &kms.GenerateDataKeyWithoutPlaintextInput{KeyId: &key, KeySpec: types.DataKeySpecAes256}))
	case "DescribeKey":
		return only(l.kms().DescribeKey(l.ctx, &kms.DescribeKeyInput{KeyId: &key}))
	case "GetKeyPolicy":
		return only(l.kms().GetKeyPolicy(l.ctx, &kms.GetKeyPolicyInput{KeyId: &key, PolicyName: ptr("default")}))
	case "PutKeyPolicy":
		out, err := l.kms().GetKeyPolicy(l.ctx, &kms.GetKeyPolicyInput{KeyId: &key, PolicyName: ptr("default")})
		if err != nil {
			return err
		}
		return only(l.kms().PutKeyPolicy(l.ctx, &kms.PutKeyPolicyInput{KeyId: &key, PolicyName: ptr("default"), Policy: out.Policy}))
	case "ListAliases":
		return only(l.kms().ListAliases(l.ctx, &kms.ListAliasesInput{KeyId: &key}))
	case "CreateAlias":
		return only(l.kms().CreateAlias(l.ctx, &kms.CreateAliasInput{AliasName: ptr("alias/new"), TargetKeyId: &key}))
	case "DeleteAlias":
		return only(l.kms().DeleteAlias(l.ctx, &kms.DeleteAliasInput{AliasName: ptr("alias/state")}))
	case "EnableKey":
		return only(l.kms().EnableKey(l.ctx, &kms.EnableKeyInput{KeyId: &key}))
	case "DisableKey":
		return only(l.kms().DisableKey(l.ctx, &kms.DisableKeyInput{KeyId: &key}))
	case "ScheduleKeyDeletion":
		return only(l.kms().ScheduleKeyDeletion(l.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &key}))
	case "CancelKeyDeletion":
		return only(l.kms().CancelKeyDeletion(l.ctx, &kms.CancelKeyDeletionInput{KeyId: &key}))
	case "RotateKeyOnDemand":
		return only(l.kms().RotateKeyOnDemand(l.ctx, &kms.RotateKeyOnDemandInput{KeyId: &key}))
	case "EnableKeyRotation":
		return only(l.kms().EnableKeyRotation(l.ctx, &kms.EnableKeyRotationInput{KeyId: &key}))
	case "GetKeyRotationStatus":
		return only(l.kms().GetKeyRotationStatus(l.ctx, &kms.GetKeyRotationStatusInput{KeyId: &key}))
	case "TagResource":
		return only(l.kms().TagResource(l.ctx, &kms.TagResourceInput{KeyId: &key, Tags: []types.Tag{{TagKey: ptr("a"), TagValue: ptr("b")}}}))
	case "UpdateKeyDescription":
		return only(l.kms().UpdateKeyDescription(l.ctx, &kms.UpdateKeyDescriptionInput{KeyId: &key, Description: ptr("new")}))
	}
	return fmt.Errorf("no operation %q in this test", operation)
}

// stateProbes is the table of key states of the KMS developer guide.
func stateProbes() []probe {
	const off, bad = "DisabledException", "KMSInvalidStateException"
	table := []struct{ operation, disabled, pending string }{
		{"Encrypt", off, bad},
		{"Decrypt", off, bad},
		{"ReEncrypt from", off, bad},
		{"ReEncrypt to", off, bad},
		{"GenerateDataKey", off, bad},
		{"GenerateDataKeyWithoutPlaintext", off, bad},
		{"DescribeKey", "", ""},
		{"GetKeyPolicy", "", ""},
		{"PutKeyPolicy", "", ""},
		{"ListAliases", "", ""},
		{"CreateAlias", "", bad},
		{"DeleteAlias", "", ""},
		{"EnableKey", "", bad},
		{"DisableKey", "", bad},
		{"ScheduleKeyDeletion", "", bad},
		{"CancelKeyDeletion", bad, ""},
		{"RotateKeyOnDemand", off, bad},
		{"EnableKeyRotation", off, bad},
		{"GetKeyRotationStatus", "", ""},
		{"TagResource", "", bad},
		{"UpdateKeyDescription", "", bad},
	}
	says := map[string]string{off: " is disabled.", bad: " pending deletion."}
	var out []probe
	for _, row := range table {
		out = append(out, probe{row.operation + " with a disabled key", "kms", row.disabled, says[row.disabled], func(l *lab) error {
			key, blob := l.stateKey()
			l.must(l.kms().DisableKey(l.ctx, &kms.DisableKeyInput{KeyId: &key}))
			return l.use(row.operation, key, blob)
		}}, probe{row.operation + " with a key pending deletion", "kms", row.pending, says[row.pending], func(l *lab) error {
			key, blob := l.stateKey()
			l.must(l.kms().ScheduleKeyDeletion(l.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &key}))
			return l.use(row.operation, key, blob)
		}})
	}
	return out
}

// stateKey makes a key with an alias and something that it has encrypted. It
// is named by its id: some emulators do not take ARNs everywhere.
func (l *lab) stateKey() (key string, blob []byte) {
	_, key, _ = strings.Cut(l.newKey(), ":key/")
	l.must(l.kms().CreateAlias(l.ctx, &kms.CreateAliasInput{AliasName: ptr("alias/state"), TargetKeyId: &key}))
	return key, l.sealed(key, nil)
}

func (l *lab) describe(key string) *types.KeyMetadata {
	l.t.Helper()
	out, err := l.kms().DescribeKey(l.ctx, &kms.DescribeKeyInput{KeyId: &key})
	if err != nil {
		l.t.Fatal(err)
	}
	return out.KeyMetadata
}

func manageProbes() []probe {
	schedule := func(days int32) func(*lab) error {
		return func(l *lab) error {
			return only(l.kms().ScheduleKeyDeletion(l.ctx, &kms.ScheduleKeyDeletionInput{KeyId: ptr(devKey), PendingWindowInDays: &days}))
		}
	}
	tags := func(list ...types.Tag) func(*lab) error {
		return func(l *lab) error {
			return only(l.kms().TagResource(l.ctx, &kms.TagResourceInput{KeyId: ptr(devKey), Tags: list}))
		}
	}
	return []probe{
		{"a new key is enabled and symmetric", "model", "", "", func(l *lab) error {
			m := l.describe(l.newKey(func(in *kms.CreateKeyInput) { in.Description = ptr("mine") }))
			return firstOf(same("state", m.KeyState, types.KeyStateEnabled), same("enabled", m.Enabled, true), same("spec", m.KeySpec, types.KeySpecSymmetricDefault),
				same("usage", m.KeyUsage, types.KeyUsageTypeEncryptDecrypt), same("origin", m.Origin, types.OriginTypeAwsKms), same("manager", m.KeyManager, types.KeyManagerTypeCustomer),
				same("account", *m.AWSAccountId, first), same("description", *m.Description, "mine"))
		}},
		{"DescribeKey answers CurrentKeyMaterialId", "model", "", "", func(l *lab) error {
			id := *l.describe(devKey).CurrentKeyMaterialId
			return firstOf(same("length", len(id), 64), same("others than hex digits", strings.Trim(id, "0123456789abcdef"), ""))
		}},
		{"a key of imported material waits for it", "kms", "KMSInvalidStateException", "is pending import.", func(l *lab) error {
			return only(l.encrypt(l.newKey(func(in *kms.CreateKeyInput) { in.Origin = types.OriginTypeExternal }), "x", nil))
		}},
		{"a key whose policy is no JSON", "kms", "MalformedPolicyDocumentException", "", func(l *lab) error {
			return only(l.kms().CreateKey(l.ctx, &kms.CreateKeyInput{Policy: ptr("{")}))
		}},
		{"a key with a reserved tag", "kms", "TagException", "", func(l *lab) error {
			return only(l.kms().CreateKey(l.ctx, &kms.CreateKeyInput{Tags: []types.Tag{{TagKey: ptr("aws:x"), TagValue: ptr("")}}}))
		}},
		{"deletion after 6 days", "kms", "ValidationException", "", schedule(6)},
		{"deletion after 7 days", "kms", "", "", schedule(7)},
		{"deletion after 30 days", "kms", "", "", schedule(30)},
		{"deletion after 31 days", "kms", "ValidationException", "", schedule(31)},
		{"deletion answers ARN, state, date and window", "model", "", "", func(l *lab) error {
			out, err := l.kms().ScheduleKeyDeletion(l.ctx, &kms.ScheduleKeyDeletionInput{KeyId: ptr(devKey)})
			if err != nil {
				return err
			}
			return firstOf(same("KeyId", *out.KeyId, devKey), same("state", out.KeyState, types.KeyStatePendingDeletion), same("window", *out.PendingWindowInDays, 30),
				same("date", time.Until(*out.DeletionDate).Round(day), 30*day))
		}},
		{"a cancelled deletion leaves the key disabled", "kms", "", "", func(l *lab) error {
			if _, err := l.kms().CancelKeyDeletion(l.ctx, &kms.CancelKeyDeletionInput{KeyId: ptr(deletedKey)}); err != nil {
				return err
			}
			return same("state", l.describe(deletedKey).KeyState, types.KeyStateDisabled)
		}},
		{"a key is gone after its window", "kms", "NotFoundException", "", func(l *lab) error {
			return only(l.later(31*day).kms().DescribeKey(l.ctx, &kms.DescribeKeyInput{KeyId: ptr(deletedKey)}))
		}},
		{"a disabled key is enabled again", "model", "", "", func(l *lab) error {
			l.must(l.kms().EnableKey(l.ctx, &kms.EnableKeyInput{KeyId: ptr(offKey)}))
			return l.decrypt(l.sealed(offKey, nil), nil)
		}},
		{"keys are managed by id, not by alias", "kms", "NotFoundException", "Invalid keyId", func(l *lab) error {
			return only(l.kms().DisableKey(l.ctx, &kms.DisableKeyInput{KeyId: ptr("alias/sops-dev")}))
		}},
		{"all keys are listed, page by page", "model", "", "", func(l *lab) error {
			var n int
			p := kms.NewListKeysPaginator(l.kms(), &kms.ListKeysInput{Limit: ptr(int32(2))})
			for p.HasMorePages() {
				page, err := p.NextPage(l.ctx)
				if err != nil {
					return err
				}
				n += len(page.Keys)
			}
			return same("keys", n, 5)
		}},
		{"a marker that is none", "model", "InvalidMarkerException", "", func(l *lab) error {
			return only(l.kms().ListKeys(l.ctx, &kms.ListKeysInput{Marker: ptr("x")}))
		}},
		{"a page of 1001", "model", "ValidationException", "", func(l *lab) error {
			return only(l.kms().ListKeys(l.ctx, &kms.ListKeysInput{Limit: ptr(int32(1001))}))
		}},
		{"tags come back", "model", "", "", func(l *lab) error {
			if err := tags(types.Tag{TagKey: ptr("team"), TagValue: ptr("x")})(l); err != nil {
				return err
			}
			out, err := l.kms().ListResourceTags(l.ctx, &kms.ListResourceTagsInput{KeyId: ptr(devKey)})
			if err != nil {
				return err
			}
			return firstOf(same("tags", len(out.Tags), 1), same("value", *out.Tags[0].TagValue, "x"))
		}},
		{"untagged tags do not", "model", "", "", func(l *lab) error {
			if err := tags(types.Tag{TagKey: ptr("team"), TagValue: ptr("x")})(l); err != nil {
				return err
			}
			l.must(l.kms().UntagResource(l.ctx, &kms.UntagResourceInput{KeyId: ptr(devKey), TagKeys: []string{"team"}}))
			out, err := l.kms().ListResourceTags(l.ctx, &kms.ListResourceTagsInput{KeyId: ptr(devKey)})
			if err != nil {
				return err
			}
			return same("tags", len(out.Tags), 0)
		}},
		{"an operation that does not exist", "memory", "UnknownOperationException", "", func(l *lab) error {
			return only(l.kms().Sign(l.ctx, &kms.SignInput{KeyId: ptr(devKey), Message: []byte("x"), SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256}))
		}},
	}
}

func aliasProbes() []probe {
	create := func(name, key string) func(*lab) error {
		return func(l *lab) error {
			return only(l.kms().CreateAlias(l.ctx, &kms.CreateAliasInput{AliasName: &name, TargetKeyId: &key}))
		}
	}
	return []probe{
		{"a new alias names its key", "model", "", "", func(l *lab) error {
			if err := create("alias/a/b-c_d", appKey)(l); err != nil {
				return err
			}
			return l.decryptWith(appKey, l.sealed("alias/a/b-c_d", nil), nil)
		}},
		{"a taken alias", "model", "AlreadyExistsException", "An alias with the name arn:aws:kms:us-east-1:111111111111:alias/sops-dev already exists", create("alias/sops-dev", appKey)},
		{"an alias of AWS's own", "memory", "NotAuthorizedException", "", create("alias/aws/mine", devKey)},
		{"an alias without its prefix", "kms", "ValidationException", "", create("mine", devKey)},
		{"an alias with a blank", "model", "ValidationException", "regular expression", create("alias/a b", devKey)},
		{"an alias with a second colon", "kms", "InvalidAliasNameException", "", create("alias/a:b", devKey)},
		{"an alias of 257 letters", "model", "ValidationException", "256", create("alias/"+strings.Repeat("x", 251), devKey)},
		{"an alias of a key that does not exist", "model", "NotFoundException", "", create("alias/x", "99999999-1111-4111-8111-000000000001")},
		{"an alias of an alias", "kms", "NotFoundException", "", create("alias/x", "alias/sops-dev")},
		{"51 aliases of one key", "kms", "LimitExceededException", "", func(l *lab) error {
			for i := range 49 {
				l.must(nil, create(fmt.Sprintf("alias/n%d", i), devKey)(l))
			}
			return create("alias/one-too-many", devKey)(l)
		}},
		{"a moved alias", "model", "", "", func(l *lab) error {
			l.must(l.kms().UpdateAlias(l.ctx, &kms.UpdateAliasInput{AliasName: ptr("alias/sops-dev"), TargetKeyId: ptr(appKey)}))
			return l.decryptWith(appKey, l.sealed("alias/sops-dev", nil), nil)
		}},
		{"an old blob by a moved alias", "kms", "IncorrectKeyException", "", func(l *lab) error {
			b := l.sealed("alias/sops-dev", nil)
			l.must(l.kms().UpdateAlias(l.ctx, &kms.UpdateAliasInput{AliasName: ptr("alias/sops-dev"), TargetKeyId: ptr(appKey)}))
			return l.decryptWith("alias/sops-dev", b, nil)
		}},
		{"moving an alias that does not exist", "model", "NotFoundException", "", func(l *lab) error {
			return only(l.kms().UpdateAlias(l.ctx, &kms.UpdateAliasInput{AliasName: ptr("alias/absent"), TargetKeyId: ptr(appKey)}))
		}},
		{"a deleted alias", "model", "NotFoundException", "", func(l *lab) error {
			l.must(l.kms().DeleteAlias(l.ctx, &kms.DeleteAliasInput{AliasName: ptr("alias/sops-dev")}))
			return only(l.encrypt("alias/sops-dev", "x", nil))
		}},
		{"deleting an alias that does not exist", "model", "NotFoundException", "", func(l *lab) error {
			return only(l.kms().DeleteAlias(l.ctx, &kms.DeleteAliasInput{AliasName: ptr("alias/absent")}))
		}},
		{"aliases are listed with their keys", "model", "", "", func(l *lab) error {
			out, err := l.kms().ListAliases(l.ctx, &kms.ListAliasesInput{})
			if err != nil {
				return err
			}
			return firstOf(same("aliases", len(out.Aliases), 5), same("name", *out.Aliases[0].AliasName, "alias/example-app"),
				same("ARN", *out.Aliases[0].AliasArn, "arn:aws:kms:us-east-1:111111111111:alias/example-app"), same("more", out.Truncated, false))
		}},
		{"aliases of one key", "model", "", "", func(l *lab) error {
			out, err := l.kms().ListAliases(l.ctx, &kms.ListAliasesInput{KeyId: ptr(devKey)})
			if err != nil {
				return err
			}
			return same("aliases", len(out.Aliases), 1)
		}},
	}
}
