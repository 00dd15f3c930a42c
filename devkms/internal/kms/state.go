package kms

import (
	"slices"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/keystore"
)

// Usable reports why the key cannot encrypt and decrypt, if so.
func (t Target) Usable() *apierror.Error {
	switch t.State {
	case keystore.Enabled, keystore.Updating:
		return nil
	case keystore.Disabled:
		return apierror.Refuse("DisabledException", "%s is disabled.", t.ARN)
	}
	return t.StateError()
}

// StateError words that the key's state does not allow the operation.
func (t Target) StateError() *apierror.Error {
	words := map[string]string{
		keystore.PendingDeletion: "pending deletion", keystore.PendingReplica: "pending replica deletion", keystore.PendingImport: "pending import",
		keystore.Unavailable: "unavailable", keystore.Creating: "creating", keystore.Updating: "updating", keystore.Enabled: "enabled", keystore.Disabled: "disabled",
	}
	return apierror.Refuse("KMSInvalidStateException", "%s is %s.", t.ARN, words[t.State])
}

// Not reports an error if the key is in one of the states.
func (t Target) Not(states ...string) *apierror.Error {
	if slices.Contains(states, t.State) {
		return t.StateError()
	}
	return nil
}
