package app

import (
	"cmp"
	"io"

	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/outcome"
	"github.com/seed-1f7fdfb8/sops/internal/term"
)

// OneOf returns the world for one file of several: what is printed goes to these
// writers, keepers and their sessions are those of the run, and questions have no
// answer, since other files are in work beside it.
func (a *App) OneOf(stdout, stderr io.Writer, showError func(error)) *App {
	whole := a.run()
	whole.making.Lock()
	defer whole.making.Unlock()
	if whole.configs == nil {
		whole.configs = map[string]func() (*config.File, error){}
	}
	return &App{
		Stdin: a.Stdin, Stdout: stdout, Stderr: stderr, Env: a.Env, Dir: a.Dir, Now: a.Now, Random: a.Random, HostName: a.HostName,
		Terminal: func() (*term.Terminal, error) { return nil, term.ErrNone },
		Verbose:  a.Verbose, JSON: a.JSON, Audit: a.Audit, DryRun: a.DryRun, ShowError: showError, whole: whole,
	}
}

// run returns the world of the run.
func (a *App) run() *App { return cmp.Or(a.whole, a) }

// Outcome returns what became of the file.
func (a *App) Outcome() *outcome.File { return &a.outcome }

// came notes what became of a file, which is another one without InPlace.
func (a *App) came(t *Tx) {
	o := &a.outcome
	o.Format = t.In.Name()
	switch {
	case t.r.InPlace && t.result == nil:
		o.Became(t.Data, t.Data)
	case t.r.InPlace:
		o.Became(t.Data, t.result)
	case t.r.Output != "" && t.result != nil:
		o.Became(nil, t.result)
	}
}
