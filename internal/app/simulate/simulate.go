// Package simulate answers whether a principal may do something to a key of AWS
// KMS, from policies in files: the same evaluator as devkms has decides.
package simulate

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// Options are the options of Run.
type Options struct {
	Principal, Action, Resource string
	EncryptionContext           string
	Conditions                  []string // KEY=VALUE
	MFA                         bool
	SessionTags                 []string // KEY=VALUE

	World string // a file of devkms; or else the files below

	KeyPolicy, TrustPolicy, Boundary, SessionPolicy string
	Identity, SCPs, RCPs, Grants                    []string
	Organization                                    string // of the accounts, for those files
}

// Run prints the answer. One that is no is an error as well.
func Run(ctx context.Context, a *app.App, o Options) error {
	q, err := o.question()
	if err != nil {
		return err
	}
	f := &files{ctx: ctx, a: a}
	world := f.world(o, q)
	if o.SessionPolicy != "" {
		q.SessionPolicy = f.policy(o.SessionPolicy)
	}
	if f.err != nil {
		return f.err
	}
	answer, err := devkms.Simulate(world, q)
	if err != nil {
		return app.Fail(app.Other, "ARNs must be complete, and be those of the policies", "%v", err)
	}
	var b bytes.Buffer
	if a.JSON {
		err = hint.EncodeJSON(&b, answer, "  ")
	} else {
		o.print(&b, answer)
	}
	if err != nil {
		return err
	}
	if _, err := a.Stdout.Write(b.Bytes()); err != nil {
		return err
	}
	if !answer.Allowed {
		return app.Fail(app.Other, "", "%s may not %s", hint.Line(answer.Principal), hint.Line(answer.Action))
	}
	return nil
}

func (o Options) question() (devkms.Question, error) {
	q := devkms.Question{Principal: o.Principal, Action: o.Action, Resource: o.Resource, MFA: o.MFA}
	if !strings.Contains(q.Action, ":") {
		q.Action = "kms:" + q.Action
	}
	if q.Principal == "" {
		return q, app.Fail(app.Other, "name it with --principal arn:aws:iam::ACCOUNT:user/NAME, or role/NAME", "whose call is it?")
	}
	if q.Resource == "" && o.World == "" {
		return q, app.Fail(app.Other, "name it with --key arn:aws:kms:REGION:ACCOUNT:key/ID", "which key is it about?")
	}
	if o.Organization == "" && len(o.SCPs)+len(o.RCPs) > 0 {
		return q, app.Fail(app.Other, "name the organization of the accounts, as aws:PrincipalOrgID has it: --organization o-...", "policies of an organization need its id")
	}
	texts, err := app.ParseContext(o.EncryptionContext)
	if err != nil {
		return q, err
	}
	q.Context = texts
	if q.SessionTags, err = pairs("--session-tag", o.SessionTags); err != nil {
		return q, err
	}
	more, err := pairs("--condition", o.Conditions)
	if err != nil {
		return q, err
	}
	q.Conditions = map[string][]string{}
	for k, v := range more {
		q.Conditions[k] = strings.Split(v, ",")
	}
	return q, nil
}

func pairs(flag string, list []string) (map[string]string, error) {
	out := map[string]string{}
	for _, text := range list {
		k, v, ok := strings.Cut(text, "=")
		if !ok || k == "" {
			return nil, app.Fail(app.Other, "write "+flag+" KEY=VALUE", "%s: %q has no value", flag, text)
		}
		out[k] = v
	}
	return out, nil
}

// print writes the answer for people.
func (o Options) print(b *bytes.Buffer, answer *devkms.Answer) {
	word := "ALLOWED"
	if !answer.Allowed {
		word = "DENIED"
	}
	fmt.Fprintf(b, "%s: %s on %s\n", word, hint.Line(answer.Action), hint.Line(answer.Resource))
	fmt.Fprintf(b, "as %s\n", hint.Line(answer.Principal))
	if answer.Reason != "" {
		fmt.Fprintf(b, "%s\n", hint.Line(answer.Reason))
	}
	for _, s := range answer.Deciding {
		fmt.Fprintf(b, "\n%s:\n  %s\n", decided(answer), o.place(s))
	}
	if answer.Allowed {
		o.notes(b, answer)
		return
	}
	for _, s := range answer.Near {
		fmt.Fprintf(b, "\nnearly allowed by:\n  %s\n  but %s\n", o.place(s), hint.Line(s.Lacks))
	}
	if answer.Remove && len(answer.Deciding) > 0 {
		b.WriteString("\nwhat would change it: take the caller, the action or the condition out of that statement; no Allow outdoes a Deny\n")
	}
	for _, add := range answer.Add {
		fmt.Fprintf(b, "\nwhat would change it: in the %s,\n  %s\n", o.owner(add.Kind), add.Statement)
	}
	o.notes(b, answer)
}

func decided(answer *devkms.Answer) string {
	if answer.Allowed {
		return "allowed by"
	}
	return "denied by"
}

// notes are what the policies do not say.
func (o Options) notes(b *bytes.Buffer, answer *devkms.Answer) {
	if answer.Open != "" {
		fmt.Fprintf(b, "\nnot documented: %s\n", hint.Line(answer.Open))
	}
	if answer.State != "" {
		fmt.Fprintf(b, "\nthe key is %s: KMS refuses to use it whatever the policies say\n", hint.Line(answer.State))
	}
}

// place says where a statement is.
func (o Options) place(s devkms.Source) string {
	if s.Kind == "grant" {
		return "grant " + s.Statement
	}
	text, file := o.kind(s.Kind), s.Policy
	if file == "" {
		file = o.World
	}
	text += " " + hint.Line(file)
	if s.Line > 0 {
		text += fmt.Sprintf(", line %d", s.Line)
	}
	return text + ", " + hint.Line(s.Statement)
}

// kind names a kind of policy as people do.
func (o Options) kind(kind string) string {
	switch {
	case kind != "resource-based policy":
		return kind
	case strings.Contains(o.Resource, ":iam:"):
		return "trust policy"
	}
	return "key policy"
}

// owner says whose policy is meant.
func (o Options) owner(kind string) string {
	if kind == "resource-based policy" {
		return o.kind(kind)
	}
	return kind + " of the caller"
}
