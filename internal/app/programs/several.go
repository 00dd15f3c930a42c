package programs

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/discover"
	"github.com/seed-1f7fdfb8/sops/internal/editor"
	"github.com/seed-1f7fdfb8/sops/internal/pool"
)

// atOnce is how many files are decrypted at a time.
const atOnce = 32

// ofEach does work for each of several files, at once and with the same keepers,
// and hands on what comes of them in their order. The first error ends it.
func ofEach[F, R any](ctx context.Context, a *app.App, files []F, work func(*app.App, F) (R, error), take func(F, R)) error {
	type result struct {
		file    F
		value   R
		err     error
		printed *bytes.Buffer
	}
	return pool.InOrder(ctx, files, atOnce, func(f F) result {
		var printed bytes.Buffer
		own := a.OneOf(&printed, &printed, a.ShowError)
		value, err := work(own, f)
		return result{f, value, err, &printed}
	}, func(r result) error {
		if _, err := io.Copy(a.Stderr, r.printed); err != nil {
			return err
		}
		if r.err == nil {
			take(r.file, r.value)
		}
		return r.err
	})
}

// ExecFiles is ExecFile for several files: the program gets the name of a
// directory that holds all of them, decrypted, under their own names.
func ExecFiles(ctx context.Context, a *app.App, o ExecFileOptions, files []discover.File) error {
	switch {
	case o.Background:
		return app.Fail(app.Conflict, "leave --background out", "several files are removed when the program ends, which --background does not wait for")
	case o.Filename != "":
		return app.Fail(app.Conflict, "leave --filename out", "several files have the names of their own")
	}
	contents := map[string][]byte{}
	err := ofEach(ctx, a, files, func(a *app.App, f discover.File) ([]byte, error) {
		o := o
		o.Path = f.Path
		return plaintext(ctx, a, o)
	}, func(f discover.File, plain []byte) { contents[f.Below] = plain })
	if err != nil {
		return err
	}
	end := execWith(ctx, a, o, func(places editor.Places) (*editor.Session, error) { return editor.NewTree(contents, places) })
	var child *ChildExit
	if errors.As(end, &child) {
		endLike(child)
	}
	return end
}
