package awskms

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
)

// policyHint gives the statement that lacks, and ways around it.
func policyHint(a *Attempt, e env.Env) string {
	if a.Cause == RoleDenied {
		return roleHint(a, e)
	}
	allow := fmt.Sprintf("allow %s %s in its policy or in the key's (in both, if the accounts differ)",
		cmp.Or(a.Caller, "the caller"), statement(a.Call, a.deniedKey(), a.context))
	allow += grantHint(a)
	account := accountOf(a.Caller)
	if account == "" || account == a.arn.Account {
		return allow
	}
	return fmt.Sprintf("the caller is of account %s, and the key of %s: choose an identity there with --aws-profile %[2]s=NAME or --aws-role %[2]s=ARN; or %s",
		account, a.arn.Account, allow)
}

// grantHint is the way around policies: a grant, which may be what there was before.
func grantHint(a *Attempt) string {
	operation := strings.TrimPrefix(a.Call, "kms:")
	if a.Caller == "" || strings.Contains(operation, "*") || a.arn.Alias() {
		return ""
	}
	return fmt.Sprintf("; or grant it: %s --grantee-principal %s --operations %s", a.command("create-grant", a.deniedKey()), hint.ShellWord(lasting(a.Caller)), operation)
}

// roleHint names both sides, since AWS does not say which one refuses, and of
// what a trust policy may ask for.
func roleHint(a *Attempt, e env.Env) string {
	role := a.deniedRole()
	account, _ := awskey.RoleAccount(role)
	return fmt.Sprintf("allow the caller %s; let the trust policy of the role hold %s; "+
		"if that asks for an external id, a session name, tags or an MFA code, put them into %s: "+
		`accounts: {"%s": {role: %s, external_id: WORD, session_name: NAME}}`+
		"; or try without the role: --no-assume-role, or with another: --aws-role ARN",
		statement("sts:AssumeRole", role, nil), trustStatement(a.Caller), mapPath(e), account, role)
}

// trustStatement is the statement of a role's trust policy that lets who assume
// the role.
func trustStatement(who string) string {
	s := struct {
		Effect    string
		Principal map[string]string
		Action    string
	}{Effect: "Allow", Principal: map[string]string{"AWS": cmp.Or(lasting(who), "CALLER_ARN")}, Action: "sts:AssumeRole"}
	text, err := json.Marshal(s)
	if err != nil {
		return "sts:AssumeRole"
	}
	return string(text)
}

// lasting names the role of a session: sessions come and go, and policies
// stay.
func lasting(who string) string {
	_, service, _, account, resource, ok := awskey.SplitARN(who)
	session, assumed := strings.CutPrefix(resource, "assumed-role/")
	if !ok || service != "sts" || !assumed {
		return who
	}
	role, _, _ := strings.Cut(session, "/")
	return fmt.Sprintf("arn:%s:iam::%s:role/%s", strings.Split(who, ":")[1], account, role)
}

// accountOf returns the account of an ARN, "" if it is none.
func accountOf(arn string) string {
	_, _, _, account, _, _ := awskey.SplitARN(arn)
	return account
}

// deniedKey is the key that AWS names, or else the one that was asked for. An
// identity policy cannot name an alias, so it is the key that the alias leads to.
func (a *Attempt) deniedKey() string {
	if named := a.named(); named != "" {
		if arn, err := awskey.ParseARN(named); err == nil {
			return arn.Text
		}
	}
	if a.arn.Alias() {
		return strings.TrimSuffix(a.arn.Text, a.arn.Resource) + "key/ID of " + a.arn.Resource
	}
	return a.arn.Text
}

// deniedRole is the role that the last call was about, which in a chain need
// not be the last one.
func (a *Attempt) deniedRole() string {
	if _, ok := awskey.RoleAccount(a.named()); ok {
		return a.named()
	}
	return a.Role
}

// named returns the resource that AWS denied.
func (a *Attempt) named() string {
	_, resource, _ := strings.Cut(a.Message, " on resource: ")
	resource, _, _ = strings.Cut(resource, " ")
	return resource
}
