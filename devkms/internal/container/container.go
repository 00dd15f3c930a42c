// Package container is where programs in containers get the credentials of their
// task or pod: the address that an agent of ECS or EKS serves beside them.
package container

import (
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/endpoint"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/sts"
)

// TaskPath is the address of a task's credentials, without the task's id.
const TaskPath = "/v2/credentials/"

// PodPath is the address of a pod's credentials.
const PodPath = "/v1/credentials"

// A Task is one of ECS.
type Task struct {
	ID, Role      string // of the role the ARN
	Authorization string // that a request must have; "" if none need have
}

// A Pod is one of EKS with an association of its service account.
type Pod struct {
	Role    string // ARN
	Session string // name of the role session
	Tags    map[string]string
	// Accepts reports whether a token is one of the service account's.
	Accepts func(now time.Time, token string) (ok, expired bool)
}

// A Service answers a task and a pod.
type Service struct {
	Task   *Task
	Pod    *Pod
	Assign func(time.Time, sts.Assignment) (sts.Credentials, *apierror.Error)
}

// life is that of the credentials.
const life = 6 * time.Hour

// Name is the service in the audit log and in faults.
func (s *Service) Name() string { return "container" }

// Operation names the request, "" if it is for another service.
func (s *Service) Operation(r *http.Request) string {
	switch {
	case strings.HasPrefix(r.URL.Path, TaskPath):
		return "TaskCredentials"
	case r.URL.Path == PodPath:
		return "PodCredentials"
	}
	return ""
}

// Answer answers a request.
func (s *Service) Answer(c *endpoint.Call) endpoint.Answer {
	if c.Method != http.MethodGet {
		return refuse(http.StatusMethodNotAllowed, "MethodNotAllowed", "use GET")
	}
	if c.Operation == "PodCredentials" {
		return s.pod(c)
	}
	return s.task(c)
}

func (s *Service) task(c *endpoint.Call) endpoint.Answer {
	if s.Task == nil || strings.TrimPrefix(c.URL.Path, TaskPath) != s.Task.ID {
		return refuse(http.StatusNotFound, "InvalidIdInRequest", "CredentialsV2Request: Credentials not found")
	}
	if want := s.Task.Authorization; want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(c.Header.Get("Authorization"))) != 1 {
		return refuse(http.StatusUnauthorized, "AccessDeniedException", "the authorization token is missing or wrong")
	}
	return s.give(c, s.taskSession())
}

func (s *Service) taskSession() sts.Assignment {
	return sts.Assignment{Owner: s.Task.Role, Service: "ecs-tasks.amazonaws.com", Name: s.Task.ID, Life: life}
}

func (s *Service) pod(c *endpoint.Call) endpoint.Answer {
	if s.Pod == nil {
		return refuse(http.StatusNotFound, "ResourceNotFoundException", "there is no association for the service account")
	}
	switch ok, expired := s.Pod.Accepts(c.Now, c.Header.Get("Authorization")); {
	case expired:
		return refuse(http.StatusBadRequest, "ExpiredTokenException", "The service account token has expired.")
	case !ok:
		return refuse(http.StatusBadRequest, "InvalidTokenException", "Service account token cannot be empty or is not valid.")
	}
	return s.give(c, s.podSession())
}

func (s *Service) podSession() sts.Assignment {
	return sts.Assignment{Owner: s.Pod.Role, Service: "pods.eks.amazonaws.com", Name: s.Pod.Session, Life: life, Tags: s.Pod.Tags}
}

// give answers with the credentials of a session.
func (s *Service) give(c *endpoint.Call, a sts.Assignment) endpoint.Answer {
	c.Role = a.Owner
	got, problem := s.Assign(c.Now, a)
	if problem != nil {
		return refuse(http.StatusBadRequest, "AccessDeniedException", problem.Message)
	}
	c.Principal, c.Account = got.ARN, got.Account
	return written(a.Owner, got)
}

func written(role string, got sts.Credentials) endpoint.Answer {
	return endpoint.JSON(http.StatusOK, map[string]string{
		"AccessKeyId": got.AccessKey, "SecretAccessKey": got.Secret, "Token": got.Token,
		"Expiration": got.Expires.UTC().Format(time.RFC3339), "AccountId": got.Account, "RoleArn": role,
	})
}

// Fail says what a fault wants said.
func (s *Service) Fail(c *endpoint.Call, t endpoint.Trouble) endpoint.Answer {
	switch t {
	case endpoint.Throttled:
		return refuse(http.StatusTooManyRequests, "ThrottlingException", "Rate exceeded")
	case endpoint.Denied:
		return refuse(http.StatusBadRequest, "AccessDeniedException", "the role cannot be assumed (devkms fault)")
	case endpoint.Expired:
		var a sts.Assignment
		switch {
		case c.Operation == "PodCredentials" && s.Pod != nil:
			a = s.podSession()
		case s.Task != nil:
			a = s.taskSession()
		}
		if got, problem := s.Assign(c.Now.Add(-2*life), a); problem == nil {
			return written(a.Owner, got)
		}
	}
	return refuse(http.StatusInternalServerError, "InternalServerError", "devkms fault")
}

func refuse(status int, code, message string) endpoint.Answer {
	return endpoint.Refuse(status, code, message, map[string]string{"code": code, "message": message})
}
