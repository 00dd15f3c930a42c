package merging

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/editor"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/term"
)

// edit shows the sides in an editor until no markers are left.
func (r *resolution) edit(ctx context.Context) (err error) {
	for _, e := range r.file.Entries {
		r.app.Notef("%s: %s", r.name, describe(e))
	}
	text, some, err := r.file.Markers(writeConflict)
	if err != nil {
		return r.source.Named(err)
	}
	if !some {
		// Keys and settings: the file has those of one side, and other commands
		// change them.
		return r.accept(ctx, text)
	}
	argv, err := r.editor()
	if err != nil {
		return err
	}
	places := editor.Places{Runtime: r.app.Env.Get("XDG_RUNTIME_DIR"), Temp: r.app.Env.Get("TMPDIR")}
	session, err := editor.NewSession(filepath.Base(r.name), text, places)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	for {
		if err := session.Run(ctx, argv, r.app.Stdin, r.app.Stdout, r.app.Stderr); err != nil {
			return err
		}
		edited, err := session.Read()
		if err != nil {
			return err
		}
		failure := r.save(ctx, edited)
		if failure == nil || !term.IsTerminal(r.app.Stdin) {
			return failure
		}
		r.app.ShowError(failure)
		again, err := r.app.Agreed(ctx, "go back to the editor? (y/n) ", "\n")
		if err != nil || !again {
			return failure
		}
	}
}

func (r *resolution) editor() ([]string, error) {
	named := strings.TrimSpace(r.app.Env.Get("SOPS_EDITOR")+r.app.Env.Get("EDITOR")) != ""
	if !named && !(term.IsTerminal(r.app.Stdin) && term.IsTerminal(r.app.Stdout)) {
		return nil, app.Fail(app.Other, "or take one side: sops merge --ours "+hint.Path(r.name), "there is no terminal for an editor")
	}
	return editor.Choose(r.app.Env.Get, exec.LookPath)
}

// save encrypts what was edited, if no marker is left in it.
func (r *resolution) save(ctx context.Context, edited []byte) error {
	if line := markerIn(edited); line > 0 {
		return r.source.Named(app.Fail(app.Other, "", "line %d: a marker of a conflict is left, so nothing was written", line))
	}
	text, err := r.file.Resolve(edited, r.encryption())
	if err != nil {
		return r.source.Named(err)
	}
	return r.write(ctx, text)
}

// markerIn returns the line of the first marker in a text, 0 if there is none.
func markerIn(text []byte) int {
	n := 0
	for line := range bytes.Lines(text) {
		n++
		for _, sign := range []string{"<", "|", "=", ">"} {
			marker := []byte(strings.Repeat(sign, 7))
			if rest, ok := bytes.CutPrefix(line, marker); ok && (len(bytes.TrimSpace(rest)) == 0 || rest[0] == ' ') {
				return n
			}
		}
	}
	return 0
}

// accept takes keys and settings as the file has them.
func (r *resolution) accept(ctx context.Context, plain []byte) error {
	yes, err := r.app.Agreed(ctx, fmt.Sprintf("%s: keep keys and settings as the file has them? (y/n) ", hint.Line(r.name)), "\n")
	if err != nil {
		return r.source.Named(app.Fail(app.Other, "keep them as the file has them: sops merge --ours "+hint.Path(r.name), "%w", err))
	}
	if !yes {
		return unfinished(r.name, len(r.file.Entries))
	}
	text, err := r.file.Resolve(plain, r.encryption())
	if err != nil {
		return r.source.Named(err)
	}
	return r.write(ctx, text)
}
