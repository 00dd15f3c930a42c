package devkms

import (
	"slices"
	"strings"
	"time"
)

// States of a key; keyStates lists all.
const (
	enabled         = "Enabled"
	disabled        = "Disabled"
	pendingDeletion = "PendingDeletion"
	pendingReplica  = "PendingReplicaDeletion"
)

// A kmsKey is one key in one region.
type kmsKey struct {
	account, region, id string
	arn                 string
	description         string
	state               string
	policy              *Policy
	origin              string
	created             time.Time
	deletion            time.Time // when it goes, while pending deletion
	window              int       // days of waiting, while pending deletion
	tags                map[string]string
	primary             string // region of the primary, for multi-Region keys
	rotationDays        int    // of automatic rotation; 0 is off
	rotationNext        time.Time
	ring                *ring
}

func (k *kmsKey) multi() bool { return strings.HasPrefix(k.id, "mrk-") }

func (k *kmsKey) multiType() string {
	if k.region == k.primary {
		return "PRIMARY"
	}
	return "REPLICA"
}

// usable reports why the key cannot encrypt and decrypt, if so.
func (k *kmsKey) usable() *apiError {
	switch k.state {
	case enabled, "Updating":
		return nil
	case disabled:
		return refuse("DisabledException", "%s is disabled.", k.arn)
	}
	return k.stateError()
}

// stateError words that the key's state does not allow the operation.
func (k *kmsKey) stateError() *apiError {
	words := map[string]string{
		pendingDeletion: "pending deletion", pendingReplica: "pending replica deletion", "PendingImport": "pending import",
		"Unavailable": "unavailable", "Creating": "creating", "Updating": "updating", enabled: "enabled", disabled: "disabled",
	}
	return refuse("KMSInvalidStateException", "%s is %s.", k.arn, words[k.state])
}

// not reports an error if the key is in one of the states.
func (k *kmsKey) not(states ...string) *apiError {
	if slices.Contains(states, k.state) {
		return k.stateError()
	}
	return nil
}

// metadata is the KeyMetadata of DescribeKey, CreateKey and ReplicateKey.
func (k *kmsKey) metadata(st *store) map[string]any {
	m := map[string]any{
		"AWSAccountId": k.account, "KeyId": k.id, "Arn": k.arn, "CreationDate": epoch(k.created), "Enabled": k.state == enabled,
		"Description": k.description, "KeyUsage": "ENCRYPT_DECRYPT", "KeyState": k.state, "Origin": k.origin, "KeyManager": "CUSTOMER",
		"CustomerMasterKeySpec": algorithm, "KeySpec": algorithm, "EncryptionAlgorithms": []string{algorithm}, "MultiRegion": k.multi(),
	}
	if k.state != "PendingImport" {
		m["CurrentKeyMaterialId"] = k.ring.current().id
	}
	switch k.state {
	case pendingDeletion:
		m["DeletionDate"] = epoch(k.deletion)
	case pendingReplica:
		m["PendingDeletionWindowInDays"] = k.window
	}
	if k.multi() {
		m["MultiRegionConfiguration"] = k.multiConfiguration(st)
	}
	return m
}

func (k *kmsKey) multiConfiguration(st *store) map[string]any {
	replicas := []map[string]string{}
	primary := map[string]string{"Arn": keyARN(k.primary, k.account, k.id), "Region": k.primary}
	for _, r := range st.related(k) {
		if r.region != k.primary {
			replicas = append(replicas, map[string]string{"Arn": r.arn, "Region": r.region})
		}
	}
	return map[string]any{"MultiRegionKeyType": k.multiType(), "PrimaryKey": primary, "ReplicaKeys": replicas}
}

// epoch is how KMS's JSON spells a time.
func epoch(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// describeInput is of DescribeKey, which works in every state.
type describeInput struct {
	KeyId       *string
	GrantTokens []string
}

func (c *call) describeKey(in *describeInput) (any, *apiError) {
	var v validator
	v.text("keyId", in.KeyId, true, 1, 2048)
	if problem := c.begin(&v, nil, in.GrantTokens); problem != nil {
		return nil, problem
	}
	t, problem := c.find(*in.KeyId, "kms:DescribeKey")
	if problem != nil {
		return nil, problem
	}
	if problem := c.allow("kms:DescribeKey", t, nil, nil); problem != nil {
		return nil, problem
	}
	return map[string]any{"KeyMetadata": t.metadata(c.server.store)}, nil
}
