package iam

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
)

const (
	someKey     = "arn:aws:kms:us-east-1:111111111111:key/11111111-1111-4111-8111-000000000001"
	someRole    = "arn:aws:iam::111111111111:role/path/deploy"
	someSession = "arn:aws:sts::111111111111:assumed-role/deploy/me"
	someUser    = "arn:aws:iam::111111111111:user/alice"
)

// A dice makes random policies from a small vocabulary, so that they often
// meet the questions.
type dice struct{ *rand.Rand }

func pick[T any](d dice, list ...T) T { return list[d.IntN(len(list))] }

// some returns one text or a list of some.
func some[T any](d dice, f func() T) any {
	if d.IntN(3) > 0 {
		return f()
	}
	out := []T{}
	for range 1 + d.IntN(3) {
		out = append(out, f())
	}
	return out
}

func (d dice) principal() string {
	return pick(d, "*", "111111111111", "222222222222", awsname.RootARN("111111111111"), awsname.RootARN("222222222222"), someUser, someRole, someSession,
		"arn:aws:iam::111111111111:user/bob", "arn:aws:sts::111111111111:assumed-role/deploy/other", "arn:aws:iam::222222222222:user/eve")
}

func (d dice) action() string {
	return pick(d, "*", "kms:*", "kms:Decrypt", "KMS:decrypt", "kms:De?rypt", "kms:Encrypt", "kms:D*t", "sts:*", "kms:ReEncrypt*")
}

func (d dice) resource() string {
	return pick(d, "*", "*", someKey, "arn:aws:kms:*:111111111111:key/*", "arn:*:*:*:*:*", "arn:aws:kms:*:key/11111111-1111-4111-8111-000000000001:x", "arn:aws:kms:us-east-1:222222222222:*", "arn:aws:kms:us-east-1:${aws:PrincipalAccount}:key/*", "arn:aws:kms:*:${aws:missing}:*")
}

func (d dice) condition() (operator, key string, values any) {
	operator = pick(d, "", "", "", "ForAnyValue:", "ForAllValues:") + pick(d, Operators()...)
	if !strings.HasSuffix(operator, "Null") && d.IntN(4) == 0 {
		operator += "IfExists"
	}
	key = pick(d, "kms:EncryptionContext:App", "KMS:encryptioncontext:app", "kms:EncryptionContextKeys", "aws:PrincipalTag/team", "aws:missing",
		"aws:CurrentTime", "aws:EpochTime", "aws:PrincipalArn", "aws:SourceIp", "aws:SecureTransport")
	value := func() any {
		return pick[any](d, "x", "X", "x*", "?", "*", "App", "B", "true", "false", true, false, 5, 1700000000, "5.0", "2023-11-14", "2023-11-14T22:13:20Z", "2030-01-01T00:00Z",
			someUser, someRole, "arn:aws:iam::*:role/*", "arn:aws:iam::1*:user/a?ice", "arn:*:*", "127.0.0.1", "127.0.0.0/8", "10.0.0.0/8", "nonsense",
			"${aws:PrincipalTag/team}", "${aws:missing}", "${aws:missing, 'x'}", "${*}", "x${?}", "pre${aws:PrincipalTag/team}*", "${unclosed")
	}
	return operator, key, some(d, value)
}

func (d dice) statement(principal bool) map[string]any {
	st := map[string]any{"Effect": pick(d, "Allow", "Allow", "Deny")}
	st[pick(d, "Action", "Action", "Action", "NotAction")] = some(d, d.action)
	st[pick(d, "Resource", "Resource", "Resource", "NotResource")] = some(d, d.resource)
	if principal {
		st[pick(d, "Principal", "Principal", "Principal", "NotPrincipal")] = pick[any](d, "*", map[string]any{"AWS": some(d, d.principal)}, map[string]any{"AWS": some(d, d.principal), "Service": "ec2.amazonaws.com"})
	}
	if d.IntN(2) == 0 {
		conditions := map[string]map[string]any{}
		for range 1 + d.IntN(2) {
			op, key, values := d.condition()
			if conditions[op] == nil {
				conditions[op] = map[string]any{}
			}
			conditions[op][key] = values
		}
		st["Condition"] = conditions
	}
	return st
}

