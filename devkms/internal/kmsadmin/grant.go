package kmsadmin

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/keystore"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/kms"
)

type grantInput struct {
	KeyId, GranteePrincipal, RetiringPrincipal, Name *string
	Operations, GrantTokens                          []string
	Constraints                                      *constraints
	DryRun                                           bool
}

type constraints struct{ EncryptionContextEquals, EncryptionContextSubset map[string]string }

var grantNameForm = awsname.NewForm(`^[a-zA-Z0-9:/_-]+$`)

const mostGrants = 50000

func createGrant(c *kms.Call, in *grantInput) (any, *apierror.Error) {
	g, problem := in.grant(c)
	if problem != nil {
		return nil, problem
	}
	t, problem := c.FindKey(*in.KeyId, "kms:CreateGrant")
	if problem != nil {
		return nil, problem
	}
	if problem := c.CheckTokens(in.GrantTokens); problem != nil {
		return nil, problem
	}
	if problem := mayGrant(c, t, g); problem != nil {
		return nil, problem
	}
	if problem := t.Usable(); problem != nil && t.State != keystore.Unavailable {
		return nil, problem
	}
	if in.DryRun {
		return nil, apierror.Refuse("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
	}
	secret := make([]byte, 32)
	if _, err := io.ReadFull(c.Random, secret); err != nil {
		return nil, kms.Internal(err)
	}
	sum := sha256.Sum256(secret)
	g.ID, g.Token, g.Created, g.Issuer = hex.EncodeToString(sum[:]), base64.RawURLEncoding.EncodeToString(secret), c.Now, c.Who.ARN
	if same := slices.IndexFunc(t.Grants, g.repeats); g.Name != "" && same >= 0 {
		g.ID = t.Grants[same].ID // and the token is a new one
		return map[string]any{"GrantId": g.ID, "GrantToken": t.Grants[same].Token}, nil
	}
	if len(t.Grants) >= mostGrants {
		return nil, apierror.Refuse("LimitExceededException", "The key has %d grants.", mostGrants)
	}
	t.Key.Grants = append(t.Key.Grants, &g.Grant)
	return map[string]any{"GrantId": g.ID, "GrantToken": g.Token}, nil
}

// A newGrant is a grant that is asked for.
type newGrant struct{ iam.Grant }

// repeats reports whether the other is the same grant, asked for once more.
func (g *newGrant) repeats(other *iam.Grant) bool {
	return other.Name == g.Name && other.Grantee == g.Grantee && other.Retiring == g.Retiring &&
		slices.Equal(other.Operations, g.Operations) && maps.Equal(other.Equals, g.Equals) && maps.Equal(other.Subset, g.Subset)
}

// grant checks what is asked for.
func (in *grantInput) grant(c *kms.Call) (*newGrant, *apierror.Error) {
	var v apierror.Validator
	v.Text("keyId", in.KeyId, true, 1, 2048)
	v.Text("granteePrincipal", in.GranteePrincipal, true, 1, 256)
	v.Text("retiringPrincipal", in.RetiringPrincipal, false, 1, 256)
	v.Form("name", in.Name, false, 1, 256, grantNameForm)
	if problem := v.KMS(); problem != nil {
		return nil, problem
	}
	if len(in.Operations) == 0 {
		return nil, apierror.Refuse("ValidationException", "A grant needs operations.")
	}
	for _, o := range in.Operations {
		if !slices.Contains(iam.GrantOperations(), o) {
			return nil, apierror.Refuse("ValidationException", "Operation %s is not supported by a key of the spec SYMMETRIC_DEFAULT.", o)
		}
	}
	g := &newGrant{iam.Grant{Name: deref(in.Name), Grantee: *in.GranteePrincipal, Retiring: deref(in.RetiringPrincipal), Operations: in.Operations}}
	for _, p := range []string{g.Grantee, g.Retiring} {
		if p != "" && (!iam.ValidPrincipal(p) || !c.Directory.Exists(p)) {
			return nil, apierror.Refuse("InvalidArnException", "%s is not a principal that a grant can be for.", p)
		}
	}
	if in.Constraints != nil {
		g.Equals, g.Subset = in.Constraints.EncryptionContextEquals, in.Constraints.EncryptionContextSubset
	}
	if g.Equals != nil && g.Subset != nil {
		return nil, apierror.Refuse("ValidationException", "A grant has one constraint.")
	}
	for _, pairs := range []map[string]string{g.Equals, g.Subset} {
		if len(pairs) > 8 {
			return nil, apierror.Refuse("ValidationException", "A constraint has at most 8 pairs.")
		}
		for _, value := range pairs {
			if len(value) > 384 {
				return nil, apierror.Refuse("ValidationException", "A value of a constraint has at most 384 characters.")
			}
		}
	}
	return g, nil
}

// mayGrant asks the policies, and what the grant that lets the caller create one
// allows at most.
func mayGrant(c *kms.Call, t kms.Target, g *newGrant) *apierror.Error {
	more := iam.Conditions{}
	more.Set("kms:GrantOperations", g.Operations...)
	more.Set("kms:GranteePrincipal", g.Grantee)
	more.Set("kms:GrantIsForAWSResource", "false")
	if g.Retiring != "" {
		more.Set("kms:RetiringPrincipal", g.Retiring)
	}
	if kind := g.ConstraintType(); kind != "" {
		more.Set("kms:GrantConstraintType", kind)
	}
	context := g.Equals
	if context == nil {
		context = g.Subset
	}
	q := c.Question("kms:CreateGrant", t, context, more)
	byPolicy := q
	byPolicy.Grants = nil
	if iam.Decide(byPolicy, t.PolicyAt(c.Now), false).Allowed {
		return nil
	}
	q.Grants = slices.DeleteFunc(slices.Clone(t.Grants), func(own *iam.Grant) bool { return !own.Covers(&g.Grant) })
	t.Key = shadow(t.Key, q.Grants)
	return c.Allow("kms:CreateGrant", t, context, more)
}

// shadow is the key as if it had these grants.
func shadow(k *keystore.Key, grants []*iam.Grant) *keystore.Key {
	other := *k
	other.Grants = grants
	return &other
}

type grantListInput struct {
	KeyId, GrantId, GranteePrincipal, RetiringPrincipal, Marker *string
	Limit                                                       *int
}

func listGrants(c *kms.Call, in *grantListInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Text("keyId", in.KeyId, true, 1, 2048)
	v.Number("limit", in.Limit, 1, 100)
	if problem := v.KMS(); problem != nil {
		return nil, problem
	}
	t, problem := c.FindKey(*in.KeyId, "kms:ListGrants")
	if problem != nil {
		return nil, problem
	}
	if problem := c.Allow("kms:ListGrants", t, nil, iam.Fact("kms:GrantIsForAWSResource", "false")); problem != nil {
		return nil, problem
	}
	return in.page(t.Key, t.Grants, func(g *iam.Grant) bool {
		return (in.GrantId == nil || g.ID == *in.GrantId) && (in.GranteePrincipal == nil || g.Grantee == *in.GranteePrincipal)
	})
}

// listRetirableGrants looks at the keys of the caller's account and region.
func listRetirableGrants(c *kms.Call, in *grantListInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Text("retiringPrincipal", in.RetiringPrincipal, true, 1, 256)
	v.Number("limit", in.Limit, 1, 100)
	if problem := v.KMS(); problem != nil {
		return nil, problem
	}
	if problem := c.AllowAccount("kms:ListRetirableGrants", "*", nil); problem != nil {
		return nil, problem
	}
	all := []any{}
	for _, arn := range slices.Sorted(maps.Keys(c.Store.Keys)) {
		k := c.Store.Keys[arn]
		for _, g := range k.Grants {
			if k.Account == c.Who.Account && k.Region == c.Region && g.Retiring == *in.RetiringPrincipal {
				all = append(all, grantEntry(k, g))
			}
		}
	}
	return map[string]any{"Grants": all, "Truncated": false}, nil
}

// page returns the grants after the marker, which is the id of the last one before.
func (in *grantListInput) page(k *keystore.Key, grants []*iam.Grant, wanted func(*iam.Grant) bool) (any, *apierror.Error) {
	limit, entries := 50, []any{}
	if in.Limit != nil {
		limit = *in.Limit
	}
	skip := in.Marker != nil
	for i, g := range grants {
		if skip {
			skip = g.ID != *in.Marker
			continue
		}
		if !wanted(g) {
			continue
		}
		if len(entries) == limit {
			return map[string]any{"Grants": entries, "Truncated": true, "NextMarker": grants[i-1].ID}, nil
		}
		entries = append(entries, grantEntry(k, g))
	}
	if skip {
		return nil, apierror.Refuse("InvalidMarkerException", "Invalid marker")
	}
	return map[string]any{"Grants": entries, "Truncated": false}, nil
}

func grantEntry(k *keystore.Key, g *iam.Grant) map[string]any {
	e := map[string]any{
		"KeyId": k.ARN, "GrantId": g.ID, "GranteePrincipal": g.Grantee, "Operations": g.Operations, "CreationDate": kms.Epoch(g.Created),
		"IssuingAccount": awsname.RootARN(k.Account),
	}
	for name, value := range map[string]string{"Name": g.Name, "RetiringPrincipal": g.Retiring} {
		if value != "" {
			e[name] = value
		}
	}
	switch {
	case g.Equals != nil:
		e["Constraints"] = map[string]any{"EncryptionContextEquals": g.Equals}
	case g.Subset != nil:
		e["Constraints"] = map[string]any{"EncryptionContextSubset": g.Subset}
	}
	return e
}

type endGrantInput struct {
	KeyId, GrantId, GrantToken *string
	DryRun                     bool
}

func revokeGrant(c *kms.Call, in *endGrantInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Text("keyId", in.KeyId, true, 1, 2048)
	v.Text("grantId", in.GrantId, true, 1, 128)
	if problem := v.KMS(); problem != nil {
		return nil, problem
	}
	t, problem := c.FindKey(*in.KeyId, "kms:RevokeGrant")
	if problem != nil {
		return nil, problem
	}
	if problem := c.Allow("kms:RevokeGrant", t, nil, iam.Fact("kms:GrantIsForAWSResource", "false")); problem != nil {
		return nil, problem
	}
	return nil, in.end(t.Key, func(g *iam.Grant) bool { return g.ID == *in.GrantId })
}

// retireGrant is for the principals that the grant itself names: policies do not decide.
func retireGrant(c *kms.Call, in *endGrantInput) (any, *apierror.Error) {
	if in.GrantToken == nil && (in.KeyId == nil || in.GrantId == nil) {
		return nil, apierror.Refuse("ValidationException", "Please specify either a grant token, or a key ID and a grant ID.")
	}
	wanted := func(g *iam.Grant) bool {
		if in.GrantToken != nil {
			return g.Token == *in.GrantToken
		}
		return g.ID == *in.GrantId
	}
	for _, k := range c.Store.Keys {
		at := slices.IndexFunc(k.Grants, wanted)
		if at < 0 || k.Region != c.Region || in.GrantToken == nil && k.ARN != *in.KeyId && k.ID != *in.KeyId {
			continue
		}
		c.Key = k.ARN
		if g := k.Grants[at]; !mayRetire(c.Who, k, g) {
			return nil, apierror.Refuse("AccessDeniedException", "User: %s is not authorized to perform: kms:RetireGrant on resource: %s", c.Who.ARN, k.ARN)
		}
		return nil, in.end(k, wanted)
	}
	if in.GrantToken != nil {
		return nil, apierror.Refuse("InvalidGrantTokenException", "The grant token is not one of a grant.")
	}
	return nil, apierror.Refuse("NotFoundException", "Grant ID %s not found", *in.GrantId)
}

func mayRetire(who *iam.Principal, k *keystore.Key, g *iam.Grant) bool {
	names := []string{who.ARN, who.RoleARN}
	own := who.Kind == iam.RootUser && who.Account == k.Account
	return own || g.Retiring != "" && slices.Contains(names, g.Retiring) ||
		slices.Contains(names, g.Grantee) && slices.Contains(g.Operations, "RetireGrant")
}

func (in *endGrantInput) end(k *keystore.Key, wanted func(*iam.Grant) bool) *apierror.Error {
	at := slices.IndexFunc(k.Grants, wanted)
	if at < 0 {
		return apierror.Refuse("NotFoundException", "Grant ID %s not found", strings.TrimSpace(deref(in.GrantId)))
	}
	if in.DryRun {
		return apierror.Refuse("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
	}
	k.Grants = slices.Delete(slices.Clone(k.Grants), at, at+1)
	return nil
}
