// Package who shows which identity of AWS a machine has, how it comes to it, and
// what else would have decided.
package who

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/identity"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/userfiles"
)

// A Who is the identity that calls are made as where no file asks for another,
// and why it is that one.
type Who struct {
	ARN     string    `json:"arn,omitempty"`
	Account string    `json:"account,omitempty"`
	UserID  string    `json:"user_id,omitempty"`
	Region  string    `json:"region"`
	Profile string    `json:"profile,omitempty"`
	Source  string    `json:"source,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
	Chain   []Link    `json:"chain"`
	Why     []Reason  `json:"why"`
	Mapped  []string  `json:"mapped_accounts,omitempty"` // for which sops/aws.yaml has another identity
	Steps   any       `json:"steps"`
	Error   string    `json:"error,omitempty"`
	Hint    string    `json:"hint,omitempty"`
}

// A Link is one step from what chooses the identity to who the caller is.
type Link struct {
	Name   string `json:"name"`
	Detail string `json:"detail,omitempty"`
}

// A Reason is one place that may choose the identity. The first that says
// something decides.
type Reason struct {
	Place   string `json:"place"`
	Says    string `json:"says"`
	Decides bool   `json:"decides,omitempty"`
}

// Draw adds the links from the first credentials to the last role.
func (w *Who) Draw(p *userfiles.Profile, id identity.Identity, source string) {
	name := "what the machine has"
	if id.Profile != "" {
		name = "profile " + hint.Line(id.Profile)
	}
	w.Chain = append(w.Chain, Link{name, hint.Line(cmp.Or(source, p.Origin()))})
	for _, r := range p.Roles() {
		w.Chain = append(w.Chain, Link{"role " + hint.Line(r.ARN), "role_arn of the profile"})
	}
	for _, r := range id.Roles {
		w.Chain = append(w.Chain, Link{"role " + hint.Line(r.ARN), string(id.Origin)})
	}
}

// Reasons lists what may choose the identity, in the order in which it counts.
func Reasons(e env.Env, set *identity.Settings, flags []string, run bool) []Reason {
	said := func(names ...string) string {
		var all []string
		for _, n := range names {
			if v := e.Get(n); v != "" {
				all = append(all, n+"="+hint.Line(v))
			}
		}
		return strings.Join(all, " ")
	}
	keyID := cmp.Or(e.Get("AWS_ACCESS_KEY_ID"), e.Get("AWS_ACCESS_KEY"))
	if _, whole := userfiles.Credentials(e); !whole && keyID != "" {
		keyID = ""
	}
	all := []Reason{
		{Place: "--aws-profile, --aws-role", Says: strings.Join(flags, " ")},
		{Place: "SOPS_AWS_PROFILE, SOPS_AWS_ROLE", Says: said("SOPS_AWS_PROFILE", "SOPS_AWS_ROLE")},
		{Place: "AWS_ACCESS_KEY_ID", Says: hint.Line(keyID)},
		{Place: "AWS_WEB_IDENTITY_TOKEN_FILE", Says: hint.Line(e.Get("AWS_WEB_IDENTITY_TOKEN_FILE"))},
		{Place: "AWS_PROFILE", Says: hint.Line(userfiles.AskedProfile(e))},
	}
	if set.HasDefault() {
		all = append(all, Reason{Place: "profile default", Says: strings.Join(userfiles.Shared(e).Config, " ")})
	} else {
		all = append(all, Reason{Place: "profile default"})
	}
	all = append(
		all,
		Reason{Place: "container", Says: said("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")},
		Reason{Place: "instance metadata", Says: "asked last"},
	)
	if strings.EqualFold(e.Get("AWS_EC2_METADATA_DISABLED"), "true") {
		all[len(all)-1].Says = ""
	}
	for i := range all {
		if all[i].Says != "" && (i > 1 || run) {
			all[i].Decides = true
			break
		}
	}
	return all
}

// Picture draws w for people.
func (w *Who) Picture() keeper.Picture {
	p := keeper.Picture{OK: w.Error == "", Service: "aws", Details: w}
	add := func(format string, args ...any) { p.Lines = append(p.Lines, fmt.Sprintf(format, args...)) }
	for i, l := range w.Chain {
		mark := " "
		if i == len(w.Chain)-1 && w.ARN != "" {
			mark = "="
		}
		if i > 0 {
			add("  |")
		}
		add("%s %s", mark, l.Name)
		if l.Detail != "" {
			add("  |  %s", l.Detail)
		}
	}
	if w.ARN != "" {
		p.Lines[len(p.Lines)-1] = "     " + w.Chain[len(w.Chain)-1].Detail
	}
	if w.Error != "" {
		add("! %s", w.Error)
		if w.Hint != "" {
			p.Hints = []string{w.Hint}
		}
	}
	add("")
	add("What decides, in this order:")
	decided := false
	for _, r := range w.Why {
		switch {
		case r.Decides:
			decided = true
			add("> %-32s %s", r.Place, r.Says)
		case r.Says != "" && decided:
			add("  %-32s %s (not reached)", r.Place, r.Says)
		default:
			add("  %-32s %s", r.Place, cmp.Or(r.Says, "-"))
		}
	}
	if len(w.Mapped) > 0 {
		add("For keys of %s, sops/aws.yaml comes first.", strings.Join(w.Mapped, ", "))
	}
	if w.Region != "" {
		add("Region: %s", w.Region)
	}
	return p
}
