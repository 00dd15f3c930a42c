package devkms

import (
	"net/http"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/anywhere"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/container"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/endpoint"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/imds"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/opaque"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/signin"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/sso"
)

// A service is one whose requests carry no signature of AWS: it is known by the
// paths that it answers.
type service interface {
	Name() string
	Operation(*http.Request) string // "" if the request is for another service
	Answer(*endpoint.Call) endpoint.Answer
	Fail(*endpoint.Call, endpoint.Trouble) endpoint.Answer
}

// services makes those that the world has.
func (s *Server) services(tokens *opaque.Tokens) []service {
	var all []service
	w := s.world
	if w.SSO != nil {
		s.sso = &sso.Service{Directory: directoryOf(w), Tokens: tokens, URL: s.URL, Assign: s.sts.Assign}
		all = append(all, s.sso)
	}
	if w.Instance != nil {
		all = append(all, &imds.Service{Instance: instanceOf(w), Sealed: tokens, Assign: s.sts.Assign})
	}
	if w.Task != nil || w.Pod != nil {
		all = append(all, &container.Service{Task: taskOf(w), Pod: s.pod(), Assign: s.sts.Assign})
	}
	if a, u := w.FindUser(w.Console); u != nil {
		s.signin = &signin.Service{User: u.ARN(a.ID), Tokens: tokens, Assign: s.sts.Assign, IDToken: s.idToken}
		all = append(all, s.signin)
	}
	if w.Anywhere != nil {
		a, r := w.FindRole(w.Anywhere.Role)
		at := "arn:aws:rolesanywhere:" + w.Regions[0] + ":" + a.ID + ":"
		s.anywhere = &anywhere.Service{
			Profile: anywhere.Profile{
				Anchor: at + "trust-anchor/00000000-0000-4000-8000-000000000001", Profile: at + "profile/00000000-0000-4000-8000-000000000002",
				Role: r.ARN(a.ID), Authority: s.machines.Certificate,
			},
			Now: s.now, Assign: s.sts.Assign,
		}
		all = append(all, s.anywhere)
	}
	return all
}

// idToken makes the token that names a console session.
func (s *Server) idToken(now time.Time, client, subject string) (string, error) {
	return s.sts.Token(now, "https://signin.aws.amazon.com", subject, client, signin.Life)
}

// directory is what the user of IAM Identity Center may become.
func directoryOf(w *World) sso.Directory {
	d := sso.Directory{StartURL: w.SSO.StartURL, User: w.SSO.User, Login: w.SSO.Login, Approves: w.SSO.Approves}
	for _, a := range w.Accounts {
		for i := range a.PermissionSets {
			p := &a.PermissionSets[i]
			d.Assigned = append(d.Assigned, sso.Assigned{Account: a.ID, Name: p.Name, Role: p.RoleIn(a.ID, w.SSO.Region).ARN(a.ID), Life: p.Duration()})
		}
	}
	return d
}

func instanceOf(w *World) imds.Instance {
	i := imds.Instance{ID: w.Instance.ID, Region: w.Regions[0], Tokens: w.Instance.Tokens, HopLimit: w.Instance.HopLimit, Hops: w.Instance.Hops}
	if a, r := w.FindRole(w.Instance.Role); r != nil {
		i.Account, i.Role, i.RoleName = a.ID, r.ARN(a.ID), r.Name
	}
	return i
}

func taskOf(w *World) *container.Task {
	if w.Task == nil {
		return nil
	}
	return &container.Task{ID: w.Task.ID, Role: roleARN(w, w.Task.Role), Authorization: w.Task.Authorization}
}

// podAudience is that of the tokens by which pods ask for credentials.
const podAudience = "pods.eks.amazonaws.com"

// issuer of the tokens of the pod's cluster, and their subject.
func podIssuer(p *Pod) string { return "https://oidc.eks.devkms.example.com/id/" + p.Cluster }

func podSubject(p *Pod) string {
	return "system:serviceaccount:" + p.Namespace + ":" + p.ServiceAccount
}

func (s *Server) pod() *container.Pod {
	p := s.world.Pod
	if p == nil {
		return nil
	}
	a, _ := s.world.FindRole(p.Role)
	return &container.Pod{
		Role: roleARN(s.world, p.Role), Session: "eks-" + p.Cluster + "-" + p.Name + "-00000000-0000-4000-8000-000000000000",
		Tags: map[string]string{
			"eks-cluster-arn": "arn:aws:eks:" + s.world.Regions[0] + ":" + a.ID + ":cluster/" + p.Cluster, "eks-cluster-name": p.Cluster,
			"kubernetes-namespace": p.Namespace, "kubernetes-service-account": p.ServiceAccount, "kubernetes-pod-name": p.Name,
			"kubernetes-pod-uid": "00000000-0000-4000-8000-000000000000",
		},
		Accepts: func(now time.Time, token string) (ok, expired bool) {
			return s.sts.Accepts(now, token, podIssuer(p), podSubject(p), podAudience)
		},
	}
}

func roleARN(w *World, name string) string {
	a, r := w.FindRole(name)
	return r.ARN(a.ID)
}

// serviceOf finds the service that a request is for.
func (s *Server) serviceOf(r *http.Request) (service, string) {
	for _, each := range s.unsigned {
		if operation := each.Operation(r); operation != "" {
			return each, operation
		}
	}
	return nil, ""
}

// serve answers a request to a service.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, body []byte, to service, operation string) {
	c := &call{server: s, request: r, body: body, service: to.Name(), name: operation, region: s.world.Regions[0], now: s.worldTime(), id: s.requestID()}
	c.unsigned, c.in = to, &endpoint.Call{Request: r, Operation: operation, Body: body, Now: c.now}
	c.audit = &Call{Time: c.now, Service: c.service, Operation: c.name, Region: c.region, RequestID: c.id, SourceIP: remote(r), UserAgent: r.UserAgent()}
	w.Header().Set("x-amzn-RequestId", c.id)
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	if s.struck(w, c) {
		return
	}
	answer := to.Answer(c.in)
	c.audit.Principal, c.audit.Account, c.audit.Role = c.in.Principal, c.in.Account, c.in.Role
	c.audit.ErrorCode, c.audit.ErrorMessage = answer.Code, answer.Message
	s.audit.add(*c.audit)
	if answer.Silent {
		c.hang()
	}
	answer.Write(w)
}
