package devkms

import "strings"

// maxAliases is KMS's quota of aliases per key.
const maxAliases = 50

type aliasInput struct{ AliasName, TargetKeyId *string }

// aliasEntry is an alias as ListAliases shows it.
type aliasEntry struct {
	AliasArn, AliasName, TargetKeyId string
	CreationDate, LastUpdatedDate    float64
}

func (c *call) checkAlias(in *aliasInput, wantTarget bool) *apiError {
	var v validator
	v.text("aliasName", in.AliasName, true, 1, 256)
	if wantTarget {
		v.text("targetKeyId", in.TargetKeyId, true, 1, 2048)
	}
	if in.AliasName != nil && strings.Trim(*in.AliasName, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/_-") != "" {
		v.broken("aliasName", "Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$")
	}
	return v.kms()
}

func (c *call) createAlias(in *aliasInput) (any, *apiError) {
	if problem := c.checkAlias(in, true); problem != nil {
		return nil, problem
	}
	name := *in.AliasName
	if problem := c.mayName(name); problem != nil {
		return nil, problem
	}
	arn := aliasARN(c.region, c.who.account, name)
	t, problem := c.aliasTarget("kms:CreateAlias", arn, *in.TargetKeyId)
	if problem != nil {
		return nil, problem
	}
	st := c.server.store
	if st.aliases[arn] != nil {
		return nil, refuse("AlreadyExistsException", "An alias with the name %s already exists", arn)
	}
	if len(st.aliasesOf(t.kmsKey)) >= maxAliases {
		return nil, refuse("LimitExceededException", "Key %s already has %d aliases.", t.arn, maxAliases)
	}
	st.aliases[arn] = &alias{c.who.account, c.region, name, t.id, c.now, c.now}
	return nil, nil
}

func (c *call) mayName(name string) *apiError {
	if strings.HasPrefix(name, "alias/aws/") {
		return refuse("NotAuthorizedException", "Aliases that begin with alias/aws/ are reserved")
	}
	if !strings.HasPrefix(name, "alias/") {
		return refuse("ValidationException", "Invalid identifier")
	}
	if !aliasForm.fits(name) {
		return refuse("InvalidAliasNameException", "Alias must start with the prefix \"alias/\" and hold letters, digits, /, _ and - only.")
	}
	return nil
}

// aliasTarget asks for permission on the alias, which identity policies give,
// and on the key.
func (c *call) aliasTarget(action, alias, name string) (target, *apiError) {
	if problem := c.allowAccount(action, alias, nil); problem != nil {
		return target{}, problem
	}
	t, problem := c.findKey(name, action)
	if problem != nil {
		return t, problem
	}
	if problem := c.allow(action, t, nil, nil); problem != nil {
		return t, problem
	}
	return t, t.not(pendingDeletion, pendingReplica, "Creating")
}

func (c *call) updateAlias(in *aliasInput) (any, *apiError) {
	if problem := c.checkAlias(in, true); problem != nil {
		return nil, problem
	}
	a, problem := c.ownAlias("kms:UpdateAlias", *in.AliasName)
	if problem != nil {
		return nil, problem
	}
	t, problem := c.aliasTarget("kms:UpdateAlias", aliasARN(c.region, c.who.account, a.name), *in.TargetKeyId)
	if problem != nil {
		return nil, problem
	}
	a.target, a.updated = t.id, c.now
	return nil, nil
}

func (c *call) deleteAlias(in *aliasInput) (any, *apiError) {
	if problem := c.checkAlias(in, false); problem != nil {
		return nil, problem
	}
	a, problem := c.ownAlias("kms:DeleteAlias", *in.AliasName)
	if problem != nil {
		return nil, problem
	}
	delete(c.server.store.aliases, aliasARN(c.region, c.who.account, a.name))
	return nil, nil
}

// ownAlias finds an alias of the caller's account and asks for permission on
// it and on the key that it names now.
func (c *call) ownAlias(action, name string) (*alias, *apiError) {
	if problem := c.mayName(name); problem != nil {
		return nil, problem
	}
	arn := aliasARN(c.region, c.who.account, name)
	if problem := c.allowAccount(action, arn, nil); problem != nil {
		return nil, problem
	}
	a := c.server.store.aliases[arn]
	if a == nil {
		return nil, refuse("NotFoundException", "Alias %s is not found.", arn)
	}
	t, problem := c.findKey(a.target, action)
	if problem != nil {
		return nil, problem
	}
	return a, c.allow(action, t, nil, nil)
}

func (c *call) listAliases(in *listInput) (any, *apiError) {
	var v validator
	v.text("keyId", in.KeyId, false, 1, 2048)
	in.check(&v)
	if problem := v.kms(); problem != nil {
		return nil, problem
	}
	if problem := c.allowAccount("kms:ListAliases", "*", nil); problem != nil {
		return nil, problem
	}
	only := ""
	if in.KeyId != nil {
		t, problem := c.findKey(*in.KeyId, "kms:ListAliases")
		if problem != nil {
			return nil, problem
		}
		only = t.id
	}
	var all []aliasEntry
	for _, arn := range keysOf(c.server.store.aliases) {
		a := c.server.store.aliases[arn]
		if a.account == c.who.account && a.region == c.region && (only == "" || a.target == only) {
			all = append(all, aliasEntry{arn, a.name, a.target, epoch(a.created), epoch(a.updated)})
		}
	}
	list, page, problem := paged(in, all, 50, func(a aliasEntry) string { return a.AliasName })
	if problem == nil {
		page["Aliases"] = list
	}
	return page, problem
}
