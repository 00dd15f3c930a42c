package devkms

import (
	"slices"
	"time"
)

type keyInput struct{ KeyId *string }

func (c *call) enableKey(in *keyInput) (any, *apiError) {
	return nil, c.switchKey(in, "kms:EnableKey", enabled)
}

func (c *call) disableKey(in *keyInput) (any, *apiError) {
	return nil, c.switchKey(in, "kms:DisableKey", disabled)
}

func (c *call) switchKey(in *keyInput, action, state string) *apiError {
	var v validator
	v.text("keyId", in.KeyId, true, 1, 2048)
	t, problem := c.manage(&v, in.KeyId, action)
	if problem != nil {
		return problem
	}
	if t.state != enabled && t.state != disabled {
		return t.stateError()
	}
	t.state = state
	return nil
}

type deletionInput struct {
	KeyId               *string
	PendingWindowInDays *int
}

// scheduleKeyDeletion starts the waiting time. A primary whose replicas still
// live waits for them first.
func (c *call) scheduleKeyDeletion(in *deletionInput) (any, *apiError) {
	var v validator
	v.text("keyId", in.KeyId, true, 1, 2048)
	v.number("pendingWindowInDays", in.PendingWindowInDays, 1, 365)
	days := 30
	if in.PendingWindowInDays != nil {
		days = *in.PendingWindowInDays
	}
	if problem := v.kms(); problem != nil {
		return nil, problem
	}
	t, problem := c.findKey(*in.KeyId, "kms:ScheduleKeyDeletion")
	if problem != nil {
		return nil, problem
	}
	if problem := c.allow("kms:ScheduleKeyDeletion", t, nil, fact("kms:ScheduleKeyDeletionPendingWindowInDays", decimal(days))); problem != nil {
		return nil, problem
	}
	if days < 7 || days > 30 {
		return nil, refuse("ValidationException", "PendingWindowInDays must be between 7 and 30")
	}
	if problem := t.not(pendingDeletion, pendingReplica, "Creating", "Updating"); problem != nil {
		return nil, problem
	}
	t.window = days
	out := map[string]any{"KeyId": t.arn, "PendingWindowInDays": days}
	if t.multi() && t.region == t.primary && len(c.server.store.related(t.kmsKey)) > 1 {
		t.state = pendingReplica
	} else {
		t.state, t.deletion = pendingDeletion, c.now.AddDate(0, 0, days)
		out["DeletionDate"] = epoch(t.deletion)
	}
	out["KeyState"] = t.state
	return out, nil
}

func (c *call) cancelKeyDeletion(in *keyInput) (any, *apiError) {
	var v validator
	v.text("keyId", in.KeyId, true, 1, 2048)
	t, problem := c.manage(&v, in.KeyId, "kms:CancelKeyDeletion")
	if problem != nil {
		return nil, problem
	}
	if !slices.Contains([]string{pendingDeletion, pendingReplica}, t.state) {
		return nil, refuse("KMSInvalidStateException", "%s is not pending deletion.", t.arn)
	}
	t.state, t.deletion = disabled, time.Time{}
	return map[string]any{"KeyId": t.arn}, nil
}
