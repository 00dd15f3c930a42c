package kms

import (
	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/keystore"
)

// Metadata is the KeyMetadata of DescribeKey, CreateKey and ReplicateKey.
func Metadata(k *keystore.Key, st *keystore.Store) map[string]any {
	m := map[string]any{
		"AWSAccountId": k.Account, "KeyId": k.ID, "Arn": k.ARN, "CreationDate": Epoch(k.Created), "Enabled": k.State == keystore.Enabled,
		"Description": k.Description, "KeyUsage": "ENCRYPT_DECRYPT", "KeyState": k.State, "Origin": k.Origin, "KeyManager": "CUSTOMER",
		"CustomerMasterKeySpec": Algorithm, "KeySpec": Algorithm, "EncryptionAlgorithms": []string{Algorithm}, "MultiRegion": k.Multi(),
	}
	if k.State != keystore.PendingImport {
		m["CurrentKeyMaterialId"] = k.Ring.Current().ID
	}
	switch k.State {
	case keystore.PendingDeletion:
		m["DeletionDate"] = Epoch(k.Deletion)
	case keystore.PendingReplica:
		m["PendingDeletionWindowInDays"] = k.Window
	}
	if k.Origin == "EXTERNAL" && k.State != keystore.PendingImport {
		m["ExpirationModel"] = "KEY_MATERIAL_DOES_NOT_EXPIRE"
		if !k.Expires.IsZero() {
			m["ExpirationModel"], m["ValidTo"] = "KEY_MATERIAL_EXPIRES", Epoch(k.Expires)
		}
	}
	if k.Multi() {
		m["MultiRegionConfiguration"] = multiConfiguration(k, st)
	}
	return m
}

func multiConfiguration(k *keystore.Key, st *keystore.Store) map[string]any {
	replicas := []map[string]string{}
	primary := map[string]string{"Arn": awsname.KeyARN(k.Primary, k.Account, k.ID), "Region": k.Primary}
	for _, r := range st.Related(k) {
		if r.Region != k.Primary {
			replicas = append(replicas, map[string]string{"Arn": r.ARN, "Region": r.Region})
		}
	}
	return map[string]any{"MultiRegionKeyType": k.MultiType(), "PrimaryKey": primary, "ReplicaKeys": replicas}
}

// describeInput is of DescribeKey, which works in every state.
type describeInput struct {
	KeyId       *string
	GrantTokens []string
}

func (c *Call) describeKey(in *describeInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Text("keyId", in.KeyId, true, 1, 2048)
	if problem := c.begin(&v, nil, in.GrantTokens); problem != nil {
		return nil, problem
	}
	t, problem := c.Find(*in.KeyId, "kms:DescribeKey")
	if problem != nil {
		return nil, problem
	}
	if problem := c.Allow("kms:DescribeKey", t, nil, nil); problem != nil {
		return nil, problem
	}
	return map[string]any{"KeyMetadata": Metadata(t.Key, c.Store)}, nil
}
