// Package kmsadmin has the operations of AWS KMS that manage keys: their life,
// rotation, policies, grants, tags and aliases, and the lists of them.
package kmsadmin

import "github.com/seed-1f7fdfb8/sops/devkms/internal/kms"

// Operations are the operations of this package by name.
func Operations() map[string]kms.Operation {
	return map[string]kms.Operation{
		"ListKeys":             kms.Reads(listKeys),
		"ListAliases":          kms.Reads(listAliases),
		"ListKeyPolicies":      kms.Reads(listKeyPolicies),
		"ListResourceTags":     kms.Reads(listResourceTags),
		"ListKeyRotations":     kms.Reads(listKeyRotations),
		"GetKeyPolicy":         kms.Reads(getKeyPolicy),
		"GetKeyRotationStatus": kms.Reads(getKeyRotationStatus),
		"CreateKey":            kms.Changes(createKey),
		"ReplicateKey":         kms.Changes(replicateKey),
		"UpdatePrimaryRegion":  kms.Changes(updatePrimaryRegion),
		"UpdateKeyDescription": kms.Changes(updateKeyDescription),
		"CreateAlias":          kms.Changes(createAlias),
		"UpdateAlias":          kms.Changes(updateAlias),
		"DeleteAlias":          kms.Changes(deleteAlias),
		"PutKeyPolicy":         kms.Changes(putKeyPolicy),
		"EnableKey":            kms.Changes(enableKey),
		"DisableKey":           kms.Changes(disableKey),
		"ScheduleKeyDeletion":  kms.Changes(scheduleKeyDeletion),
		"CancelKeyDeletion":    kms.Changes(cancelKeyDeletion),
		"RotateKeyOnDemand":    kms.Changes(rotateKeyOnDemand),
		"EnableKeyRotation":    kms.Changes(enableKeyRotation),
		"DisableKeyRotation":   kms.Changes(disableKeyRotation),
		"TagResource":          kms.Changes(tagResource),
		"UntagResource":        kms.Changes(untagResource),
		"CreateGrant":          kms.Changes(createGrant),
		"RevokeGrant":          kms.Changes(revokeGrant),
		"RetireGrant":          kms.Changes(retireGrant),
		"ListGrants":           kms.Reads(listGrants),
		"ListRetirableGrants":  kms.Reads(listRetirableGrants),
	}
}
