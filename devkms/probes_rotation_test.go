package devkms_test

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

func rotationProbes() []probe {
	rotate := func(l *lab, key string) error {
		return only(l.kms().RotateKeyOnDemand(l.ctx, &kms.RotateKeyOnDemandInput{KeyId: &key}))
	}
	return []probe{
		{"an old blob opens after a rotation", "kms", "", "", func(l *lab) error {
			b := l.sealed(devKey, nil)
			l.must(nil, rotate(l, devKey))
			return l.decrypt(b, nil)
		}},
		{"a rotation changes the material, not the key", "kms", "", "", func(l *lab) error {
			before := l.describe(devKey)
			l.must(nil, rotate(l, devKey))
			after := l.describe(devKey)
			return firstOf(same("id", *after.KeyId, *before.KeyId), same("same material", *after.CurrentKeyMaterialId == *before.CurrentKeyMaterialId, false))
		}},
		{"25 rotations on demand", "kms", "", "", func(l *lab) error {
			for range 25 {
				if err := rotate(l, devKey); err != nil {
					return err
				}
			}
			return nil
		}},
		{"26 rotations on demand", "kms", "LimitExceededException", "", func(l *lab) error {
			for range 25 {
				l.must(nil, rotate(l, devKey))
			}
			return rotate(l, devKey)
		}},
		{"rotations are listed", "model", "", "", func(l *lab) error {
			l.must(nil, rotate(l, devKey))
			out, err := l.kms().ListKeyRotations(l.ctx, &kms.ListKeyRotationsInput{KeyId: ptr(devKey)})
			if err != nil {
				return err
			}
			all, err := l.kms().ListKeyRotations(l.ctx, &kms.ListKeyRotationsInput{KeyId: ptr(devKey), IncludeKeyMaterial: types.IncludeKeyMaterialAllKeyMaterial})
			if err != nil {
				return err
			}
			return firstOf(same("rotations", len(out.Rotations), 1), same("type", out.Rotations[0].RotationType, types.RotationTypeOnDemand), same("materials", len(all.Rotations), 2))
		}},
		{"rotation is off at first", "kms", "", "", func(l *lab) error {
			out, err := l.kms().GetKeyRotationStatus(l.ctx, &kms.GetKeyRotationStatusInput{KeyId: ptr(devKey)})
			if err != nil {
				return err
			}
			return same("enabled", out.KeyRotationEnabled, false)
		}},
		{"automatic rotation comes after a year", "kms", "", "", func(l *lab) error {
			before := *l.describe(devKey).CurrentKeyMaterialId
			b := l.sealed(devKey, nil)
			l.must(l.kms().EnableKeyRotation(l.ctx, &kms.EnableKeyRotationInput{KeyId: ptr(devKey)}))
			early := *l.later(364 * day).describe(devKey).CurrentKeyMaterialId
			late := *l.later(2 * day).describe(devKey).CurrentKeyMaterialId
			return firstOf(same("early", early, before), same("late is still the first", late == before, false), l.decrypt(b, nil))
		}},
		{"automatic rotation every 89 days", "model", "ValidationException", "", func(l *lab) error {
			return only(l.kms().EnableKeyRotation(l.ctx, &kms.EnableKeyRotationInput{KeyId: ptr(devKey), RotationPeriodInDays: ptr(int32(89))}))
		}},
		{"automatic rotation can be stopped", "model", "", "", func(l *lab) error {
			l.must(l.kms().EnableKeyRotation(l.ctx, &kms.EnableKeyRotationInput{KeyId: ptr(devKey)}))
			l.must(l.kms().DisableKeyRotation(l.ctx, &kms.DisableKeyRotationInput{KeyId: ptr(devKey)}))
			before := *l.describe(devKey).CurrentKeyMaterialId
			return same("material", *l.later(400 * day).describe(devKey).CurrentKeyMaterialId, before)
		}},
	}
}

