package awspolicy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
)

const (
	ownerAccount, otherAccount = "111122223333", "444455556666"
	keyID                      = "11112222-3333-4111-8111-000000000001"
	keyARN                     = "arn:aws:kms:us-east-1:" + ownerAccount + ":key/" + keyID
	aliasARN                   = "arn:aws:kms:us-east-1:" + ownerAccount + ":alias/app"
)

// A situation is one way of using a key.
type situation struct {
	arn      string
	account  string // of the user
	role     string // that the user assumes, or ""
	context  map[string]string
	readOnly bool
}

func (s situation) String() string {
	return fmt.Sprintf("%s from %s in role %q with %v, read only %v", s.arn, s.account, s.role, s.context, s.readOnly)
}

func (s situation) user() string { return "arn:aws:iam::" + s.account + ":user/ann" }

// caller is who uses the key in the end.
func (s situation) caller() string {
	if s.role != "" {
		return s.role
	}
	return s.user()
}

func situations() []situation {
	var all []situation
	for _, arn := range []string{keyARN, aliasARN} {
		for _, account := range []string{ownerAccount, otherAccount} {
			for _, role := range []string{"", "arn:aws:iam::" + ownerAccount + ":role/use", "arn:aws:iam::" + otherAccount + ":role/use"} {
				for _, context := range []map[string]string{nil, {"app": "web", "stage": "prod"}} {
					for _, readOnly := range []bool{false, true} {
						all = append(all, situation{arn, account, role, context, readOnly})
					}
				}
			}
		}
	}
	return all
}

// world pastes the policies into a world that has nothing else.
func (s situation) world(t *testing.T, printed []Policy) *devkms.World {
	t.Helper()
	parsed := func(d Document) *devkms.Policy {
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		p, err := devkms.ParsePolicy(string(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return p
	}
	accounts := map[string]*devkms.Account{ownerAccount: {ID: ownerAccount}, otherAccount: {ID: otherAccount}}
	user := devkms.User{Name: "ann"}
	role := devkms.Role{Name: "use"}
	key := devkms.Key{ID: keyID, Regions: []string{"us-east-1"}, Aliases: []string{"alias/app"}}
	for _, p := range printed {
		policy := parsed(p.Document)
		switch {
		case p.Kind == ofKey:
			key.Policy = policy
		case p.Kind == trust:
			role.Trust = policy
		case p.Kind == identity && s.role != "":
			role.Policies = append(role.Policies, policy)
		default:
			user.Policies = append(user.Policies, policy)
		}
	}
	accounts[s.account].Users = []devkms.User{user, {Name: "eve"}}
	if s.role != "" {
		a := accounts[strings.Split(s.role, ":")[4]]
		a.Roles = []devkms.Role{role}
	}
	accounts[ownerAccount].Keys = []devkms.Key{key}
	return &devkms.World{Regions: []string{"us-east-1"}, Accounts: []devkms.Account{*accounts[ownerAccount], *accounts[otherAccount]}}
}

// needed are the calls that the situation is about.
func (s situation) needed() []devkms.Question {
	var all []devkms.Question
	actions := []string{"kms:Decrypt", "kms:DescribeKey"}
	if !s.readOnly {
		actions = append(actions, "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo")
	}
	for _, a := range actions {
		q := devkms.Question{Principal: s.caller(), Action: a, Resource: s.arn, Context: s.context}
		if a == "kms:DescribeKey" {
			q.Context = nil
		}
		all = append(all, q)
	}
	if s.role != "" {
		all = append(all, devkms.Question{Principal: s.user(), Action: "sts:AssumeRole", Resource: s.role})
	}
	return all
}

func allowed(t *testing.T, w *devkms.World, q devkms.Question) bool {
	t.Helper()
	a, err := devkms.Simulate(w, q)
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	return a.Allowed
}

// TestPrintedPoliciesSuffice pastes what is printed into devkms: every call that
// the program makes is allowed then.
func TestPrintedPoliciesSuffice(t *testing.T) {
	t.Parallel()
	for _, s := range situations() {
		w := s.world(t, s.printed(t))
		for _, q := range s.needed() {
			if !allowed(t, w, q) {
				t.Errorf("%s: %s is denied", s, q.Action)
			}
		}
	}
}

// TestPrintedPoliciesAllowNothingElse: another context, another user, and the
// management of the key are denied.
func TestPrintedPoliciesAllowNothingElse(t *testing.T) {
	t.Parallel()
	for _, s := range situations() {
		w := s.world(t, s.printed(t))
		refuse := func(what string, q devkms.Question) {
			if allowed(t, w, q) {
				t.Errorf("%s: %s is allowed", s, what)
			}
		}
		decrypt := devkms.Question{Principal: s.caller(), Action: "kms:Decrypt", Resource: s.arn, Context: s.context}
		for _, action := range []string{"kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:PutKeyPolicy", "kms:CreateGrant", "kms:GenerateDataKey"} {
			q := decrypt
			q.Action = action
			refuse(action, q)
		}
		other := decrypt
		other.Principal = "arn:aws:iam::" + s.account + ":user/eve"
		refuse("another user", other)
		if s.role != "" {
			other.Action, other.Resource, other.Context = "sts:AssumeRole", s.role, nil
			refuse("another user in the role", other)
			direct := decrypt
			direct.Principal = s.user()
			refuse("the user without the role", direct)
		}
		if s.context != nil {
			less := decrypt
			less.Context = map[string]string{"app": "web"}
			refuse("half of the context", less)
		}
		if s.readOnly {
			q := decrypt
			q.Action = "kms:Encrypt"
			refuse("kms:Encrypt", q)
		}
	}
}

// TestPrintedPoliciesAreTheLeast takes away one action of a statement at a time:
// across accounts, where both sides must allow, a call that is needed is denied.
func TestPrintedPoliciesAreTheLeast(t *testing.T) {
	t.Parallel()
	for _, s := range situations() {
		if strings.Contains(s.caller(), ownerAccount) { // one side is enough there: either policy may be used alone
			continue
		}
		for i, p := range s.printed(t) {
			if p.Kind == caller && s.role != "" && strings.Contains(s.role, s.account) {
				continue // the trust policy names the user of its own account
			}
			for j, st := range p.Document.Statement {
				if st.Sid == "SopsAccount1" { // for whoever manages the key
					continue
				}
				for k := range st.Action {
					less := s.printed(t)
					less[i].Document.Statement[j].Action = slices.Delete(slices.Clone(st.Action), k, k+1)
					if len(st.Action) == 1 {
						less[i].Document.Statement[j].Action = []string{"kms:ListKeys"}
					}
					w := s.world(t, less)
					if !slices.ContainsFunc(s.needed(), func(q devkms.Question) bool { return !allowed(t, w, q) }) {
						t.Errorf("%s: %s is not needed in %s", s, st.Action[k], p.Place())
					}
				}
			}
		}
	}
}

func (s situation) printed(t *testing.T) []Policy {
	t.Helper()
	text := s.arn
	if s.role != "" {
		text += "+" + s.role
	}
	keys, err := awskey.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	all, err := For([]keeper.MasterKey{keys[0].With(awskey.FieldContext, s.context)}, []string{s.user()}, s.readOnly)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
