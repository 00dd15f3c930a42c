package app

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/audit"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// auditing makes sure that uses can be recorded before any key is asked, and
// returns what records that the data key of f was recovered. Whether the content
// is what it should be is not known by then, and does not matter.
func (a *App) auditing(ctx context.Context, f File, m *meta.Metadata) (func(*unlock.Recovered) error, error) {
	if err := a.Audit.Open(ctx); err != nil {
		return nil, err
	}
	return func(r *unlock.Recovered) error {
		e := a.use(audit.Decrypt, f, m)
		e.OpenedBy = audit.Keys(r.OpenedBy)
		return a.Audit.Record(ctx, e)
	}, nil
}

// Audited makes o record that the data key of f was recovered, for commands that
// decrypt texts which are no files of their own: versions, sides of a merge.
func (a *App) Audited(ctx context.Context, f File, o *envelope.DecryptOptions) error {
	if err := a.Audit.Open(ctx); err != nil {
		return err
	}
	o.Recovered = func(r *unlock.Recovered) error {
		e := audit.NewEvent(audit.Decrypt, a.auditPath(f), [][]keeper.MasterKey{r.OpenedBy})
		e.OpenedBy = audit.Keys(r.OpenedBy)
		return a.Audit.Record(ctx, e)
	}
	return nil
}

// RecordUse records that f is encrypted, or gets a new data key, before that is
// done.
func (a *App) RecordUse(ctx context.Context, action string, f File, m *meta.Metadata) error {
	return a.Audit.Record(ctx, a.use(action, f, m))
}

func (a *App) use(action string, f File, m *meta.Metadata) audit.Event {
	return audit.NewEvent(action, a.auditPath(f), m.MasterKeys())
}

// auditPath is the absolute path of f. For standard input it is the working
// directory, as in the records of SOPS.
func (a *App) auditPath(f File) string {
	if f.IsStdin() {
		return a.Dir
	}
	return a.Abs(f.Path)
}
