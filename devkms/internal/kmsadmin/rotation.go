package kmsadmin

import (
	"strconv"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/keystore"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/kms"
)

// maxOnDemand is how often a key may be rotated on demand in its life.
const maxOnDemand = 25

// rotatable checks that the key is one whose material KMS makes and the
// caller's region owns.
func rotatable(t kms.Target) *apierror.Error {
	if problem := t.Usable(); problem != nil {
		return problem
	}
	if t.Origin != "AWS_KMS" || t.Multi() && t.Region != t.Primary {
		return apierror.Refuse("UnsupportedOperationException", "%s does not support rotation: its material is imported, or it is a replica.", t.ARN)
	}
	return nil
}

func rotateKeyOnDemand(c *kms.Call, in *keyInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Text("keyId", in.KeyId, true, 1, 2048)
	t, problem := manage(c, &v, in.KeyId, "kms:RotateKeyOnDemand")
	if problem != nil {
		return nil, problem
	}
	if problem := rotatable(t); problem != nil {
		return nil, problem
	}
	if count(t.Ring, "ON_DEMAND") >= maxOnDemand {
		return nil, apierror.Refuse("LimitExceededException", "%s has been rotated on demand %d times already.", t.ARN, maxOnDemand)
	}
	g, err := keystore.NewGeneration(c.Random, c.Now, "ON_DEMAND")
	if err != nil {
		return nil, kms.Internal(err)
	}
	t.Ring.Generations = append(t.Ring.Generations, g)
	return map[string]any{"KeyId": t.ID}, nil
}

func count(r *keystore.Ring, kind string) int {
	n := 0
	for _, g := range r.Generations {
		if g.Kind == kind {
			n++
		}
	}
	return n
}

type rotationInput struct {
	KeyId                *string
	RotationPeriodInDays *int
}

func enableKeyRotation(c *kms.Call, in *rotationInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Text("keyId", in.KeyId, true, 1, 2048)
	v.Number("rotationPeriodInDays", in.RotationPeriodInDays, 90, 2560)
	days := 365
	if in.RotationPeriodInDays != nil {
		days = *in.RotationPeriodInDays
	}
	if problem := v.KMS(); problem != nil {
		return nil, problem
	}
	t, problem := c.FindKey(*in.KeyId, "kms:EnableKeyRotation")
	if problem != nil {
		return nil, problem
	}
	if problem := c.Allow("kms:EnableKeyRotation", t, nil, iam.Fact("kms:RotationPeriodInDays", strconv.Itoa(days))); problem != nil {
		return nil, problem
	}
	if problem := rotatable(t); problem != nil {
		return nil, problem
	}
	t.RotationDays, t.RotationNext = days, c.Now.AddDate(0, 0, days)
	return nil, nil
}

func disableKeyRotation(c *kms.Call, in *keyInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Text("keyId", in.KeyId, true, 1, 2048)
	t, problem := manage(c, &v, in.KeyId, "kms:DisableKeyRotation")
	if problem != nil {
		return nil, problem
	}
	if problem := rotatable(t); problem != nil {
		return nil, problem
	}
	t.RotationDays, t.RotationNext = 0, time.Time{}
	return nil, nil
}

func getKeyRotationStatus(c *kms.Call, in *keyInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Text("keyId", in.KeyId, true, 1, 2048)
	t, problem := manage(c, &v, in.KeyId, "kms:GetKeyRotationStatus")
	if problem != nil {
		return nil, problem
	}
	out := map[string]any{"KeyId": t.ID, "KeyRotationEnabled": t.RotationDays > 0}
	if t.RotationDays > 0 {
		out["RotationPeriodInDays"], out["NextRotationDate"] = t.RotationDays, kms.Epoch(t.RotationNext)
	}
	return out, nil
}

// rotationEntry is a generation as ListKeyRotations shows it.
type rotationEntry struct {
	KeyId, KeyMaterialId, KeyMaterialState string
	RotationDate                           float64 `json:",omitempty"`
	RotationType                           string  `json:",omitempty"`
	number                                 string
}

func listKeyRotations(c *kms.Call, in *listInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Text("keyId", in.KeyId, true, 1, 2048)
	v.Enum("includeKeyMaterial", in.IncludeKeyMaterial, "ALL_KEY_MATERIAL", "ROTATIONS_ONLY")
	in.check(&v)
	t, problem := manage(c, &v, in.KeyId, "kms:ListKeyRotations")
	if problem != nil {
		return nil, problem
	}
	var all []rotationEntry
	for i, g := range t.Ring.Generations {
		if g.Kind == "" && deref(in.IncludeKeyMaterial) != "ALL_KEY_MATERIAL" {
			continue
		}
		e := rotationEntry{KeyId: t.ID, KeyMaterialId: g.ID, KeyMaterialState: "NON_CURRENT", RotationType: g.Kind, number: strings.Repeat("0", 8-len(strconv.Itoa(i))) + strconv.Itoa(i)}
		if g == t.Ring.Current() {
			e.KeyMaterialState = "CURRENT"
		}
		if g.Kind != "" {
			e.RotationDate = kms.Epoch(g.Created)
		}
		all = append(all, e)
	}
	list, page, problem := paged(in, all, 100, func(e rotationEntry) string { return e.number })
	if problem == nil {
		page["Rotations"] = list
	}
	return page, problem
}
