package around

import (
	"context"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Diagnose tries w with the keys of this machine and with every service.
func (t inTurn) Diagnose(ctx context.Context, w keeper.WrappedKey) keeper.Diagnosis {
	var d keeper.Diagnosis
	if t.local != nil {
		d = diagnoseLocal(ctx, t.local, w)
	}
	for _, s := range t.services {
		tried := attempt(s.String(), func() ([]keeper.Step, error) {
			_, err := s.Unwrap(ctx, w)
			return []keeper.Step{{Name: "decrypt", OK: err == nil}}, err
		})
		d.Opens = d.Opens || tried.Cause == ""
		d.Attempts = append(d.Attempts, tried)
	}
	return d
}

// diagnoseLocal asks for as much as the keeper of this kind of key can say.
func diagnoseLocal(ctx context.Context, local keeper.Keeper, w keeper.WrappedKey) keeper.Diagnosis {
	if diagnoser, ok := keeper.As[keeper.Diagnoser](local, w.Kind); ok {
		return diagnoser.Diagnose(ctx, w)
	}
	tried := attempt("the keys of this machine", func() ([]keeper.Step, error) {
		if examiner, ok := keeper.As[keeper.Examiner](local, w.Kind); ok {
			return examiner.Examine(ctx, w)
		}
		_, err := local.Unwrap(ctx, w)
		return []keeper.Step{{Name: "decrypt", OK: err == nil}}, err
	})
	return keeper.Diagnosis{Opens: tried.Cause == "", Attempts: []keeper.Attempt{tried}}
}

// attempt notes what came of one way.
func attempt(as string, try func() ([]keeper.Step, error)) keeper.Attempt {
	start := time.Now()
	steps, err := try()
	a := keeper.Attempt{As: as}
	for _, s := range steps {
		a.Steps = append(a.Steps, keeper.TimedStep{Step: s, Took: time.Since(start)})
	}
	if err != nil {
		a.Cause = err.Error()
		if hints := hint.Hints(err); len(hints) > 0 {
			a.Hint = hints[0]
		}
	}
	return a
}
