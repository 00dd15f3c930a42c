package world

import (
	"strings"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
)

// A Policy is a parsed IAM policy document: an identity policy, a key policy,
// a trust policy or a permissions boundary.
type Policy struct{ parsed *iam.Policy }

// ParsePolicy reads a policy document. What a particular kind of policy must
// or must not have is checked when a world is.
func ParsePolicy(text string) (*Policy, error) {
	p, err := iam.ParsePolicy(text)
	if err != nil {
		return nil, err
	}
	return &Policy{p}, nil
}

// JSON returns the document as it was written.
func (p *Policy) JSON() string { return p.parsed.JSON() }

// Parsed returns the policy for the evaluator, nil for none.
func Parsed(p *Policy) *iam.Policy {
	if p == nil {
		return nil
	}
	return p.parsed
}

func parsedAll(list []*Policy) []*iam.Policy {
	var out []*iam.Policy
	for _, p := range list {
		out = append(out, p.parsed)
	}
	return out
}

// sessionRole returns the name of the role in the resource of a session's ARN.
func sessionRole(resource string) (string, bool) {
	kind, rest, _ := strings.Cut(resource, "/")
	role, _, _ := strings.Cut(rest, "/")
	return role, kind == "assumed-role"
}

// Named says what the policy was read from, for whoever must find a statement.
func (p *Policy) Named(name string) *Policy {
	p.parsed.Name = name
	return p
}

// Principals returns the principals of AWS that the policy names.
func (p *Policy) Principals() []string { return p.parsed.Principals() }
