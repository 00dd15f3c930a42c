// Package many runs a command over many files: it finds them, has a bounded
// number of them in work, and reports on each in order, with one summary and one
// exit status. A file that fails stops no other.
//
//	err := many.Run(ctx, a, many.Selection{Paths: args, Recursive: true}, many.Job{
//		Done: "rotated",
//		Work: func(ctx context.Context, a *app.App, f discover.File) error { return rotate(ctx, a, f.Path) },
//	})
package many

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/discover"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/interrupt"
	"github.com/seed-1f7fdfb8/sops/internal/outcome"
	"github.com/seed-1f7fdfb8/sops/internal/pool"
)

// A Job is what a command does to each of its files.
type Job struct {
	Done  string // what is said of a file that was changed, such as "rotated"
	Same  string // of one that was not; "" is "up to date"
	Reads bool   // nothing is changed: success needs no summary
	// Question, if there is one, is put once, after the plan for all files was
	// shown.
	Question string
	Work     func(ctx context.Context, a *app.App, f discover.File) error
	Exit     func(error) int // the exit status of an error
}

const (
	// changes is the exit status of a dry run that would change something.
	changes = 2
	// atOnce is how many files are in work at a time: almost all of their time
	// is waiting for a key service.
	atOnce = 32
	// grace is how long files may take to be finished after Ctrl-C.
	grace = 5 * time.Second
)

// Run does the job for all files of the selection.
func Run(ctx context.Context, a *app.App, s Selection, j Job) error {
	defer app.SurviveBrokenPipes()() // no file is left out because of what there is to say
	files, err := s.Files(ctx, a)
	if err != nil {
		return err
	}
	first := &report{app: a, job: j}
	if j.Question == "" || a.DryRun {
		return first.pass(ctx, files)
	}
	a.DryRun = true
	err = first.pass(ctx, files)
	a.DryRun = false
	if len(first.planned) == 0 || ctx.Err() != nil {
		return err // there is nothing to do, or something is wrong
	}
	if yes, err := agreed(ctx, a, j.Question); !yes || err != nil {
		return err
	}
	return (&report{app: a, job: j, before: first}).pass(ctx, first.planned)
}

// agreed puts the question about the plan.
func agreed(ctx context.Context, a *app.App, question string) (bool, error) {
	yes, err := false, errors.New("there is no question in JSON")
	if !a.JSON {
		yes, err = a.Agreed(ctx, question, "\n")
	}
	if err != nil {
		return false, &app.Error{Kind: app.Other, Err: err, Advice: []string{"--yes answers for you"}}
	}
	if !yes {
		a.Notef("nothing was changed")
	}
	return yes, nil
}

// pass goes through the files once and reports on them.
func (r *report) pass(ctx context.Context, files []discover.File) error {
	r.start, r.total = r.app.Now(), len(files)
	r.counts, r.statuses = map[string]int{}, map[int]bool{}
	defer r.watch()()
	work, stop := interrupt.Grace(ctx, grace)
	defer stop()
	err := pool.InOrder(ctx, files, atOnce, func(f discover.File) *result { return one(work, r.app, f, r.job) }, r.take)
	if err != nil && ctx.Err() == nil {
		return err // there is nowhere to report to
	}
	return r.end(ctx)
}

// A result is what came of one file.
type result struct {
	file           discover.File
	stdout, stderr bytes.Buffer
	outcome        *outcome.File
	err            error
	cut            bool // the run ended before the file was done
}

// one does the job for one file.
func one(ctx context.Context, a *app.App, f discover.File, j Job) *result {
	r := &result{file: f}
	own := a.OneOf(&r.stdout, &r.stderr, func(err error) { r.err = errors.Join(r.err, err) })
	r.outcome = own.Outcome()
	if err := j.Work(ctx, own, f); err != nil {
		r.err = named(f.Path, err)
		r.cut = ctx.Err() != nil && errors.Is(err, context.Cause(ctx))
	}
	return r
}

// named makes sure that an error names its file.
func named(path string, err error) error {
	if strings.Contains(err.Error(), path) {
		return err
	}
	return app.File{Path: path}.Named(err)
}

// status is the word for what became of the file.
func (r *result) status(dry bool) string {
	switch {
	case r.cut:
		return "skipped"
	case r.err != nil:
		return "failed"
	case !r.outcome.Changed:
		return "unchanged"
	case dry:
		return "planned"
	}
	return "changed"
}

// An Ended is the end of a run that reported everything already: an exit status.
type Ended struct{ Status int }

func (e *Ended) Error() string { return fmt.Sprintf("exit status %d", e.Status) }

// flush writes what a file printed.
func flush(w io.Writer, b *bytes.Buffer) error {
	if b.Len() == 0 {
		return nil
	}
	_, err := w.Write(b.Bytes())
	return err
}

// describe puts actions into words.
func describe(all []outcome.Action) string {
	var words []string
	for _, a := range all {
		text := strings.ReplaceAll(a.Do, "_", " ")
		if a.What != "" {
			text += " " + hint.Line(a.What)
		}
		if a.Why != "" {
			text += " (" + hint.Line(a.Why) + ")"
		}
		words = append(words, text)
	}
	return strings.Join(words, ", ")
}
