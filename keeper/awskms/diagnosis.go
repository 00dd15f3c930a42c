package awskms

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Diagnose does what Unwrap would and reports how each step went. It does not
// recover the data key.
func (k *Keeper) Diagnose(ctx context.Context, w keeper.WrappedKey) keeper.Diagnosis {
	r := k.report(ctx, w)
	d := keeper.Diagnosis{Opens: r.Opens, Problem: r.Problem, Hints: r.Hints, Service: "aws", Details: &r}
	for _, a := range r.Attempts {
		d.Attempts = append(d.Attempts, a.forPeople())
	}
	return d
}

// forPeople returns the attempt in the words of people.
func (a *Attempt) forPeople() keeper.Attempt {
	identity := "the ambient credentials"
	if a.Profile != "" {
		identity = "profile " + hint.Line(a.Profile)
	}
	if a.Role != "" {
		identity += " in role " + hint.Line(a.Role)
	}
	out := keeper.Attempt{As: fmt.Sprintf("%s (%s), region %s", identity, a.Origin, a.Region), Absent: a.Cause == NoProfile}
	for _, s := range a.Steps {
		out.Steps = append(out.Steps, keeper.TimedStep{
			Step: keeper.Step{Name: s.Name, OK: s.OK, Detail: s.Detail, Hint: s.Hint},
			Took: s.Took,
		})
	}
	if a.Err == nil {
		return out
	}
	reason := []string{string(a.Cause)}
	for _, part := range []string{a.Code, a.Request} {
		if part != "" {
			reason = append(reason, part)
		}
	}
	out.Cause, out.Hint = cmp.Or(strings.Join(reason, ", "), a.Err.Error()), a.Hint
	return out
}
