package devkms

import (
	"slices"
	"strings"
)

// A target is the key that a request means, and the alias it was called by.
type target struct {
	*kmsKey
	alias string
}

// find resolves a key id, key ARN, alias name or alias ARN. Keys of other
// accounts go by ARN only; whether one exists there is not told.
func (c *call) find(name, action string) (target, *apiError) {
	return c.findKind(name, action, true)
}

// findKey is find for operations that take no alias.
func (c *call) findKey(name, action string) (target, *apiError) {
	return c.findKind(name, action, false)
}

func (c *call) findKind(name, action string, aliases bool) (target, *apiError) {
	account, resource := c.who.account, name
	if strings.HasPrefix(name, "arn:") {
		a, ok := parseARN(name)
		if !ok || a.service != "kms" || !isAccountID(a.account) {
			return target{}, refuse("NotFoundException", "Invalid arn %s", name)
		}
		if a.region != c.region {
			return target{}, refuse("NotFoundException", "Invalid arn %s", a.region)
		}
		account, resource = a.account, a.resource
		if id, ok := strings.CutPrefix(resource, "key/"); ok {
			resource = id
		} else if !strings.HasPrefix(resource, "alias/") {
			return target{}, refuse("NotFoundException", "Invalid arn %s", name)
		}
	}
	if account != c.who.account && !slices.Contains(crossAccountActions(), action) {
		return target{}, c.crossAccountDenial(action)
	}
	if strings.HasPrefix(resource, "alias/") {
		if !aliases {
			return target{}, refuse("NotFoundException", "Invalid keyId %s", name)
		}
		return c.findAlias(account, resource, action)
	}
	if !isKeyID(resource) {
		return target{}, refuse("NotFoundException", "Invalid keyId %s", name)
	}
	arn := keyARN(c.region, account, resource)
	k := c.server.store.keys[arn]
	switch {
	case k != nil:
		c.audit.Key = k.arn
		return target{kmsKey: k}, nil
	case account != c.who.account:
		return target{}, c.crossAccountDenial(action)
	}
	return target{}, refuse("NotFoundException", "Key '%s' does not exist", arn)
}

func (c *call) findAlias(account, name, action string) (target, *apiError) {
	arn := aliasARN(c.region, account, name)
	a := c.server.store.aliases[arn]
	if a != nil {
		if k := c.server.store.keys[keyARN(c.region, account, a.target)]; k != nil {
			c.audit.Key = k.arn
			return target{k, name}, nil
		}
	}
	if account != c.who.account {
		return target{}, c.crossAccountDenial(action)
	}
	return target{}, refuse("NotFoundException", "Alias %s is not found.", arn)
}

// crossAccountDenial is the same whether the key is absent or refuses.
func (c *call) crossAccountDenial(action string) *apiError {
	return refuse("AccessDeniedException", "User: %s is not authorized to perform: %s on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access", c.who.arn, action)
}

// crossAccountActions are those that reach a key of another account, if both
// accounts' policies allow.
func crossAccountActions() []string {
	return []string{
		"kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey",
		"kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey", "kms:GetKeyRotationStatus",
	}
}
