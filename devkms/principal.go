package devkms

import (
	"crypto/sha256"
	"encoding/base32"
	"time"
)

// A principal is who makes a call: an account's root, a user, or a session
// of a role. For AssumeRoleWithWebIdentity it is the bearer of a token.
type principal struct {
	kind      principalKind
	account   string
	name      string // of the user or role
	arn       string // what policies and GetCallerIdentity call it
	roleARN   string // of a session: its role
	id        string // AIDA..., or AROA...:session
	federated string // of a token's bearer: the ARN of the OIDC provider
	accessKey string

	policies      []*Policy
	boundary      *Policy
	sessionPolicy *Policy
	tags          map[string]string
	transitive    []string
	source        string // the SourceIdentity, which chains keep

	issued  time.Time // of a session
	mfaTime time.Time // zero if no MFA was used

	viaService, sourceIP string
	mfa                  *MFA
}

type principalKind int

const (
	userKind principalKind = iota
	rootUser
	roleSession
	tokenBearer
)

func (p *principal) session() bool { return p.kind == roleSession }

// names are all the ARNs under which a policy may speak of p.
func (p *principal) names() []string {
	if p.federated != "" {
		return []string{p.federated}
	}
	names := []string{rootARN(p.account)}
	if p.kind != rootUser {
		names = append(names, p.arn)
	}
	if p.session() {
		names = append(names, p.roleARN)
	}
	return names
}

// uniqueID derives the stable id that IAM would have given: a prefix and 17
// letters.
func uniqueID(prefix, arn string) string {
	sum := sha256.Sum256([]byte(arn))
	return prefix + base32.StdEncoding.EncodeToString(sum[:])[:17]
}
