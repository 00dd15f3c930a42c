// Package merging has the commands that merge encrypted files: the merge driver of
// git, the merge of three files, and those that resolve what was left.
package merging

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
	"github.com/seed-1f7fdfb8/sops/internal/diff3"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/formatname"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/merge"
	"github.com/seed-1f7fdfb8/sops/internal/mergefile"
	"github.com/seed-1f7fdfb8/sops/internal/sniff"
	"github.com/seed-1f7fdfb8/sops/internal/unresolved"
	"github.com/seed-1f7fdfb8/sops/std"
)

// Options are those of every way to merge.
type Options struct {
	app.Common
	app.Access
	InputType  string
	NoRenames  bool
	ListUnion  bool
	StrictKeys bool
}

// FileOptions are the options of Files.
type FileOptions struct {
	Options
	Base, Ours, Theirs string
	Name               string // that decides on the type
	Shown              string // the name of the result in messages
	Labels             [3]string
	Output             string // "" is standard output
}

// Files merges three files. It fails, after it has written, if conflicts are left.
func Files(ctx context.Context, a *app.App, o FileOptions) error {
	var in mergefile.Input
	for i, path := range []string{o.Base, o.Ours, o.Theirs} {
		f, err := atomicfile.Read(ctx, a.Abs(path))
		switch {
		case err != nil:
			return err
		case len(f.Data) > 0:
			in.Texts[i], in.IDs[i] = f.Data, blobID(f.Data)
		}
	}
	in.Labels = o.Labels
	r, err := merged(ctx, a, o.Options, o.Name, in)
	if err != nil {
		return err
	}
	if o.Output == "" {
		_, err = a.Stdout.Write(r.Text)
	} else {
		err = a.WriteEncrypted(ctx, o.Output, r.Text)
	}
	if err != nil {
		return err
	}
	return report(a, o.Shown, r)
}

// merged merges three texts under the name of the file.
func merged(ctx context.Context, a *app.App, o Options, name string, in mergefile.Input) (*mergefile.Result, error) {
	var err error
	if in.Format, err = formatOf(o.InputType, name, in.Texts[:]); err != nil {
		return nil, err
	}
	decrypt, err := a.DecryptOptions(o.Access)
	if err != nil {
		return nil, err
	}
	if err := a.Audited(ctx, app.File{Path: name}, &decrypt); err != nil {
		return nil, err
	}
	decrypt.IgnoreMAC, decrypt.Warn = false, func(msg string) { a.Warnf("%s: %s", name, msg) }
	r, err := mergefile.Merge(ctx, in, mergefile.Options{
		Options: merge.Options{NoRenames: o.NoRenames, ListUnion: o.ListUnion}, StrictKeys: o.StrictKeys,
		Keepers: a.Keepers(ctx, o.Access), Decrypt: decrypt,
	})
	if err != nil || r.Failure == nil || bytes.Contains(r.Text, []byte("merge")) && isLocked(r.Text, in.Format) {
		return r, err
	}
	// Ours cannot say that it is not merged, so that lines must.
	r.Text, r.Failure = withMarkers(in, r.Failure)
	return r, nil
}

// isLocked reports whether an encrypted text says that it is not merged.
func isLocked(text []byte, f format.Format) bool {
	e, err := envelope.Parse(text, f)
	return err == nil && e.Meta.Merge != ""
}

// formatOf returns the format of a file: by the flag, else by its name, else by what
// is in it.
func formatOf(word, name string, texts [][]byte) (format.Format, error) {
	if word == "" {
		known := false
		if word, known = formatname.ForPath(name); !known {
			for _, text := range texts {
				if found, ok := sniff.Detect(text); ok {
					word = found
				}
			}
		}
	}
	if !formatname.Known(word) {
		return nil, app.Fail(app.Other, "the types are "+strings.Join(formatname.All(), ", "), "%q is no file type", word)
	}
	return std.Format(word)
}