func (d dice) policy(principal bool) string {
	doc := map[string]any{}
	if d.IntN(5) > 0 {
		doc["Version"] = "2012-10-17"
	}
	doc["Statement"] = some(d, func() map[string]any { return d.statement(principal) })
	b, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (d dice) facts() Conditions {
	f := Conditions{}
	maybe := func(name string, values ...string) {
		if d.IntN(3) > 0 {
			f.Set(name, values...)
		}
	}
	maybe("kms:EncryptionContext:App", pick(d, "x", "X", "xyz", "", "*"))
	maybe("kms:EncryptionContextKeys", pick(d, []string{"App"}, []string{"App", "B"}, []string{"app", "C", "x"})...)
	maybe("aws:PrincipalTag/team", pick(d, "x", "*", "a"))
	maybe("aws:CurrentTime", "2023-11-14T22:13:20Z")
	maybe("aws:EpochTime", "1700000000")
	maybe("aws:PrincipalArn", pick(d, someUser, someRole))
	maybe("aws:PrincipalAccount", "111111111111")
	maybe("aws:SourceIp", "127.0.0.1")
	maybe("aws:SecureTransport", "true")
	return f
}

// question makes a random question in both evaluators' terms.
func (d dice) question() naiveCase {
	c := naiveCase{account: "111111111111", owner: pick(d, "111111111111", "111111111111", "222222222222"), action: pick(d, "kms:Decrypt", "kms:Encrypt"), facts: d.facts(), key: d.policy(true)}
	c.resource = strings.Replace(someKey, "111111111111", c.owner, 1)
	switch d.IntN(5) {
	case 0:
		c.root, c.arn = true, awsname.RootARN(c.account)
		return c
	case 1, 2:
		c.arn = someUser
	default:
		c.arn, c.role = someSession, someRole
		if d.IntN(3) == 0 {
			c.session = d.policy(false)
		}
	}
	for range d.IntN(3) {
		c.identity = append(c.identity, d.policy(false))
	}
	if d.IntN(3) == 0 {
		c.boundary = d.policy(false)
	}
	return c
}

// decision asks the real evaluator.
func (c naiveCase) decision(t *testing.T) Decision {
	t.Helper()
	parse := func(text string) *Policy {
		p, err := ParsePolicy(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return p
	}
	who := &Principal{Account: c.account, ARN: c.arn, RoleARN: c.role}
	switch {
	case c.root:
		who.Kind = RootUser
	case c.role != "":
		who.Kind = RoleSession
	}
	for _, p := range c.identity {
		who.Policies = append(who.Policies, parse(p))
	}
	if c.boundary != "" {
		who.Boundary = parse(c.boundary)
	}
	if c.session != "" {
		who.SessionPolicy = parse(c.session)
	}
	return Decide(Question{Who: who, Action: c.action, Resource: c.resource, Owner: c.owner, Facts: c.facts}, parse(c.key), false)
}

func TestTwoIndependentEvaluatorsAgree(t *testing.T) {
	t.Parallel()
	d := dice{rand.New(rand.NewPCG(1, 2))}
	allowed := 0
	const rounds = 8_000
	for range rounds {
		c := d.question()
		got := c.decision(t)
		if got.Allowed != c.allowed() {
			t.Fatalf("decide says %+v, the naive evaluator %v:\n%+v", got, c.allowed(), c)
		}
		if got.Allowed {
			allowed++
		}
		if !got.Allowed && got.Reason == "" {
			t.Fatalf("a refusal without a Reason: %+v", c)
		}
	}
	// A test that only ever refuses, or allows, shows nothing.
	if allowed < rounds/20 || allowed > rounds*19/20 {
		t.Errorf("%d of %d questions are allowed", allowed, rounds)
	}
}

func TestMoreDenialsNeverAllowMore(t *testing.T) {
	t.Parallel()
	d := dice{rand.New(rand.NewPCG(3, 4))}
	for range 2_000 {
		c := d.question()
		if c.decision(t).Allowed {
			continue
		}
		st := d.statement(false)
		st["Effect"] = "Deny"
		b, err := json.Marshal(map[string]any{"Statement": st})
		if err != nil {
			t.Fatal(err)
		}
		c.identity = append(c.identity, string(b))
		if c.decision(t).Allowed {
			t.Fatalf("a denial more allows: %+v", c)
		}
	}
}

func FuzzParsedPoliciesDecideAlike(f *testing.F) {
	d := dice{rand.New(rand.NewPCG(5, 6))}
	for range 40 {
		f.Add(d.policy(true))
	}
	f.Add(DefaultKeyPolicy("111111111111").JSON())
	base := []naiveCase{
		{account: "111111111111", arn: someUser, owner: "111111111111"},
		{account: "111111111111", arn: someSession, role: someRole, owner: "111111111111", identity: []string{`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`}},
		{account: "111111111111", arn: someUser, owner: "222222222222", identity: []string{`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`}},
	}
	facts := Conditions{"kms:encryptioncontext:app": {"x"}, "kms:encryptioncontextkeys": {"App", "B"}, "aws:sourceip": {"127.0.0.1"}, "aws:currenttime": {"2023-11-14T22:13:20Z"}, "aws:principalarn": {someUser}}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePolicy(text)
		if err != nil {
			return
		}
		if p.JSON() != text {
			t.Fatalf("the policy comes back as %q", p.JSON())
		}
		for _, c := range base {
			c.key, c.action, c.resource, c.facts = text, "kms:Decrypt", someKey, facts
			if got := c.decision(t); got.Allowed != c.allowed() {
				t.Fatalf("decide says %+v, the naive evaluator %v", got, c.allowed())
			}
		}
	})
}
