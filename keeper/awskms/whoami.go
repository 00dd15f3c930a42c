package awskms

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/identity"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/session"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/who"
)

// Identify asks STS who this machine is, and draws how it came to be that.
func (k *Keeper) Identify(ctx context.Context) keeper.Picture {
	w := &who.Who{Chain: []who.Link{}, Steps: []Step{}}
	if k.err != nil {
		w.Error = k.err.Error()
		return w.Picture()
	}
	id := k.callerIdentity(Account{})
	e := env.Env(k.o.Env)
	w.Why, w.Mapped = who.Reasons(e, k.set, slices.Concat(k.o.Profile, k.o.Role), id.Origin == identity.FromRun), k.set.Mapped()
	a := &Attempt{Origin: string(id.Origin), Profile: id.Profile, Role: id.Role(), Call: "profile", id: id}
	p, err := k.pool.Profile(id.Profile)
	if err != nil {
		a.step("profile", 0, err)
		return came(w, a.failed(k.o.Env, nil, err), nil).Picture()
	}
	w.Region = cmp.Or(e.Get("AWS_REGION"), e.Get("AWS_DEFAULT_REGION"), p.Shared.Region, "us-east-1")
	w.Profile = id.Profile
	a.Region, a.arn = w.Region, awskey.ARN{Region: w.Region}
	s, err := k.enter(ctx, id, a, job{arn: a.arn, enter: k.last(ctx)})
	if err != nil {
		w.Draw(p, id, a.Source)
		return came(w, a.failed(k.o.Env, s, err), nil).Picture()
	}
	ctx, cancel := session.Limited(ctx, k.last(ctx))
	defer cancel()
	start := k.o.Now()
	a.Call = "sts:GetCallerIdentity"
	out, err := s.STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	a.step(a.Call, k.o.Now().Sub(start), err)
	w.Draw(p, id, a.Source)
	if err != nil {
		return came(w, a.failed(k.o.Env, s, session.InTime(ctx, err)), nil).Picture()
	}
	return came(w, a, out).Picture()
}

// came notes how far the attempt came.
func came(w *who.Who, a *Attempt, out *sts.GetCallerIdentityOutput) *who.Who {
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
	w.Chain = append(w.Chain, who.Link{Name: w.ARN, Detail: detail})
	return w
}
