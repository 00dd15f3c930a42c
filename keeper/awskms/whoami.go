package awskms

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/identity"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/session"
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
	Steps   []Step    `json:"steps"`
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

// Identify asks STS who this machine is, and draws how it came to be that.
func (k *Keeper) Identify(ctx context.Context) keeper.Picture {
	w := &Who{Chain: []Link{}, Steps: []Step{}}
	if k.err != nil {
		w.Error = k.err.Error()
		return w.picture()
	}
	id := k.callerIdentity(Account{})
	e := env.Env(k.o.Env)
	w.Why, w.Mapped = k.reasons(e, id), k.set.Mapped()
	a := &Attempt{Origin: string(id.Origin), Profile: id.Profile, Role: id.Role(), Call: "profile", id: id}
	p, err := k.pool.Profile(id.Profile)
	if err != nil {
		a.step("profile", 0, err)
		return w.came(a.failed(k.o.Env, nil, err), nil).picture()
	}
	w.Region = cmp.Or(e.Get("AWS_REGION"), e.Get("AWS_DEFAULT_REGION"), p.Shared.Region, "us-east-1")
	w.Profile = id.Profile
	a.Region, a.arn = w.Region, awskey.ARN{Region: w.Region}
	s, err := k.enter(ctx, id, a, job{arn: a.arn, enter: k.last(ctx)})
	if err != nil {
		w.draw(p, id, a)
		return w.came(a.failed(k.o.Env, s, err), nil).picture()
	}
	ctx, cancel := session.Limited(ctx, k.last(ctx))
	defer cancel()
	start := k.o.Now()
	a.Call = "sts:GetCallerIdentity"
	out, err := s.STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	a.step(a.Call, k.o.Now().Sub(start), err)
	w.draw(p, id, a)
	if err != nil {
		return w.came(a.failed(k.o.Env, s, session.InTime(ctx, err)), nil).picture()
	}
	return w.came(a, out).picture()
}

// came notes how far the attempt came.
func (w *Who) came(a *Attempt, out *sts.GetCallerIdentityOutput) *Who {
	w.Steps, w.Source, w.Expires = a.Steps, a.Source, a.Expires
	if out == nil {
		w.Error, w.Hint = a.Error(), a.Hint
		return w
	}
	w.ARN, w.Account, w.UserID = hint.Line(aws.ToString(out.Arn)), aws.ToString(out.Account), hint.Line(aws.ToString(out.UserId))
	detail := "account " + w.Account
	if !w.Expires.IsZero() {
		detail += ", good until " + w.Expires.UTC().Format(time.RFC3339)
	}
	w.Chain = append(w.Chain, Link{w.ARN, detail})
	return w
}

// draw adds the links from the first credentials to the last role.
func (w *Who) draw(p *userfiles.Profile, id identity.Identity, a *Attempt) {
	name := "what the machine has"
	if id.Profile != "" {
		name = "profile " + hint.Line(id.Profile)
	}
	detail := p.Origin()
	for _, s := range a.Steps {
		if s.Name == "credentials" && s.OK && a.Source != "" {
			detail = a.Source
		}
	}
	w.Chain = append(w.Chain, Link{name, hint.Line(detail)})
	for _, r := range p.Roles() {
		w.Chain = append(w.Chain, Link{"role " + hint.Line(r.ARN), "role_arn of the profile"})
	}
	for _, r := range id.Roles {
		w.Chain = append(w.Chain, Link{"role " + hint.Line(r.ARN), string(id.Origin)})
	}
}

// reasons lists what may choose the identity, in the order in which it counts.
func (k *Keeper) reasons(e env.Env, id identity.Identity) []Reason {
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
	if _, whole := userfiles.Credentials(k.o.Env); !whole && keyID != "" {
		keyID = ""
	}
	all := []Reason{
		{Place: "--aws-profile, --aws-role", Says: strings.Join(slices.Concat(k.o.Profile, k.o.Role), " ")},
		{Place: "SOPS_AWS_PROFILE, SOPS_AWS_ROLE", Says: said("SOPS_AWS_PROFILE", "SOPS_AWS_ROLE")},
		{Place: "AWS_ACCESS_KEY_ID", Says: hint.Line(keyID)},
		{Place: "AWS_WEB_IDENTITY_TOKEN_FILE", Says: hint.Line(e.Get("AWS_WEB_IDENTITY_TOKEN_FILE"))},
		{Place: "AWS_PROFILE", Says: hint.Line(userfiles.AskedProfile(e))},
	}
	if k.set.HasDefault() {
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
		if all[i].Says != "" && (i > 1 || id.Origin == identity.FromRun) {
			all[i].Decides = true
			break
		}
	}
	return all
}

// picture draws w for people.
func (w *Who) picture() keeper.Picture {
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
