package app

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
)

// A policyDoc is a policy as AWS takes it.
type policyDoc struct {
	Version   string
	Statement []policyStatement
}

// A policyStatement is one thing that a policy allows.
type policyStatement struct {
	Sid       string
	Effect    string
	Principal map[string][]string `json:",omitempty"`
	Action    []string
	Resource  []string                       `json:",omitempty"`
	Condition map[string]map[string][]string `json:",omitempty"`
}

func document(statements []policyStatement) policyDoc {
	return policyDoc{Version: "2012-10-17", Statement: statements}
}

func allow(sid string, actions ...string) policyStatement {
	return policyStatement{Sid: sid, Effect: "Allow", Action: actions}
}

// policies returns all policies for keys: those of whoever uses them, and those
// of the keys.
func policies(keys []keeper.MasterKey, o PolicyOptions) ([]policyOf, error) {
	var all []policyOf
	byRole := map[string][]keeper.MasterKey{}
	byARN := map[string][]keeper.MasterKey{}
	for _, m := range keys {
		byRole[awskey.Role(m)] = append(byRole[awskey.Role(m)], m)
		byARN[m.Text(awskey.FieldARN)] = append(byARN[m.Text(awskey.FieldARN)], m)
	}
	for _, role := range slices.Sorted(maps.Keys(byRole)) {
		statements, err := identityStatements(byRole[role], o.ReadOnly)
		if err != nil {
			return nil, err
		}
		of := cmp.Or(role, strings.Join(o.Principals, " and "), "whoever uses the files")
		all = append(all, policyOf{identityPolicy, of, document(statements)})
		if role != "" {
			all = append(all, callersOf(role), trustOf(role, o.Principals))
		}
	}
	for _, arn := range slices.Sorted(maps.Keys(byARN)) {
		statements, err := keyStatements(arn, byARN[arn], o)
		if err != nil {
			return nil, err
		}
		all = append(all, policyOf{keyPolicy, arn, document(statements)})
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
func identityStatements(keys []keeper.MasterKey, readOnly bool) ([]policyStatement, error) {
	var use, look []policyStatement
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

// resourceOf names a key in an identity policy. An alias cannot stand there: it
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
func share(list []policyStatement, s policyStatement, resource string, condition map[string]map[string][]string) []policyStatement {
	same := func(t policyStatement) bool { return fmt.Sprint(t.Condition) == fmt.Sprint(condition) }
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
func numbered(list []policyStatement) []policyStatement {
	count := map[string]int{}
	for i, s := range list {
		count[s.Sid]++
		list[i].Sid = fmt.Sprintf("Sops%s%d", s.Sid, count[s.Sid])
	}
	return list
}

func callersOf(role string) policyOf {
	s := allow("SopsAssumesTheRole", "sts:AssumeRole")
	s.Resource = []string{role}
	return policyOf{callerPolicy, role, document([]policyStatement{s})}
}

func trustOf(role string, principals []string) policyOf {
	s := allow("SopsAssumesTheRole", "sts:AssumeRole")
	s.Principal = map[string][]string{"AWS": cmpList(principals, []string{accountRoot(role)})}
	return policyOf{trustPolicy, role, document([]policyStatement{s})}
}

// keyStatements is the policy of one key: its account decides, and those who
// use it may do so under the contexts of the files.
func keyStatements(arn string, keys []keeper.MasterKey, o PolicyOptions) ([]policyStatement, error) {
	if _, err := awskey.ParseARN(arn); err != nil {
		return nil, err
	}
	account := allow("Account", "kms:*")
	account.Principal = map[string][]string{"AWS": {accountRoot(arn)}}
	account.Resource = []string{"*"}
	var use []policyStatement
	var who []string
	for _, m := range keys {
		principals := cmpList(o.Principals, []string{accountRoot(arn)})
		if role := awskey.Role(m); role != "" {
			principals = []string{role}
		}
		s := allow("Use", uses(o.ReadOnly)...)
		s.Principal, s.Resource, s.Condition = map[string][]string{"AWS": principals}, []string{"*"}, contextCondition(m)
		use = append(use, s)
		who = append(who, principals...)
	}
	slices.Sort(who)
	look := allow("Look", "kms:DescribeKey")
	look.Principal, look.Resource = map[string][]string{"AWS": slices.Compact(who)}, []string{"*"}
	return numbered(slices.Concat([]policyStatement{account}, use, []policyStatement{look})), nil
}

// accountRoot stands for all of the account of an ARN.
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
