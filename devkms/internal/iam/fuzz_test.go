package iam

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
)

// with returns the case with one statement more in the policy of the kind.
func (c naiveCase) with(t *testing.T, kind int, statement string) naiveCase {
	t.Helper()
	more := `{"Version":"2012-10-17","Statement":` + statement + `}`
	c.identity = slices.Clone(c.identity)
	switch kind % 4 {
	case 0:
		c.identity = append(c.identity, more)
	case 1:
		c.key = joined(t, c.key, statement)
	case 2:
		if c.boundary != "" {
			c.boundary = joined(t, c.boundary, statement)
		}
	case 3:
		if c.session != "" {
			c.session = joined(t, c.session, statement)
		}
	}
	return c
}

// joined is the policy with a statement more.
func joined(t *testing.T, policy, statement string) string {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(policy), &doc); err != nil {
		t.Fatal(err)
	}
	list, ok := doc["Statement"].([]any)
	if !ok {
		list = []any{doc["Statement"]}
	}
	doc["Statement"] = append(list, json.RawMessage(statement))
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// statementOf makes a random statement that is good in a policy of the kind.
func (d dice) statementOf(t *testing.T, kind int, effect string) string {
	t.Helper()
	st := d.statement(kind%4 == 1)
	st["Effect"] = effect
	b, err := json.Marshal(st)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// FuzzAnAllowMoreNeverRefuses: adding an Allow statement to any policy that is
// there never turns an answer from yes to no.
func FuzzAnAllowMoreNeverRefuses(f *testing.F) {
	for i := range uint64(20) {
		f.Add(i, int(i))
	}
	f.Fuzz(func(t *testing.T, seed uint64, kind int) {
		kind &= 3
		d := dice{rand.New(rand.NewPCG(seed, 7))}
		c := d.question()
		if !c.decision(t).Allowed {
			return
		}
		if more := c.with(t, kind, d.statementOf(t, kind, "Allow")); !more.decision(t).Allowed {
			t.Fatalf("an Allow more refuses:\n%+v\n%+v", c, more)
		}
	})
}

// FuzzADenyMoreNeverAllows: adding a Deny statement to any policy that is there
// never turns an answer from no to yes.
func FuzzADenyMoreNeverAllows(f *testing.F) {
	for i := range uint64(20) {
		f.Add(i, int(i))
	}
	f.Fuzz(func(t *testing.T, seed uint64, kind int) {
		kind &= 3
		d := dice{rand.New(rand.NewPCG(seed, 8))}
		c := d.question()
		if c.decision(t).Allowed {
			return
		}
		if more := c.with(t, kind, d.statementOf(t, kind, "Deny")); more.decision(t).Allowed {
			t.Fatalf("a Deny more allows:\n%+v\n%+v", c, more)
		}
	})
}

// FuzzADenyOfEverythingWins: whatever else the policies say, a Deny that applies
// to every request refuses.
func FuzzADenyOfEverythingWins(f *testing.F) {
	for i := range uint64(20) {
		f.Add(i, int(i))
	}
	f.Fuzz(func(t *testing.T, seed uint64, kind int) {
		kind &= 1
		d := dice{rand.New(rand.NewPCG(seed, 9))}
		c := d.question()
		deny := `{"Effect":"Deny","Action":"*","Resource":"*"}`
		if kind == 1 {
			deny = `{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}`
		}
		if c.with(t, kind, deny).decision(t).Allowed {
			t.Fatalf("allowed in spite of a Deny of everything:\n%+v", c)
		}
	})
}

// FuzzPoliciesAreReadOrRefused: no text makes the parser panic, and its error
// names a reason.
func FuzzPoliciesAreReadOrRefused(f *testing.F) {
	d := dice{rand.New(rand.NewPCG(5, 6))}
	for range 20 {
		f.Add(d.policy(true))
	}
	f.Add(`{"Statement":[{"Effect":"Allow","NotPrincipal":{"AWS":[]}}]}`)
	f.Add(`[[[[[[[[[[[[[[[[[[[[[[[[[[[[`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePolicy(text)
		switch {
		case err != nil && err.Error() == "":
			t.Fatal("an error without a reason")
		case err == nil && p.JSON() != text:
			t.Fatalf("got %q, want the text as it was written: %q", p.JSON(), text)
		}
	})
}
