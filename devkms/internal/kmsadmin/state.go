package kmsadmin

import (
	"slices"
	"strconv"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/keystore"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/kms"
)

type keyInput struct{ KeyId *string }

func enableKey(c *kms.Call, in *keyInput) (any, *apierror.Error) {
	return nil, switchKey(c, in, "kms:EnableKey", keystore.Enabled)
}

func disableKey(c *kms.Call, in *keyInput) (any, *apierror.Error) {
	return nil, switchKey(c, in, "kms:DisableKey", keystore.Disabled)
}

func switchKey(c *kms.Call, in *keyInput, action, state string) *apierror.Error {
	var v apierror.Validator
	v.Text("keyId", in.KeyId, true, 1, 2048)
	t, problem := manage(c, &v, in.KeyId, action)
	if problem != nil {
		return problem
	}
	if t.State != keystore.Enabled && t.State != keystore.Disabled {
		return t.StateError()
	}
	t.State = state
	return nil
}

type deletionInput struct {
	KeyId               *string
	PendingWindowInDays *int
}

// scheduleKeyDeletion starts the waiting time. A primary whose replicas still
// live waits for them first.
func scheduleKeyDeletion(c *kms.Call, in *deletionInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Text("keyId", in.KeyId, true, 1, 2048)
	v.Number("pendingWindowInDays", in.PendingWindowInDays, 1, 365)
	days := 30
	if in.PendingWindowInDays != nil {
		days = *in.PendingWindowInDays
	}
	if problem := v.KMS(); problem != nil {
		return nil, problem
	}
	t, problem := c.FindKey(*in.KeyId, "kms:ScheduleKeyDeletion")
	if problem != nil {
		return nil, problem
	}
	if problem := c.Allow("kms:ScheduleKeyDeletion", t, nil, iam.Fact("kms:ScheduleKeyDeletionPendingWindowInDays", strconv.Itoa(days))); problem != nil {
		return nil, problem
	}
	if days < 7 || days > 30 {
		return nil, apierror.Refuse("ValidationException", "PendingWindowInDays must be between 7 and 30")
	}
	if problem := t.Not(keystore.PendingDeletion, keystore.PendingReplica, keystore.Creating, keystore.Updating); problem != nil {
		return nil, problem
	}
	t.Window = days
	out := map[string]any{"KeyId": t.ARN, "PendingWindowInDays": days}
	if t.Multi() && t.Region == t.Primary && len(c.Store.Related(t.Key)) > 1 {
		t.State = keystore.PendingReplica
	} else {
		t.State, t.Deletion = keystore.PendingDeletion, c.Now.AddDate(0, 0, days)
		out["DeletionDate"] = kms.Epoch(t.Deletion)
	}
	out["KeyState"] = t.State
	return out, nil
}

func cancelKeyDeletion(c *kms.Call, in *keyInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Text("keyId", in.KeyId, true, 1, 2048)
	t, problem := manage(c, &v, in.KeyId, "kms:CancelKeyDeletion")
	if problem != nil {
		return nil, problem
	}
	if !slices.Contains([]string{keystore.PendingDeletion, keystore.PendingReplica}, t.State) {
		return nil, apierror.Refuse("KMSInvalidStateException", "%s is not pending deletion.", t.ARN)
	}
	t.State, t.Deletion = keystore.Disabled, time.Time{}
	return map[string]any{"KeyId": t.ARN}, nil
}
