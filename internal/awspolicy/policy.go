// Package awspolicy writes the policies that let people and machines use AWS KMS
// keys: those of whoever uses them, of the roles on the way, and of the keys.
package awspolicy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
)

// A Policy is a policy with its place.
type Policy struct {
	Kind     string   `json:"kind"`
	Of       string   `json:"of"`
	Document Document `json:"policy"`
}

// Kinds of policies.
const (
	identity = "identity"
	caller   = "caller"
	trust    = "trust"
	ofKey    = "key"
)

// Kinds lists the kinds of policies.
func Kinds() []string { return []string{identity, caller, trust, ofKey} }

// Place says where a policy belongs.
func (p Policy) Place() string {
	switch p.Kind {
	case identity:
		return "identity policy of " + p.Of
	case caller:
		return "identity policy of those who assume " + p.Of
	case trust:
		return "trust policy of " + p.Of
	}
	return "key policy of " + p.Of
}

// A Document is a policy as AWS takes it.
type Document struct {
	Version   string
	Statement []Statement
}

// A Statement is one thing that a policy allows.
type Statement struct {
	Sid       string
	Effect    string
	Principal map[string][]string `json:",omitempty"`
	Action    []string
	Resource  []string                       `json:",omitempty"`
	Condition map[string]map[string][]string `json:",omitempty"`
}

func document(statements []Statement) Document {
	return Document{Version: "2012-10-17", Statement: statements}
}

func allow(sid string, actions ...string) Statement {
	return Statement{Sid: sid, Effect: "Allow", Action: actions}
}

// For returns all policies for keys: those of whoever uses them, and those
// of the keys.
func For(keys []keeper.MasterKey, principals []string, readOnly bool) ([]Policy, error) {
	var all []Policy
	byRole := map[string][]keeper.MasterKey{}
	byARN := map[string][]keeper.MasterKey{}
	for _, m := range keys {
		byRole[awskey.Role(m)] = append(byRole[awskey.Role(m)], m)
		byARN[m.Text(awskey.FieldARN)] = append(byARN[m.Text(awskey.FieldARN)], m)
	}
	for _, role := range slices.Sorted(maps.Keys(byRole)) {
		statements, err := identityStatements(byRole[role], readOnly)
		if err != nil {
			return nil, err
		}
		of := cmp.Or(role, strings.Join(principals, " and "), "whoever uses the files")
		all = append(all, Policy{identity, of, document(statements)})
		if role != "" {
			all = append(all, callersOf(role), trustOf(role, principals))
		}
	}
	for _, arn := range slices.Sorted(maps.Keys(byARN)) {
		statements, err := keyStatements(arn, byARN[arn], principals, readOnly)
		if err != nil {
			return nil, err
		}
		all = append(all, Policy{ofKey, arn, document(statements)})
	}
	return all, nil
}

// uses are the calls that carry an encryption context.
func uses(readOnly bool) []string {
	if readOnly {
		return []string{"kms:Decrypt"}
	}
	return []string{"kms:Decrypt", "kms:Encrypt", "kms:ReEncrypt*"}
}

// identityStatements lets an identity use keys. Keys of one context share a
// statement; DescribeKey, which only sops doctor calls, has no context.
func identityStatements(keys []keeper.MasterKey, readOnly bool) ([]Statement, error) {
	var use, look []Statement
	for _, m := range keys {
		arn, err := awskey.ParseARN(m.Text(awskey.FieldARN))
		if err != nil {
			return nil, err
		}
		resource, alias := resourceOf(arn)
		use = share(use, allow("Use", uses(readOnly)...), resource, conditions(contextCondition(m), alias))
		look = share(look, allow("Look", "kms:DescribeKey"), resource, conditions(alias))
	}
	return numbered(slices.Concat(use, look)), nil
}

