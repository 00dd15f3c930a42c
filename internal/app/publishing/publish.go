// Package publishing is the command that uploads encrypted files, or their
// decrypted content, to where the destination rules say.
package publishing

import (
	"context"
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/publish"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Options are the options of Publish.
type Options struct {
	Paths     []string
	InputType string
	app.Common
	app.Access
	Yes            bool
	OmitExtensions bool // as the destination rule may say too
	Recursive      bool
	DryRun         bool
}

// A target is the destination of one file. Its text is what people are asked
// about.
type target interface {
	fmt.Stringer
	Compare(ctx context.Context) (publish.Difference, error)
	Write(ctx context.Context) error // after Compare
}

// A publisher works through the files of one run.
type publisher struct {
	a       *app.App
	o       Options
	keepers keeper.Keeper
}

// Publish uploads a file, or all files below a directory. There a file that
// fails does not stop the others.
func Publish(ctx context.Context, a *app.App, o Options) error {
	for _, path := range o.Paths {
		if (app.File{Path: path}).IsStdin() {
			return app.Fail(app.Other, "name a file", "standard input cannot be published: it has no name")
		}
	}
	// Not every file is decrypted, and a flag that cannot be meant is a mistake for all.
	if _, err := app.ParseContext(o.Context); err != nil {
		return err
	}
	p := &publisher{a, o, a.Keepers(ctx, o.Access)}
	var files []file
	for _, path := range o.Paths {
		below, err := p.files(path)
		if err != nil {
			return err
		}
		files = append(files, below...)
	}
	var failed failures
	for _, f := range files {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := p.publish(ctx, f); err != nil {
			failed = append(failed, err)
		}
	}
	switch {
	case len(failed) == 0:
		return nil
	case !p.several():
		return failed[0]
	}
	return append(failed, fmt.Errorf("%d of %d files were not published", len(failed), len(files)))
}

// several reports whether a file may be one of several, which a file that fails
// does not stop.
func (p *publisher) several() bool { return p.o.Recursive || len(p.o.Paths) > 1 }

// failures are what went wrong with several files, each for itself, and a
// summary.
type failures []error

func (e failures) Error() string {
	texts := make([]string, len(e))
	for i, err := range e {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "\n")
}

// Cause is the first failure, at which SOPS stops and whose exit status it has.
func (e failures) Cause() error { return e[0] }

// Unwrap returns the failures.
func (e failures) Unwrap() []error { return e }

// publish publishes one file.
func (p *publisher) publish(ctx context.Context, f file) error {
	s, err := p.a.Read(ctx, app.File{Path: f.path, InputType: p.o.InputType}, p.o.Common, app.Other)
	if err != nil {
		return err
	}
	rule, err := p.ruleOf(s)
	if err != nil {
		return err
	}
	t, err := p.target(ctx, s, rule, f.name)
	if err != nil {
		return err
	}
	if !p.o.Yes && !p.o.DryRun {
		if yes, err := p.agreed(ctx, f, t); !yes || err != nil {
			return err
		}
	}
	d, err := t.Compare(ctx)
	switch {
	case err != nil:
	case p.o.DryRun:
		return p.show(f, t, d)
	case d.State == publish.Same:
		p.a.Verbosef("%s: %s has it already", f.path, t)
		return nil
	default:
		if err = t.Write(ctx); err == nil {
			p.a.Verbosef("%s: uploaded to %s", f.path, t)
			return nil
		}
	}
	return s.Named(fmt.Errorf("%s: %w", hint.Line(t.String()), err))
}

// ruleOf returns the destination rule of a file.
func (p *publisher) ruleOf(s *app.Source) (*config.Destination, error) {
	if s.Config == nil {
		return nil, app.Fail(app.Other, "put a .sops.yaml with destination_rules beside the file, or name one with --config",
			"%s: config file not found", s.Path)
	}
	d, err := s.Config.DestinationFor(p.a.RulePath(s.File))
	if err != nil {
		p.a.WarnOf(s.Config, s.Config.Warnings, err)
		return nil, err
	}
	p.a.Verbosef("the destination rule is that of line %d in %s", d.Line, s.Config.Path)
	return d, nil
}

// agreed asks before a file is uploaded, in the words of SOPS. One that is left
// out ends the command, unless there are others.
func (p *publisher) agreed(ctx context.Context, f file, t target) (bool, error) {
	path := p.a.Abs(f.path)
	yes, err := p.a.Agreed(ctx, fmt.Sprintf("uploading %s to %s ? (y/n): ", path, t), "")
	switch {
	case err != nil:
		return false, app.File{Path: f.path}.Named(&app.Error{Kind: app.Other, Err: err, Advice: []string{"--yes answers for you"}})
	case yes:
		return true, nil
	case p.several():
		_, err := fmt.Fprintf(p.a.Stdout, "Publication of %s canceled\n", hint.Line(path))
		return false, err
	}
	return false, app.Fail(app.Other, "", "Publication of %s canceled", path)
}

// show prints what a file would change at its destination, without any value.
func (p *publisher) show(f file, t target, d publish.Difference) error {
	if p.a.JSON {
		keys := make([]map[string]string, len(d.Keys))
		for i, k := range d.Keys {
			keys[i] = map[string]string{"change": string(k.Change), "key": k.At}
		}
		return hint.EncodeJSON(p.a.Stdout, map[string]any{
			"file": f.path, "destination": t.String(), "state": d.State, "keys": keys, "besides": d.Notes,
		}, "")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: %s\n", hint.Line(f.path), hint.Line(t.String()), d.State)
	for _, k := range d.Keys {
		fmt.Fprintf(&b, "  %s %s\n", k.Change, hint.Line(k.At))
	}
	for _, n := range d.Notes {
		fmt.Fprintf(&b, "  %s %s\n", publish.Edited, hint.Line(n))
	}
	_, err := fmt.Fprint(p.a.Stdout, b.String())
	return err
}
