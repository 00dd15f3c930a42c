package many

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/discover"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/outcome"
)

// A report is what a run says of its files, and in the end of itself.
type report struct {
	app      *app.App
	before   *report // of the plan, whose failures count as well
	planned  []discover.File
	job      Job
	start    time.Time
	total    int
	done     int
	counts   map[string]int // by status
	statuses map[int]bool   // exit statuses of failures
	unwraps  int64
	wraps    int64
	line     *progress // nil without a terminal
}

// fileLine is the report on one file for programs. All fields are always there.
type fileLine struct {
	V       int              `json:"v"`
	Type    string           `json:"type"`
	Path    string           `json:"path"`
	Format  string           `json:"format"`
	Status  string           `json:"status"`
	Actions []outcome.Action `json:"actions"`
	Needs   needs            `json:"needs"`
	Before  string           `json:"before"`
	After   string           `json:"after"`
	Error   *failure         `json:"error"`
}

type needs struct {
	Unwrap int64 `json:"unwrap"`
	Wrap   int64 `json:"wrap"`
}

type failure struct {
	Code    string   `json:"code"`
	Message string   `json:"message"`
	Hints   []string `json:"hints"`
}

// summaryLine is the report on the run for programs.
type summaryLine struct {
	V           int     `json:"v"`
	Type        string  `json:"type"`
	Planned     int     `json:"planned"`
	Changed     int     `json:"changed"`
	Unchanged   int     `json:"unchanged"`
	Skipped     int     `json:"skipped"`
	Failed      int     `json:"failed"`
	Unwraps     int64   `json:"unwraps"`
	Wraps       int64   `json:"wraps"`
	Seconds     float64 `json:"seconds"`
	Interrupted bool    `json:"interrupted"`
}

// take reports on one file.
func (r *report) take(f *result) error {
	status := f.status(r.app.DryRun)
	r.done++
	r.counts[status]++
	if status == "planned" {
		r.planned = append(r.planned, f.file)
	}
	unwraps, wraps := f.outcome.Calls.Unwraps.Load(), f.outcome.Calls.Wraps.Load()
	r.unwraps, r.wraps = r.unwraps+unwraps, r.wraps+wraps
	if f.err != nil && !f.cut {
		r.statuses[r.job.Exit(f.err)] = true
	}
	if err := flush(r.app.Stderr, &f.stderr); err != nil {
		return err
	}
	if err := flush(r.app.Stdout, &f.stdout); err != nil {
		return err
	}
	defer r.line.draw(r, f.file.Path)
	switch {
	case r.app.JSON && !r.job.Reads:
		return hint.EncodeJSON(r.app.Stdout, r.lineOf(f, status, needs{unwraps, wraps}), "")
	case f.cut:
	case f.err != nil:
		r.app.ShowError(f.err)
	default:
		return r.say(f, status)
	}
	return nil
}

// lineOf is the report on one file for programs.
func (r *report) lineOf(f *result, status string, n needs) fileLine {
	o := f.outcome
	line := fileLine{
		V: 1, Type: "file", Path: filepath.ToSlash(f.file.Path), Format: o.Format, Status: status,
		Actions: append([]outcome.Action{}, o.Actions...), Needs: n, Before: o.Before, After: o.After,
	}
	if status == "planned" {
		line.After = "" // other random bytes would give another text
	}
	if f.err != nil {
		code := r.job.Exit(f.err)
		line.Error = &failure{hint.Code(f.err, code), f.err.Error(), append([]string{}, hint.Hints(f.err)...)}
	}
	return line
}

// say reports on one file for people.
func (r *report) say(f *result, status string) error {
	path := hint.Line(f.file.Path)
	switch {
	case status == "planned":
		_, err := fmt.Fprintf(r.app.Stdout, "%s: %s\n", path, describe(f.outcome.Actions))
		return err
	case status == "changed":
		r.app.Notef("%s: %s", path, r.job.Done)
	default:
		r.app.Verbosef("%s: %s", path, r.same(f))
	}
	return nil
}

func (r *report) same(f *result) string {
	switch {
	case f.outcome.UpToDate != "":
		return f.outcome.UpToDate
	case r.job.Same != "":
		return r.job.Same
	}
	return "up to date"
}

// end reports on the run and returns its exit status.
func (r *report) end(ctx context.Context) error {
	r.line.erase()
	interrupted := ctx.Err() != nil
	if r.before != nil {
		r.counts["failed"] += r.before.counts["failed"]
		r.counts["unchanged"] += r.before.counts["unchanged"]
		maps.Copy(r.statuses, r.before.statuses)
	}
	left := r.total - r.done
	seconds := r.app.Now().Sub(r.start).Seconds()
	switch {
	case r.app.JSON && !r.job.Reads:
		err := hint.EncodeJSON(r.app.Stdout, summaryLine{
			1, "summary", r.counts["planned"], r.counts["changed"], r.counts["unchanged"], r.counts["skipped"] + left, r.counts["failed"],
			r.unwraps, r.wraps, seconds, interrupted,
		}, "")
		if err != nil {
			return err
		}
	case !r.job.Reads || r.counts["failed"] > 0 || interrupted:
		r.app.Notef("%s", r.summary(left, seconds))
	}
	switch {
	case interrupted:
		return &Ended{1} // the signal has a status of its own
	case r.counts["failed"] > 0 && (len(r.statuses) > 1 || r.app.DryRun):
		return &Ended{1}
	case r.counts["failed"] > 0:
		for status := range r.statuses {
			return &Ended{status}
		}
	case r.counts["planned"] > 0:
		return &Ended{changes}
	}
	return nil
}

// summary puts the counts into words.
func (r *report) summary(left int, seconds float64) string {
	same := r.job.Same
	if same == "" {
		same = "up to date"
	}
	var parts []string
	for _, p := range []struct {
		n    int
		word string
	}{
		{r.counts["planned"], "would be " + r.job.Done},
		{r.counts["changed"], r.job.Done},
		{r.counts["unchanged"], same},
		{r.counts["failed"], "failed"},
		{r.counts["skipped"] + left, "not done"},
	} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.word))
		}
	}
	return fmt.Sprintf("%s in %.1f s", strings.Join(parts, ", "), seconds)
}
