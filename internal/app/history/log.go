package history

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/git"
	"github.com/seed-1f7fdfb8/sops/internal/gitlog"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// LogOptions are the options of Log.
type LogOptions struct {
	app.Access
	Path    string
	Address string // only changes there; "" is all
	From    string // the commit to begin at
	Number  int    // of versions to show; 0 is all
	Values  bool   // show them
	NoKeys  bool   // compare ciphertext alone
}

// A logged version is one line of JSON.
type logged struct {
	Commit  string   `json:"commit"`
	Time    string   `json:"time"`
	Author  string   `json:"author"`
	Subject string   `json:"subject"`
	File    string   `json:"file"`
	Rotated bool     `json:"rotated"` // the same values under another data key
	Certain bool     `json:"certain"` // the values themselves were compared
	Changes []change `json:"changes"`
}

// Log shows by which commits the values of a file changed, newest first.
func Log(ctx context.Context, a *app.App, o LogOptions) error {
	if o.Address != "" {
		address, err := tree.ParseAddress(o.Address)
		if err != nil {
			return &app.Error{Kind: app.BadExtract, Err: fmt.Errorf("%s: %w", o.Address, err)}
		}
		o.Address = address.String()
	}
	repo, err := git.At(ctx, a.Abs(""))
	if err != nil {
		return &app.Error{Kind: app.Other, Err: err}
	}
	fromTop, err := repo.FromTop(a.Abs(o.Path))
	if err != nil {
		return &app.Error{Kind: app.NoFile, Err: err}
	}
	r, err := newReader(ctx, a, o.Access, o.NoKeys)
	if err != nil {
		return err
	}
	l := &log{app: a, options: o, reader: r, contents: map[string]*content{}}
	same := func(gone, came []byte) bool { return related(ctx, gone, came, fromTop) }
	if err := gitlog.Walk(ctx, repo, fromTop, gitlog.Options{From: o.From, Same: same}, func(v *gitlog.Version) error { return l.version(ctx, v) }); err != nil {
		return &app.Error{Kind: app.Other, Err: err}
	}
	if l.versions == 0 {
		return app.Fail(app.NoFile, "name a file that was committed, or a commit with --from", "%s: git has no version of it", o.Path)
	}
	if r.failure != nil && !o.NoKeys {
		a.Warnf("some versions could not be opened, and were compared by their ciphertext: %v", r.failure)
	}
	return nil
}

// related reports whether two texts are versions of one file: they share a token or a
// wrapped key.
func related(ctx context.Context, gone, came []byte, name string) bool {
	r := &reader{noKeys: true}
	a, b := r.read(ctx, name, gone), r.read(ctx, name, came)
	for token := range a.tokens {
		if b.tokens[token] {
			return true
		}
	}
	return false
}

type log struct {
	app      *app.App
	options  LogOptions
	reader   *reader
	contents map[string]*content // by blob
	versions int
	shown    int
}

func (l *log) content(ctx context.Context, s gitlog.State) *content {
	c, ok := l.contents[s.Blob]
	if !ok {
		c = l.reader.read(ctx, s.Path, s.Text)
		l.contents[s.Blob] = c
	}
	return c
}

// version shows one version, if anything that was asked for changed in it.
func (l *log) version(ctx context.Context, v *gitlog.Version) error {
	l.versions++
	now := l.content(ctx, v.State)
	changes, rotated, certain := l.changes(ctx, v, now)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if l.options.Address != "" {
		changes = below(changes, l.options.Address)
		rotated = false
	}
	if len(changes) == 0 && (l.options.Address != "" || !rotated) {
		return nil
	}
	l.shown++
	if err := l.print(v, changes, rotated, certain); err != nil {
		return err
	}
	if l.options.Number > 0 && l.shown == l.options.Number {
		return gitlog.ErrStop
	}
	return nil
}

// changes lists what differs from every parent: what a merge took from one of them
// did not change in it.
func (l *log) changes(ctx context.Context, v *gitlog.Version, now *content) (out []change, rotated, certain bool) {
	parents := v.Parents
	if len(parents) == 0 {
		parents = []gitlog.State{{}}
	}
	certain = now.opened || !now.encrypted
	for i, p := range parents {
		before := l.content(ctx, p)
		certain = certain && (before.opened || !before.encrypted)
		changes, again := between(before, now)
		if i == 0 {
			out, rotated = changes, again
			continue
		}
		rotated = rotated && again
		paths := map[string]bool{}
		for _, c := range changes {
			paths[c.Path] = true
		}
		var both []change
		for _, c := range out {
			if paths[c.Path] {
				both = append(both, c)
			}
		}
		out = both
	}
	return out, rotated, certain
}

// below returns the changes at an address or below it.
func below(changes []change, address string) []change {
	var out []change
	for _, c := range changes {
		path := c.Path
		if _, after, ok := strings.Cut(path, ": "); ok && strings.HasPrefix(path, "document ") {
			path = after
		}
		if rest, ok := strings.CutPrefix(path, address); ok && !c.isKey() && (rest == "" || rest[0] == '[') {
			out = append(out, c)
		}
	}
	return out
}

func (l *log) print(v *gitlog.Version, changes []change, rotated, certain bool) error {
	if !l.options.Values {
		for i := range changes {
			changes[i] = changes[i].masked()
		}
	}
	when := v.Time.UTC().Format(time.RFC3339)
	w := l.app.Stdout
	if l.app.JSON {
		if changes == nil {
			changes = []change{}
		}
		line, err := json.Marshal(logged{v.Commit, when, v.Author, v.Subject, v.Path, rotated, certain, changes})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s\n", line)
		return err
	}
	if _, err := fmt.Fprintf(w, "%s  %s  %s  %s\n", v.Commit[:min(10, len(v.Commit))], when, hint.Line(v.Author), hint.Line(v.Subject)); err != nil {
		return err
	}
	if v.Path != l.options.Path && !strings.HasSuffix(v.Path, "/"+l.options.Path) {
		fmt.Fprintf(w, "    as %s\n", hint.Line(v.Path))
	}
	if rotated {
		fmt.Fprintln(w, "    all values were encrypted anew")
	}
	for _, c := range changes {
		c.print(w, "    ", l.options.Values)
	}
	return nil
}
