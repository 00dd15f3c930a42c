// Package keylife says what is to come for a key of AWS KMS: that it cannot be
// used, or will not be for long, and what mends that.
package keylife

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// A Finding is one thing about a key. One that is not OK keeps the key from being
// used, or will.
type Finding struct {
	OK     bool
	Detail string
	Hint   string
}

// soon is how long before it happens something is worth a warning.
const soon = 30 * 24 * time.Hour

// A Key is what KMS says of a key.
type Key struct {
	*types.KeyMetadata
	Now      time.Time
	Siblings []string // regions in which its replicas are looked for
	// Command writes a command of the AWS CLI about the key.
	Command func(name string) string
}

// State says whether the key can be used, and what would make it so.
func (k Key) State() Finding {
	f := Finding{OK: k.KeyState == types.KeyStateEnabled || k.KeyState == types.KeyStateUpdating}
	f.Detail = fmt.Sprintf("%s is %s", aws.ToString(k.Arn), k.KeyState)
	switch k.KeyState {
	case types.KeyStateDisabled:
		f.Hint = "enable the key: " + k.Command("enable-key")
	case types.KeyStatePendingDeletion:
		if at := k.DeletionDate; at != nil {
			f.Detail += fmt.Sprintf(", and is deleted on %s, in %s", day(*at), days(at.Sub(k.Now)))
		}
		f.Hint = "keep the key: " + k.Command("cancel-key-deletion") + ", then enable-key"
	case types.KeyStatePendingReplicaDeletion:
		f.Detail += fmt.Sprintf(", and is deleted %d days after its last replica", aws.ToInt32(k.PendingDeletionWindowInDays))
		f.Hint = "keep the key: " + k.Command("cancel-key-deletion") + ", then enable-key"
	case types.KeyStatePendingImport:
		f.Detail += ": its key material has expired, was deleted, or was never imported"
		f.Hint = "import the same key material again: " + k.Command("get-parameters-for-import") + ", then import-key-material; what was encrypted opens again"
	case types.KeyStateUnavailable:
		f.Detail += ": its key store is not connected"
		f.Hint = "connect the key store: aws kms connect-custom-key-store --custom-key-store-id " + aws.ToString(k.CustomKeyStoreId)
	case types.KeyStateCreating:
		f.Hint = "wait a moment: " + k.Command("describe-key")
	}
	return f
}

// More says what else is to be known, if anything.
func (k Key) More() []Finding {
	var all []Finding
	if k.KeyUsage != types.KeyUsageTypeEncryptDecrypt || k.KeySpec != types.KeySpecSymmetricDefault {
		all = append(all, Finding{
			Detail: fmt.Sprintf("the key is for %s with %s, and data keys need ENCRYPT_DECRYPT with SYMMETRIC_DEFAULT", k.KeyUsage, k.KeySpec),
			Hint:   "name another key in arn: aws kms create-key makes one of the right kind",
		})
	}
	if at := k.ValidTo; at != nil && k.ExpirationModel == types.ExpirationModelTypeKeyMaterialExpires {
		f := Finding{OK: at.Sub(k.Now) > soon, Detail: fmt.Sprintf("the key material expires on %s, in %s", day(*at), days(at.Sub(k.Now)))}
		if !f.OK {
			f.Hint = "import the same key material again, with a later date or none: " + k.Command("get-parameters-for-import") + ", then import-key-material"
		}
		all = append(all, f)
	}
	return append(all, k.replicas()...)
}

// replicas compares the regions that have the key with those that are looked at.
func (k Key) replicas() []Finding {
	c := k.MultiRegionConfiguration
	if c == nil {
		return nil
	}
	var have []string
	if c.PrimaryKey != nil {
		have = append(have, aws.ToString(c.PrimaryKey.Region))
	}
	for _, r := range c.ReplicaKeys {
		have = append(have, aws.ToString(r.Region))
	}
	slices.Sort(have)
	own := strings.Split(aws.ToString(k.Arn)+":::", ":")[3]
	var unused, absent []string
	for _, r := range have {
		if r != own && !slices.Contains(k.Siblings, r) {
			unused = append(unused, r)
		}
	}
	for _, r := range k.Siblings {
		if !slices.Contains(have, r) {
			absent = append(absent, r)
		}
	}
	all := []Finding{{OK: true, Detail: "multi-Region key in " + strings.Join(have, ", ")}}
	if len(unused) > 0 {
		all[0].Hint = "use it there when its own region fails: SOPS_AWS_MRK_REGIONS=" + strings.Join(append(slices.Clone(present(k.Siblings, have)), unused...), ",") + "; or mrk_regions of sops/aws.yaml"
	}
	if len(absent) > 0 {
		all = append(all, Finding{
			Detail: "SOPS_AWS_MRK_REGIONS, or mrk_regions of sops/aws.yaml, names " + strings.Join(absent, ", ") + ", where the key has no replica",
			Hint:   "make one: " + k.Command("replicate-key --replica-region "+absent[0]) + "; or leave the region out",
		})
	}
	return all
}

func present(list, have []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(r string) bool { return !slices.Contains(have, r) })
}

// Rotation says when the key gets new material.
func Rotation(out *kms.GetKeyRotationStatusOutput) Finding {
	f := Finding{OK: true, Detail: "automatic rotation is off; old key material opens what it wrapped in any case"}
	if out.KeyRotationEnabled {
		f.Detail = fmt.Sprintf("rotates every %d days; no file has to change", aws.ToInt32(out.RotationPeriodInDays))
		if out.NextRotationDate != nil {
			f.Detail = fmt.Sprintf("rotates every %d days, next on %s; no file has to change", aws.ToInt32(out.RotationPeriodInDays), day(*out.NextRotationDate))
		}
	}
	return f
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func days(d time.Duration) string {
	n := int(d / (24 * time.Hour))
	switch {
	case d <= 0:
		return "no time at all"
	case n == 0:
		return "less than a day"
	case n == 1:
		return "one day"
	}
	return fmt.Sprintf("%d days", n)
}
