package kms

import (
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/keystore"
)

// A Target is the key that a request means, and the alias it was called by.
type Target struct {
	*keystore.Key
	alias string
}

// Find resolves a key id, key ARN, alias name or alias ARN. Keys of other
// accounts go by ARN only; the answer does not say whether one exists there.
func (c *Call) Find(name, action string) (Target, *apierror.Error) {
	return c.findKind(name, action, true)
}

// FindKey is find for operations that take no alias.
func (c *Call) FindKey(name, action string) (Target, *apierror.Error) {
	return c.findKind(name, action, false)
}

func (c *Call) findKind(name, action string, aliases bool) (Target, *apierror.Error) {
	account, resource := c.Who.Account, name
	if strings.HasPrefix(name, "arn:") {
		a, ok := awsname.ParseARN(name)
		if !ok || a.Service != "kms" || !awsname.IsAccount(a.Account) {
			return Target{}, apierror.Refuse("NotFoundException", "Invalid arn %s", name)
		}
		if a.Region != c.Region {
			return Target{}, apierror.Refuse("NotFoundException", "Invalid arn %s", a.Region)
		}
		account, resource = a.Account, a.Resource
		if id, ok := strings.CutPrefix(resource, "key/"); ok {
			resource = id
		} else if !strings.HasPrefix(resource, "alias/") {
			return Target{}, apierror.Refuse("NotFoundException", "Invalid arn %s", name)
		}
	}
	if account != c.Who.Account && !AcrossAccounts(action) {
		return Target{}, c.crossAccountDenial(action)
	}
	if strings.HasPrefix(resource, "alias/") {
		if !aliases {
			return Target{}, apierror.Refuse("NotFoundException", "Invalid keyId %s", name)
		}
		return c.findAlias(account, resource, action)
	}
	if !awsname.IsKeyID(resource) {
		return Target{}, apierror.Refuse("NotFoundException", "Invalid keyId %s", name)
	}
	arn := awsname.KeyARN(c.Region, account, resource)
	k := c.Store.Keys[arn]
	switch {
	case k != nil:
		c.Key = k.ARN
		return Target{Key: k}, nil
	case account != c.Who.Account:
		return Target{}, c.crossAccountDenial(action)
	}
	return Target{}, apierror.Refuse("NotFoundException", "Key '%s' does not exist", arn)
}

func (c *Call) findAlias(account, name, action string) (Target, *apierror.Error) {
	arn := awsname.AliasARN(c.Region, account, name)
	a := c.Store.Aliases[arn]
	if a != nil {
		if k := c.Store.Keys[awsname.KeyARN(c.Region, account, a.TargetAt(c.Now))]; k != nil {
			c.Key = k.ARN
			return Target{k, name}, nil
		}
	}
	if account != c.Who.Account {
		return Target{}, c.crossAccountDenial(action)
	}
	return Target{}, apierror.Refuse("NotFoundException", "Alias %s is not found.", arn)
}

// crossAccountDenial is the same whether the key is absent or refuses.
func (c *Call) crossAccountDenial(action string) *apierror.Error {
	return apierror.Refuse("AccessDeniedException", "User: %s is not authorized to perform: %s on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access", c.Who.ARN, action)
}

// AcrossAccounts reports whether an action may reach a key of another account.
func AcrossAccounts(action string) bool { return slices.Contains(crossAccountActions(), action) }

// crossAccountActions are those that reach a key of another account, if both
// accounts' policies allow.
func crossAccountActions() []string {
	return []string{
		"kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey",
		"kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey", "kms:GetKeyRotationStatus",
		"kms:CreateGrant", "kms:ListGrants", "kms:RetireGrant", "kms:RevokeGrant",
	}
}