// resourceOf names a key in an identity policy. An alias has no place there: it
// becomes a condition on the keys of its account and region.
func resourceOf(arn awskey.ARN) (resource string, condition map[string]map[string][]string) {
	if !arn.Alias() {
		return arn.Text, nil
	}
	return strings.TrimSuffix(arn.Text, arn.Resource) + "key/*", map[string]map[string][]string{
		"ForAnyValue:StringEquals": {"kms:ResourceAliases": {arn.Resource}},
	}
}

// contextCondition asks for the encryption context of m.
func contextCondition(m keeper.MasterKey) map[string]map[string][]string {
	texts := m.Context()
	if len(texts) == 0 {
		return nil
	}
	equals := map[string][]string{}
	for k, v := range texts {
		equals["kms:EncryptionContext:"+k] = []string{v}
	}
	return map[string]map[string][]string{"StringEquals": equals}
}

// conditions joins conditions; each has operators of its own.
func conditions(all ...map[string]map[string][]string) map[string]map[string][]string {
	joined := map[string]map[string][]string{}
	for _, c := range all {
		maps.Copy(joined, c)
	}
	return joined
}

// share adds a resource to the statement with the same condition, or a new
// statement.
func share(list []Statement, s Statement, resource string, condition map[string]map[string][]string) []Statement {
	same := func(t Statement) bool { return fmt.Sprint(t.Condition) == fmt.Sprint(condition) }
	at := slices.IndexFunc(list, same)
	if at < 0 {
		s.Resource, s.Condition = []string{resource}, condition
		return append(list, s)
	}
	if !slices.Contains(list[at].Resource, resource) {
		list[at].Resource = append(list[at].Resource, resource)
	}
	return list
}

// numbered makes the Sids unique, as AWS wants them.
func numbered(list []Statement) []Statement {
	count := map[string]int{}
	for i, s := range list {
		count[s.Sid]++
		list[i].Sid = fmt.Sprintf("Sops%s%d", s.Sid, count[s.Sid])
	}
	return list
}

func callersOf(role string) Policy {
	s := allow("SopsAssumesTheRole", "sts:AssumeRole")
	s.Resource = []string{role}
	return Policy{caller, role, document([]Statement{s})}
}

func trustOf(role string, principals []string) Policy {
	s := allow("SopsAssumesTheRole", "sts:AssumeRole")
	s.Principal = map[string][]string{"AWS": cmpList(principals, []string{accountRoot(role)})}
	return Policy{trust, role, document([]Statement{s})}
}

// keyStatements is the policy of one key: its account decides, and its users may
// use it under the contexts of the files.
func keyStatements(arn string, keys []keeper.MasterKey, principals []string, readOnly bool) ([]Statement, error) {
	if _, err := awskey.ParseARN(arn); err != nil {
		return nil, err
	}
	account := allow("Account", "kms:*")
	account.Principal = map[string][]string{"AWS": {accountRoot(arn)}}
	account.Resource = []string{"*"}
	var use []Statement
	var users []string
	for _, m := range keys {
		by := cmpList(principals, []string{accountRoot(arn)})
		if role := awskey.Role(m); role != "" {
			by = []string{role}
		}
		s := allow("Use", uses(readOnly)...)
		s.Principal, s.Resource, s.Condition = map[string][]string{"AWS": by}, []string{"*"}, contextCondition(m)
		use = append(use, s)
		users = append(users, by...)
	}
	slices.Sort(users)
	look := allow("Look", "kms:DescribeKey")
	look.Principal, look.Resource = map[string][]string{"AWS": slices.Compact(users)}, []string{"*"}
	return numbered(slices.Concat([]Statement{account}, use, []Statement{look})), nil
}

// accountRoot names all of the account of an ARN.
func accountRoot(arn string) string {
	const partition, account = 1, 4
	parts := strings.Split(arn, ":")
	return fmt.Sprintf("arn:%s:iam::%s:root", parts[partition], parts[account])
}

func cmpList(a, b []string) []string {
	if len(a) > 0 {
		return a
	}
	return b
}