// blobID returns the name that git has for a content.
func blobID(data []byte) string {
	h := sha1.New() // as git names it; nothing depends on it being secure
	fmt.Fprintf(h, "blob %d\x00", len(data))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// withMarkers merges by lines, as git does where it knows no better. Files of which
// no side is encrypted are merged so without a failure.
func withMarkers(in mergefile.Input, failure error) ([]byte, error) {
	var lines [3][]string
	for i, text := range in.Texts {
		lines[i] = slices.Collect(strings.Lines(string(text)))
	}
	var out strings.Builder
	clean := true
	for _, c := range diff3.Chunks(lines[0], lines[1], lines[2]) {
		switch {
		case c.Conflicts():
			clean = false
			writeConflict(&out, in.Labels, lines, c)
		case c.OursChanged:
			write(&out, diff3.Part(lines[1], c.Ours))
		default:
			write(&out, diff3.Part(lines[2], c.Theirs))
		}
	}
	if clean && errors.Is(failure, mergefile.ErrPlain) {
		return []byte(out.String()), nil
	}
	return []byte(out.String()), failure
}

// writeConflict writes a chunk as people and their editors know it.
func writeConflict(out *strings.Builder, labels [3]string, lines [3][]string, c diff3.Chunk) {
	marker := func(sign, label string) {
		if s := out.String(); s != "" && !strings.HasSuffix(s, "\n") {
			out.WriteByte('\n')
		}
		out.WriteString(strings.TrimRight(strings.Repeat(sign, 7)+" "+hint.Line(label), " ") + "\n")
	}
	marker("<", labelOr(labels[1], "ours"))
	write(out, diff3.Part(lines[1], c.Ours))
	marker("|", labelOr(labels[0], "base"))
	write(out, diff3.Part(lines[0], c.Base))
	marker("=", "")
	write(out, diff3.Part(lines[2], c.Theirs))
	marker(">", labelOr(labels[2], "theirs"))
}

func labelOr(label, other string) string {
	if label == "" {
		return other
	}
	return label
}

func write(out *strings.Builder, lines []string) {
	for _, line := range lines {
		out.WriteString(line)
	}
}

// report says what was decided, and fails if anything is left.
func report(a *app.App, name string, r *mergefile.Result) error {
	for _, note := range r.Notes {
		a.Notef("%s: %s", name, note)
	}
	switch {
	case r.Clean():
		return nil
	case r.Failure != nil:
		return &app.Error{Kind: app.Other, Err: fmt.Errorf("%s: not merged: %w", name, r.Failure), Advice: []string{
			"once both sides can be opened: sops merge --continue " + hint.Path(name),
		}}
	}
	for _, e := range r.Conflicts {
		a.Notef("%s: %s", name, describe(e))
	}
	return unfinished(name, len(r.Conflicts))
}

// unfinished is the failure that conflicts are left.
func unfinished(name string, n int) error {
	s := "s"
	if n == 1 {
		s = ""
	}
	return app.Fail(app.Other, "resolve with: sops merge --continue "+hint.Path(name),
		"%s: %d conflict%s; the file keeps all sides, encrypted", name, n, s)
}

// describe says what a conflict is about, without values.
func describe(e unresolved.Entry) string {
	out := "conflict (" + string(e.Kind) + ")"
	if e.Document > 0 {
		out += fmt.Sprintf(" in document %d", e.Document+1)
	}
	if len(e.At) > 0 {
		out += " at " + e.At.String()
	}
	if e.Detail != "" {
		out += ": " + e.Detail
	}
	return out
}

// DriverOptions are what git hands to the driver, in its order.
type DriverOptions struct {
	Options
	Base, Ours, Theirs, Path string
	Labels                   [3]string
}

// Driver merges three files of git and leaves the result where git wants it, in the
// file of ours.
func Driver(ctx context.Context, a *app.App, o DriverOptions) error {
	return Files(ctx, a, FileOptions{
		Options: o.Options, Base: o.Base, Ours: o.Ours, Theirs: o.Theirs, Name: o.Path, Shown: o.Path, Labels: o.Labels, Output: o.Ours,
	})
}
