package devkms

import (
	"io"
	"strconv"
	"strings"
	"time"
)

// maxOnDemand is how often a key may be rotated on demand in its life.
const maxOnDemand = 25

func decimal(n int) string { return strconv.Itoa(n) }

// rotatable checks that the key is one whose material KMS makes and the
// caller's region owns.
func (t target) rotatable() *apiError {
	if t.state == disabled {
		return t.usable()
	}
	if problem := t.usable(); problem != nil {
		return problem
	}
	if t.origin != "AWS_KMS" || t.multi() && t.region != t.primary {
		return refuse("UnsupportedOperationException", "%s does not support rotation: its material is imported, or it is a replica.", t.arn)
	}
	return nil
}

func (c *call) rotateKeyOnDemand(in *keyInput) (any, *apiError) {
	var v validator
	v.text("keyId", in.KeyId, true, 1, 2048)
	t, problem := c.manage(&v, in.KeyId, "kms:RotateKeyOnDemand")
	if problem != nil {
		return nil, problem
	}
	if problem := t.rotatable(); problem != nil {
		return nil, problem
	}
	if t.ring.count("ON_DEMAND") >= maxOnDemand {
		return nil, refuse("LimitExceededException", "%s has been rotated on demand %d times already.", t.arn, maxOnDemand)
	}
	g, err := makeGeneration(c.server.random, c.now, "ON_DEMAND")
	if err != nil {
		return nil, c.internal(err)
	}
	t.ring.generations = append(t.ring.generations, g)
	return map[string]any{"KeyId": t.id}, nil
}

func (r *ring) count(kind string) int {
	n := 0
	for _, g := range r.generations {
		if g.kind == kind {
			n++
		}
	}
	return n
}

type rotationInput struct {
	KeyId                *string
	RotationPeriodInDays *int
}

func (c *call) enableKeyRotation(in *rotationInput) (any, *apiError) {
	var v validator
	v.text("keyId", in.KeyId, true, 1, 2048)
	v.number("rotationPeriodInDays", in.RotationPeriodInDays, 90, 2560)
	days := 365
	if in.RotationPeriodInDays != nil {
		days = *in.RotationPeriodInDays
	}
	if problem := v.kms(); problem != nil {
		return nil, problem
	}
	t, problem := c.findKey(*in.KeyId, "kms:EnableKeyRotation")
	if problem != nil {
		return nil, problem
	}
	if problem := c.allow("kms:EnableKeyRotation", t, nil, fact("kms:RotationPeriodInDays", decimal(days))); problem != nil {
		return nil, problem
	}
	if problem := t.rotatable(); problem != nil {
		return nil, problem
	}
	t.rotationDays, t.rotationNext = days, c.now.AddDate(0, 0, days)
	return nil, nil
}

func (c *call) disableKeyRotation(in *keyInput) (any, *apiError) {
	var v validator
	v.text("keyId", in.KeyId, true, 1, 2048)
	t, problem := c.manage(&v, in.KeyId, "kms:DisableKeyRotation")
	if problem != nil {
		return nil, problem
	}
	if problem := t.rotatable(); problem != nil {
		return nil, problem
	}
	t.rotationDays, t.rotationNext = 0, time.Time{}
	return nil, nil
}

func (c *call) getKeyRotationStatus(in *keyInput) (any, *apiError) {
	var v validator
	v.text("keyId", in.KeyId, true, 1, 2048)
	t, problem := c.manage(&v, in.KeyId, "kms:GetKeyRotationStatus")
	if problem != nil {
		return nil, problem
	}
	out := map[string]any{"KeyId": t.id, "KeyRotationEnabled": t.rotationDays > 0}
	if t.rotationDays > 0 {
		out["RotationPeriodInDays"], out["NextRotationDate"] = t.rotationDays, epoch(t.rotationNext)
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

func (c *call) listKeyRotations(in *listInput) (any, *apiError) {
	var v validator
	v.text("keyId", in.KeyId, true, 1, 2048)
	v.enum("includeKeyMaterial", in.IncludeKeyMaterial, "ALL_KEY_MATERIAL", "ROTATIONS_ONLY")
	in.check(&v)
	t, problem := c.manage(&v, in.KeyId, "kms:ListKeyRotations")
	if problem != nil {
		return nil, problem
	}
	var all []rotationEntry
	for i, g := range t.ring.generations {
		if g.kind == "" && deref(in.IncludeKeyMaterial) != "ALL_KEY_MATERIAL" {
			continue
		}
		e := rotationEntry{KeyId: t.id, KeyMaterialId: g.id, KeyMaterialState: "NON_CURRENT", RotationType: g.kind, number: strings.Repeat("0", 8-len(decimal(i))) + decimal(i)}
		if g == t.ring.current() {
			e.KeyMaterialState = "CURRENT"
		}
		if g.kind != "" {
			e.RotationDate = epoch(g.created)
		}
		all = append(all, e)
	}
	list, page, problem := paged(in, all, 100, func(e rotationEntry) string { return e.number })
	if problem == nil {
		page["Rotations"] = list
	}
	return page, problem
}

type randomInput struct{ NumberOfBytes *int }

func (c *call) generateRandom(in *randomInput) (any, *apiError) {
	var v validator
	v.required("numberOfBytes", in.NumberOfBytes != nil)
	v.number("numberOfBytes", in.NumberOfBytes, 1, 1024)
	if problem := v.kms(); problem != nil {
		return nil, problem
	}
	if problem := c.allowAccount("kms:GenerateRandom", "*", nil); problem != nil {
		return nil, problem
	}
	b := make([]byte, *in.NumberOfBytes)
	if _, err := io.ReadFull(c.server.random, b); err != nil {
		return nil, c.internal(err)
	}
	return map[string]any{"Plaintext": b}, nil
}
