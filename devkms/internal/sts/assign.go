package sts

import (
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
)

// An Assignment is a session that another service of AWS asks for: of a role
// that its instance profile, task, pod, certificate or permission set has, or of
// a user who has signed in to the console.
type Assignment struct {
	Owner   string // ARN of the role or user
	Service string // that the role must trust, such as ec2.amazonaws.com; "" if none need be
	Name    string // of the session
	Life    time.Duration
	Tags    map[string]string
	Source  string // the source identity
}

// Credentials are those of a session.
type Credentials struct {
	AccessKey, Secret, Token string
	Expires                  time.Time
	Account, ARN             string // of the principal
}

// Assign starts the session.
func (s *Service) Assign(now time.Time, a Assignment) (Credentials, *apierror.Error) {
	role := s.Roles[a.Owner]
	if role == nil && s.Users[a.Owner] == nil {
		return Credentials{}, apierror.Forbid("AccessDenied", "devkms: there is no %s any more", a.Owner)
	}
	if role != nil && a.Service != "" {
		if problem := role.trusts(now, a); problem != nil {
			return Credentials{}, problem
		}
	}
	t := &sessionToken{Owner: a.Owner, Name: a.Name, Issued: now, Expires: now.Add(a.Life), Tags: a.Tags, Source: a.Source}
	token, err := s.sealToken(t)
	if err != nil {
		return Credentials{}, internal(err)
	}
	who, err := s.principal(t)
	if err != nil {
		return Credentials{}, internal(err)
	}
	return Credentials{t.AccessKey, t.Secret, token, t.Expires, who.Account, who.ARN}, nil
}

// trusts asks the trust policy whether the service may do all that it does.
func (r *Role) trusts(now time.Time, a Assignment) *apierror.Error {
	actions := []string{"sts:AssumeRole"}
	if len(a.Tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if a.Source != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	who := &iam.Principal{Kind: iam.TokenBearer, Account: r.Account, Federated: a.Service, ARN: a.Service}
	for _, action := range actions {
		rq := iam.Request{Who: who, Now: now, Region: "us-east-1"}
		facts := rq.Facts()
		facts.Replace("aws:PrincipalIsAWSService", "true")
		facts.Set("aws:PrincipalServiceName", a.Service)
		facts.Set("aws:SourceAccount", r.Account)
		for k, v := range a.Tags {
			facts.Set("aws:RequestTag/"+k, v)
		}
		r.facts(facts)
		d := iam.Decide(iam.Question{Who: who, Action: action, Resource: r.ARN, Owner: r.Account, Facts: facts}, r.Trust, true)
		if !d.Allowed {
			return apierror.Forbid("AccessDenied", "%s is not authorized to perform: %s on resource: %s", a.Service, action, r.ARN)
		}
	}
	return nil
}
