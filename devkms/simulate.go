package devkms

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/keystore"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/kms"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/world"
)

// A Question is put to Simulate: may this principal do this to that?
type Question struct {
	Principal string // ARN of a user, a role, a session of a role, or the root of an account
	Action    string // kms:Decrypt, sts:AssumeRole
	Resource  string // ARN of a key, an alias or a role; "" for actions that have none
	Region    string // "" for that of the key, or else the first of the world
	Context   map[string]string
	// SessionPolicy and SessionTags are of the session of a role. MFA says that it,
	// or the temporary credentials of a user, were given for a code.
	SessionPolicy *Policy
	SessionTags   map[string]string
	MFA           bool
	Conditions    map[string][]string // further condition keys, or others in place of those that follow from the rest
}

// An Answer is what the policies say.
type Answer struct {
	Allowed   bool     `json:"allowed"`
	Principal string   `json:"principal"`
	Action    string   `json:"action"`
	Resource  string   `json:"resource"`
	Reason    string   `json:"reason,omitempty"` // of a refusal, as AWS words it
	Deciding  []Source `json:"deciding,omitempty"`
	Missing   string   `json:"missing,omitempty"` // of a refusal because nothing allows: the kind of policy that does not
	Near      []Source `json:"near,omitempty"`    // statements of that kind that would allow it but for one thing
	// Add are statements that would let it through, if they alone can; Remove says
	// that a Deny stays in the way.
	Add    []Addition `json:"add,omitempty"`
	Remove bool       `json:"denied,omitempty"`
	Open   string     `json:"undocumented,omitempty"` // what AWS does not document here
	State  string     `json:"state,omitempty"`        // of the key, if it cannot be used in it
}

// A Source is a statement, and where it is.
type Source struct {
	Kind      string `json:"kind"`
	Policy    string `json:"policy,omitempty"`
	Line      int    `json:"line,omitempty"`
	Statement string `json:"statement"`
	Lacks     string `json:"lacks,omitempty"`
}

// An Addition is a statement that a kind of policy lacks.
type Addition struct {
	Kind      string `json:"kind"`
	Statement string `json:"statement"`
}

// Simulate answers a question as a server with this world would.
func Simulate(w *World, q Question) (*Answer, error) {
	s, err := New(Options{World: w})
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Close() }() // it has no state
	return s.Simulate(q)
}

// Simulate answers a question from the world as it is now.
func (s *Server) Simulate(q Question) (answer *Answer, err error) {
	who, err := s.asker(q)
	if err != nil {
		return nil, err
	}
	arn, _ := awsname.ParseARN(q.Resource)
	region := cmp.Or(arn.Region, q.Region, s.world.Regions[0])
	c := &kms.Call{Service: s.kms, Request: iam.Request{Who: who, Now: s.worldTime(), Region: region, SourceIP: "127.0.0.1"}}
	s.store.View(func() {
		var policy *iam.Policy
		var trust bool
		var ask iam.Question
		var state string
		switch {
		case q.Resource == "" || q.Resource == "*":
			ask = iam.Question{Who: who, Action: q.Action, Resource: "*", Owner: who.Account, Facts: c.Facts()}
		case arn.Service == "iam":
			ask, policy, err = s.assumption(c, q)
			trust = true
		default:
			var t kms.Target
			if t, err = findTarget(c, q); err == nil {
				ask, policy = c.Question(q.Action, t, q.Context, operationFacts(q.Action)), t.PolicyAt(c.Now)
				if t.Usable() != nil && t.State != keystore.Enabled {
					state = t.State
				}
			}
		}
		if err != nil {
			return
		}
		for name, values := range q.Conditions {
			ask.Facts.Replace(name, "")
			delete(ask.Facts, strings.ToLower(name))
			ask.Facts.Set(name, values...)
		}
		if arn.Service == "kms" && ask.Owner != who.Account && !kms.AcrossAccounts(q.Action) {
			answer = &Answer{Principal: who.ARN, Action: q.Action, Resource: ask.Resource, Reason: "because KMS does not do this for other accounts", Remove: true}
			return
		}
		answer = explain(ask, policy, trust)
		answer.State = state
	})
	return answer, err
}

