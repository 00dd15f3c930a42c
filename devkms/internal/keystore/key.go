// Package keystore holds the keys of KMS as they are now, with their material
// and their aliases: what the world declares, and what calls have changed since.
// With a directory it survives a kill at any moment.
package keystore

import (
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
)

// The states of a key.
const (
	Creating        = "Creating"
	Enabled         = "Enabled"
	Disabled        = "Disabled"
	PendingDeletion = "PendingDeletion"
	PendingImport   = "PendingImport"
	PendingReplica  = "PendingReplicaDeletion"
	Unavailable     = "Unavailable"
	Updating        = "Updating"
)

// States lists them.
func States() []string {
	return []string{Creating, Enabled, Disabled, PendingDeletion, PendingImport, PendingReplica, Unavailable, Updating}
}

// A Key is one key in one region.
type Key struct {
	Account, Region, ID string
	ARN                 string
	Description         string
	State               string
	Policy              *iam.Policy
	Origin              string
	Created             time.Time
	Deletion            time.Time // when it goes, while pending deletion
	Window              int       // days of waiting, while pending deletion
	Tags                map[string]string
	Primary             string // region of the primary, for multi-Region keys
	RotationDays        int    // of automatic rotation; 0 is off
	RotationNext        time.Time
	Expires             time.Time // of imported material, zero if it does not
	Grants              []*iam.Grant
	Ring                *Ring

	settled time.Time // when the policy is known everywhere
	former  *iam.Policy
}

// SetPolicy changes the policy. Until it is settled, calls meet the former one.
func (k *Key) SetPolicy(p *iam.Policy, settled time.Time) {
	k.former, k.settled, k.Policy = k.Policy, settled, p
}

// PolicyAt is the policy that a call meets.
func (k *Key) PolicyAt(now time.Time) *iam.Policy {
	if now.Before(k.settled) {
		return k.former
	}
	return k.Policy
}

// Multi reports whether the key is a multi-Region key.
func (k *Key) Multi() bool { return strings.HasPrefix(k.ID, "mrk-") }

// MultiType says which of a multi-Region key's replicas this is.
func (k *Key) MultiType() string {
	if k.Region == k.Primary {
		return "PRIMARY"
	}
	return "REPLICA"
}

// A Declared key is one that the world declares, in all its regions, of which
// the first is that of the primary.
type Declared struct {
	Account, ID string
	Regions     []string
	Aliases     []string
	Policy      *iam.Policy // nil means KMS's default policy
	State       string      // "" means Enabled
	Description string
	Tags        map[string]string
	Grants      []*iam.Grant
	Expires     time.Time // of imported material, zero if it does not
}
