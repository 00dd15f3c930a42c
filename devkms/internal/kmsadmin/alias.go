package kmsadmin

import (
	"maps"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/keystore"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/kms"
)

// maxAliases is KMS's quota of aliases per key.
const maxAliases = 50

type aliasInput struct{ AliasName, TargetKeyId *string }

// aliasEntry is an alias as ListAliases shows it.
type aliasEntry struct {
	AliasArn, AliasName, TargetKeyId string
	CreationDate, LastUpdatedDate    float64
}

func checkAlias(c *kms.Call, in *aliasInput, wantTarget bool) *apierror.Error {
	var v apierror.Validator
	v.Text("aliasName", in.AliasName, true, 1, 256)
	if wantTarget {
		v.Text("targetKeyId", in.TargetKeyId, true, 1, 2048)
	}
	if in.AliasName != nil && strings.Trim(*in.AliasName, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/_-") != "" {
		v.Broken("aliasName", "Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$")
	}
	return v.KMS()
}

func createAlias(c *kms.Call, in *aliasInput) (any, *apierror.Error) {
	if problem := checkAlias(c, in, true); problem != nil {
		return nil, problem
	}
	name := *in.AliasName
	if problem := mayName(c, name); problem != nil {
		return nil, problem
	}
	arn := awsname.AliasARN(c.Region, c.Who.Account, name)
	t, problem := aliasTarget(c, "kms:CreateAlias", arn, *in.TargetKeyId)
	if problem != nil {
		return nil, problem
	}
	st := c.Store
	if st.Aliases[arn] != nil {
		return nil, apierror.Refuse("AlreadyExistsException", "An alias with the name %s already exists", arn)
	}
	if len(st.AliasesOf(t.Key)) >= maxAliases {
		return nil, apierror.Refuse("LimitExceededException", "Key %s already has %d aliases.", t.ARN, maxAliases)
	}
	st.Aliases[arn] = &keystore.Alias{Account: c.Who.Account, Region: c.Region, Name: name, Target: t.ID, Created: c.Now, Updated: c.Now}
	return nil, nil
}

func mayName(c *kms.Call, name string) *apierror.Error {
	if strings.HasPrefix(name, "alias/aws/") {
		return apierror.Refuse("NotAuthorizedException", "Aliases that begin with alias/aws/ are reserved")
	}
	if !strings.HasPrefix(name, "alias/") {
		return apierror.Refuse("ValidationException", "Invalid identifier")
	}
	if !awsname.IsAlias(name) {
		return apierror.Refuse("InvalidAliasNameException", "Alias must start with the prefix \"alias/\" and hold letters, digits, /, _ and - only.")
	}
	return nil
}

// aliasTarget asks for permission on the alias, which identity policies give,
// and on the key.
func aliasTarget(c *kms.Call, action, alias, name string) (kms.Target, *apierror.Error) {
	if problem := c.AllowAccount(action, alias, nil); problem != nil {
		return kms.Target{}, problem
	}
	t, problem := c.FindKey(name, action)
	if problem != nil {
		return t, problem
	}
	if problem := c.Allow(action, t, nil, nil); problem != nil {
		return t, problem
	}
	return t, t.Not(keystore.PendingDeletion, keystore.PendingReplica, keystore.Creating)
}

func updateAlias(c *kms.Call, in *aliasInput) (any, *apierror.Error) {
	if problem := checkAlias(c, in, true); problem != nil {
		return nil, problem
	}
	a, problem := ownAlias(c, "kms:UpdateAlias", *in.AliasName)
	if problem != nil {
		return nil, problem
	}
	t, problem := aliasTarget(c, "kms:UpdateAlias", awsname.AliasARN(c.Region, c.Who.Account, a.Name), *in.TargetKeyId)
	if problem != nil {
		return nil, problem
	}
	a.SetTarget(t.ID, c.Now.Add(c.Settling))
	a.Updated = c.Now
	return nil, nil
}

func deleteAlias(c *kms.Call, in *aliasInput) (any, *apierror.Error) {
	if problem := checkAlias(c, in, false); problem != nil {
		return nil, problem
	}
	a, problem := ownAlias(c, "kms:DeleteAlias", *in.AliasName)
	if problem != nil {
		return nil, problem
	}
	delete(c.Store.Aliases, awsname.AliasARN(c.Region, c.Who.Account, a.Name))
	return nil, nil
}

// ownAlias finds an alias of the caller's account and asks for permission on
// it and on the key that it names now.
func ownAlias(c *kms.Call, action, name string) (*keystore.Alias, *apierror.Error) {
	if problem := mayName(c, name); problem != nil {
		return nil, problem
	}
	arn := awsname.AliasARN(c.Region, c.Who.Account, name)
	if problem := c.AllowAccount(action, arn, nil); problem != nil {
		return nil, problem
	}
	a := c.Store.Aliases[arn]
	if a == nil {
		return nil, apierror.Refuse("NotFoundException", "Alias %s is not found.", arn)
	}
	t, problem := c.FindKey(a.Target, action)
	if problem != nil {
		return nil, problem
	}
	return a, c.Allow(action, t, nil, nil)
}

func listAliases(c *kms.Call, in *listInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Text("keyId", in.KeyId, false, 1, 2048)
	in.check(&v)
	if problem := v.KMS(); problem != nil {
		return nil, problem
	}
	if problem := c.AllowAccount("kms:ListAliases", "*", nil); problem != nil {
		return nil, problem
	}
	only := ""
	if in.KeyId != nil {
		t, problem := c.FindKey(*in.KeyId, "kms:ListAliases")
		if problem != nil {
			return nil, problem
		}
		only = t.ID
	}
	var all []aliasEntry
	for _, arn := range slices.Sorted(maps.Keys(c.Store.Aliases)) {
		a := c.Store.Aliases[arn]
		if a.Account == c.Who.Account && a.Region == c.Region && (only == "" || a.Target == only) {
			all = append(all, aliasEntry{arn, a.Name, a.Target, kms.Epoch(a.Created), kms.Epoch(a.Updated)})
		}
	}
	list, page, problem := paged(in, all, 50, func(a aliasEntry) string { return a.AliasName })
	if problem == nil {
		page["Aliases"] = list
	}
	return page, problem
}