// findTarget finds the key. Whether the caller may know of it is for the policies.
func findTarget(c *kms.Call, q Question) (kms.Target, error) {
	t, problem := c.Find(q.Resource, "kms:Decrypt")
	if problem != nil {
		return t, fmt.Errorf("there is no key %s in the world", q.Resource)
	}
	return t, nil
}

// operationFacts are the condition keys that follow from the action.
func operationFacts(action string) iam.Conditions {
	switch action {
	case "kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo":
		return iam.Fact("kms:EncryptionAlgorithm", kms.Algorithm)
	case "kms:ListGrants", "kms:RevokeGrant", "kms:CreateGrant":
		return iam.Fact("kms:GrantIsForAWSResource", "false")
	}
	return nil
}

// asker is who asks: a user, a root, or a session of a role.
func (s *Server) asker(q Question) (*iam.Principal, error) {
	callers := world.Principals(s.world)
	if u, ok := callers.Users[q.Principal]; ok {
		who := *u
		if q.MFA {
			who.Issued, who.MFATime = s.worldTime(), s.worldTime()
		}
		return &who, nil
	}
	arn, name := q.Principal, "session"
	if a, ok := awsname.ParseARN(arn); ok && a.Service == "sts" {
		role, session, _ := strings.Cut(strings.TrimPrefix(a.Resource, "assumed-role/"), "/")
		name = session
		for _, r := range callers.Roles {
			if r.Account == a.Account && r.Name == role {
				arn = r.ARN
			}
		}
	}
	r, ok := callers.Roles[arn]
	if !ok {
		return nil, fmt.Errorf("there is no principal %s in the world", q.Principal)
	}
	who := r.Session(name)
	who.Issued = s.worldTime()
	if q.MFA {
		who.MFATime = s.worldTime()
	}
	who.Tags = map[string]string{}
	maps.Copy(who.Tags, r.Tags)
	maps.Copy(who.Tags, q.SessionTags)
	who.SessionPolicy = world.Parsed(q.SessionPolicy)
	return who, nil
}

// assumption asks for a role: its trust policy is the policy of the resource.
func (s *Server) assumption(c *kms.Call, q Question) (iam.Question, *iam.Policy, error) {
	r, ok := world.Principals(s.world).Roles[q.Resource]
	if !ok {
		return iam.Question{}, nil, fmt.Errorf("there is no role %s in the world", q.Resource)
	}
	facts := c.Request.Facts()
	facts.Set("aws:ResourceAccount", r.Account)
	facts.Set("sts:RoleSessionName", "session")
	for k, v := range r.Tags {
		facts.Set("aws:ResourceTag/"+k, v)
	}
	return iam.Question{Who: c.Who, Action: q.Action, Resource: r.ARN, Owner: r.Account, Facts: facts}, r.Trust, nil
}

// explain decides, and says what would change the answer.
func explain(q iam.Question, policy *iam.Policy, trust bool) *Answer {
	d := iam.Decide(q, policy, trust)
	a := &Answer{
		Allowed: d.Allowed, Principal: q.Who.ARN, Action: q.Action, Resource: q.Resource,
		Reason: d.Reason, Missing: string(d.Missing), Open: d.Open,
	}
	for _, r := range d.Deciding {
		a.Deciding = append(a.Deciding, source(r, ""))
	}
	if d.Allowed {
		return a
	}
	for _, m := range iam.Misses(q, policy, trust, d) {
		a.Near = append(a.Near, source(m.Ref, m.Reason))
	}
	more, enough := iam.Additions(q, policy, trust)
	a.Remove = !enough
	for _, m := range more {
		a.Add = append(a.Add, Addition{string(m.Layer), m.Statement})
	}
	a.Add = slices.Clip(a.Add)
	return a
}

func source(r iam.Ref, lacks string) Source {
	out := Source{Kind: string(r.Layer), Line: r.Line, Statement: strings.Trim(r.Label, "()"), Lacks: lacks}
	if r.Policy != nil {
		out.Policy = r.Policy.Name
	}
	return out
}
