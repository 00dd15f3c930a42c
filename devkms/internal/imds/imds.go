// Package imds is the instance metadata service of EC2, version 2 and, where the
// instance allows it, version 1: session tokens, the credentials of the
// instance's role, and where the instance is.
package imds

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/endpoint"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/opaque"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/sts"
)

// What an instance does about session tokens.
const (
	Optional    = "optional"    // versions 1 and 2
	Required    = "required"    // version 2 only
	Unsupported = "unsupported" // version 1 only, as look-alikes of the service are
)

// TokenModes are all of them.
func TokenModes() []string { return []string{Optional, Required, Unsupported} }

// An Instance is what the service speaks of.
type Instance struct {
	ID, Account, Region string
	Role                string // ARN; "" if the instance has none
	RoleName            string
	Tokens              string // see above
	HopLimit            int    // how many hops the answer with a token may take
	Hops                int    // how many there are to the program: 2 out of a container
}

// A Service answers programs of one instance.
type Service struct {
	Instance
	Sealed *opaque.Tokens
	Assign func(time.Time, sts.Assignment) (sts.Credentials, *apierror.Error)
}

// credentialLife is how long EC2 makes the credentials of a role last.
const credentialLife = 6 * time.Hour

const (
	rolesPath    = "/latest/meta-data/iam/security-credentials"
	documentPath = "/latest/dynamic/instance-identity/document"
	ttlHeader    = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds"
	tokenHeader  = "X-Aws-Ec2-Metadata-Token"
)

// Name is the service in the audit log and in faults.
func (s *Service) Name() string { return "imds" }

// Operation names the request, "" if it is for another service.
func (s *Service) Operation(r *http.Request) string {
	path := strings.TrimSuffix(r.URL.Path, "/")
	switch {
	case path == "/latest/api/token":
		return "MetadataToken"
	case path == rolesPath:
		return "MetadataRole"
	case strings.HasPrefix(path, rolesPath+"/"):
		return "MetadataCredentials"
	case path == documentPath:
		return "MetadataDocument"
	case strings.HasPrefix(path, "/latest"):
		return "Metadata"
	}
	return ""
}

// Answer answers a request.
func (s *Service) Answer(c *endpoint.Call) endpoint.Answer {
	if c.Operation == "MetadataToken" {
		return s.token(c)
	}
	if c.Method != http.MethodGet {
		return plain(http.StatusMethodNotAllowed)
	}
	if given := c.Header.Get(tokenHeader); s.Tokens != Unsupported && (given != "" || s.Tokens == Required) && !s.valid(given, c.Now) {
		return plain(http.StatusUnauthorized)
	}
	switch c.Operation {
	case "MetadataRole":
		if s.Role == "" {
			return plain(http.StatusNotFound)
		}
		return endpoint.Text(http.StatusOK, s.RoleName)
	case "MetadataCredentials":
		return s.credentials(c)
	case "MetadataDocument":
		return s.document()
	}
	facts := map[string]string{
		"instance-id": s.ID, "placement/region": s.Region, "placement/availability-zone": s.Region + "a", "local-ipv4": "127.0.0.1",
	}
	text, known := facts[strings.TrimPrefix(c.URL.Path, "/latest/meta-data/")]
	if !known {
		return plain(http.StatusNotFound)
	}
	return endpoint.Text(http.StatusOK, text)
}

// A token is what a session token says.
type token struct {
	Expires time.Time `json:"e"`
}

// token answers the PUT of a session. Its answer does not come through to
// programs that are further away than the instance's hop limit: silence.
func (s *Service) token(c *endpoint.Call) endpoint.Answer {
	switch {
	case s.Tokens == Unsupported:
		return plain(http.StatusNotFound)
	case c.Method != http.MethodPut:
		return plain(http.StatusMethodNotAllowed)
	case c.Header.Get("X-Forwarded-For") != "":
		return plain(http.StatusForbidden)
	case s.Hops > s.HopLimit:
		return endpoint.Answer{Silent: true, Code: "HopLimit", Message: "the answer takes more hops than the instance allows"}
	}
	text := c.Header.Get(ttlHeader)
	seconds, err := strconv.Atoi(text)
	if err != nil || seconds < 1 || seconds > 21600 {
		return plain(http.StatusBadRequest)
	}
	sealed, err := s.Sealed.Make("imds", token{c.Now.Add(time.Duration(seconds) * time.Second)})
	if err != nil {
		return plain(http.StatusInternalServerError)
	}
	a := endpoint.Text(http.StatusOK, sealed)
	a.Header.Set(ttlHeader, text)
	return a
}