func multiRegionProbes() []probe {
	replicate := func(key, region string) func(*lab) error {
		return func(l *lab) error {
			return only(l.kms().ReplicateKey(l.ctx, &kms.ReplicateKeyInput{KeyId: &key, ReplicaRegion: &region}))
		}
	}
	newMulti := func(l *lab) string { return l.newKey(func(in *kms.CreateKeyInput) { in.MultiRegion = ptr(true) }) }
	there := func(arn string) string { return strings.Replace(arn, "us-east-1", "eu-west-1", 1) }
	return []probe{
		{"a replica opens what the primary sealed", "kms", "", "", func(l *lab) error {
			return l.region("eu-west-1").decrypt(l.sealed(mrkKey, ec{"a": "b"}), ec{"a": "b"})
		}},
		{"the primary opens what a replica sealed", "kms", "", "", func(l *lab) error {
			return l.decrypt(l.region("eu-west-1").sealed(mrkKeyEU, nil), nil)
		}},
		{"a replica answers its own ARN", "kms", "", "", func(l *lab) error {
			return same("ARN", *l.region("eu-west-1").describe("alias/sops-mrk").Arn, mrkKeyEU)
		}},
		{"the configuration names primary and replicas", "model", "", "", func(l *lab) error {
			c := l.region("eu-west-1").describe(mrkKeyEU).MultiRegionConfiguration
			return firstOf(same("type", c.MultiRegionKeyType, types.MultiRegionKeyTypeReplica), same("primary", *c.PrimaryKey.Arn, mrkKey), same("replica", *c.ReplicaKeys[0].Arn, mrkKeyEU))
		}},
		{"a new multi-Region key is replicated", "kms", "", "", func(l *lab) error {
			k := newMulti(l)
			b := l.sealed(k, nil)
			if err := replicate(k, "eu-west-1")(l); err != nil {
				return err
			}
			return firstOf(same("mrk-", strings.Contains(k, ":key/mrk-"), true), l.region("eu-west-1").decrypt(b, nil))
		}},
		{"a key of one region is not replicated", "kms", "UnsupportedOperationException", "", replicate(devKey, "eu-west-1")},
		{"a second replica in a region", "model", "AlreadyExistsException", "", replicate(mrkKey, "eu-west-1")},
		{"a replica is not rotated", "kms", "UnsupportedOperationException", "", func(l *lab) error {
			return l.region("eu-west-1").use("RotateKeyOnDemand", mrkKeyEU, nil)
		}},
		{"a rotation of the primary reaches the replicas", "kms", "", "", func(l *lab) error {
			l.must(nil, l.use("RotateKeyOnDemand", mrkKey, nil))
			return same("material", *l.region("eu-west-1").describe(mrkKeyEU).CurrentKeyMaterialId, *l.describe(mrkKey).CurrentKeyMaterialId)
		}},
		{"a primary waits for its replicas", "kms", "", "", func(l *lab) error {
			k := newMulti(l)
			l.must(nil, replicate(k, "eu-west-1")(l))
			l.must(l.kms().ScheduleKeyDeletion(l.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &k, PendingWindowInDays: ptr(int32(7))}))
			waiting := l.describe(k)
			eu := there(k)
			l.must(l.region("eu-west-1").kms().ScheduleKeyDeletion(l.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &eu, PendingWindowInDays: ptr(int32(7))}))
			then := l.later(8 * day).describe(k)
			return firstOf(same("state", waiting.KeyState, types.KeyStatePendingReplicaDeletion), same("window", *waiting.PendingDeletionWindowInDays, 7), same("then", then.KeyState, types.KeyStatePendingDeletion))
		}},
		{"a replica becomes the primary", "kms", "", "", func(l *lab) error {
			l.must(l.kms().UpdatePrimaryRegion(l.ctx, &kms.UpdatePrimaryRegionInput{KeyId: ptr(mrkKey), PrimaryRegion: ptr("eu-west-1")}))
			return firstOf(same("primary", *l.describe(mrkKey).MultiRegionConfiguration.PrimaryKey.Region, "eu-west-1"), l.region("eu-west-1").use("RotateKeyOnDemand", mrkKeyEU, nil))
		}},
		{"replicas have their own policy and state", "kms", "", "", func(l *lab) error {
			l.must(l.region("eu-west-1").kms().DisableKey(l.ctx, &kms.DisableKeyInput{KeyId: ptr(mrkKeyEU)}))
			return l.decrypt(l.sealed(mrkKey, nil), nil)
		}},
	}
}