func (s *Service) valid(text string, now time.Time) bool {
	var t token
	return s.Sealed.Open("imds", text, &t) && now.Before(t.Expires)
}

// A document is the credentials as the service writes them.
type document struct {
	Code, LastUpdated string
	Message           string `json:",omitempty"`
	Type              string `json:",omitempty"`
	AccessKeyID       string `json:"AccessKeyId,omitempty"`
	SecretAccessKey   string `json:",omitempty"`
	Token             string `json:",omitempty"`
	Expiration        string `json:",omitempty"`
}

func (s *Service) credentials(c *endpoint.Call) endpoint.Answer {
	if s.Role == "" || strings.TrimPrefix(c.URL.Path, rolesPath+"/") != s.RoleName {
		return plain(http.StatusNotFound)
	}
	c.Role = s.Role
	got, problem := s.Assign(c.Now, sts.Assignment{Owner: s.Role, Service: "ec2.amazonaws.com", Name: s.ID, Life: credentialLife})
	if problem != nil {
		return s.failed(c.Now, "AssumeRoleUnauthorizedAccess", "EC2 cannot assume the role "+s.RoleName+".  Please see documentation at https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html#troubleshoot_iam-ec2_errors-info-doc.")
	}
	c.Principal, c.Account = got.ARN, got.Account
	return jsonText(s.written(c.Now, got))
}

func (s *Service) written(now time.Time, got sts.Credentials) document {
	return document{
		Code: "Success", LastUpdated: stamp(now), Type: "AWS-HMAC", AccessKeyID: got.AccessKey, SecretAccessKey: got.Secret,
		Token: got.Token, Expiration: stamp(got.Expires),
	}
}

// failed is a document without credentials, whose status is 200 all the same.
func (s *Service) failed(now time.Time, code, message string) endpoint.Answer {
	a := jsonText(document{Code: code, Message: message, LastUpdated: stamp(now)})
	a.Code, a.Message = code, message
	return a
}

func (s *Service) document() endpoint.Answer {
	return jsonText(map[string]string{
		"accountId": s.Account, "architecture": "x86_64", "availabilityZone": s.Region + "a", "imageId": "ami-00000000000000000",
		"instanceId": s.ID, "instanceType": "t3.small", "pendingTime": "2026-01-01T00:00:00Z", "privateIp": "127.0.0.1",
		"region": s.Region, "version": "2017-09-30",
	})
}

// Fail says what a fault wants said.
func (s *Service) Fail(c *endpoint.Call, t endpoint.Trouble) endpoint.Answer {
	switch t {
	case endpoint.Throttled:
		return plain(http.StatusTooManyRequests)
	case endpoint.Denied:
		if c.Operation == "MetadataCredentials" {
			return s.failed(c.Now, "AssumeRoleUnauthorizedAccess", "EC2 cannot assume the role "+s.RoleName+".")
		}
		return plain(http.StatusForbidden)
	case endpoint.Expired:
		if c.Operation != "MetadataCredentials" {
			return plain(http.StatusUnauthorized)
		}
		then := c.Now.Add(-2 * credentialLife)
		got, problem := s.Assign(then, sts.Assignment{Owner: s.Role, Name: s.ID, Life: credentialLife})
		if problem == nil {
			return jsonText(s.written(then, got))
		}
	}
	return plain(http.StatusInternalServerError)
}

// plain is an answer of the kind that a web server gives by itself.
func plain(status int) endpoint.Answer {
	a := endpoint.Text(status, strconv.Itoa(status)+" - "+http.StatusText(status))
	a.Code, a.Message = strconv.Itoa(status), http.StatusText(status)
	return a
}

// jsonText is JSON that is called plain text, as the service does.
func jsonText(v any) endpoint.Answer {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return plain(http.StatusInternalServerError)
	}
	return endpoint.Text(http.StatusOK, string(b))
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
