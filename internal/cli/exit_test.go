package cli

import (
	"errors"
	"fmt"
	"os/exec"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
	"github.com/seed-1f7fdfb8/sops/internal/command"
	"github.com/seed-1f7fdfb8/sops/internal/editor"
	"github.com/seed-1f7fdfb8/sops/internal/integrity"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
)

// Of a chain the outermost error with a status counts; a program that was run has
// a status too, which is not ours.
func TestTheOutermostErrorDecidesTheExitStatus(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		want int
	}{
		"nil":                         {nil, 0},
		"plain":                       {errors.New("x"), 1},
		"wrapped":                     {fmt.Errorf("a: %w", integrity.ErrMAC), 51},
		"outer over inner":            {app.Fail(app.NoFile, "", "a: %w", integrity.ErrMAC), 100},
		"joined: the first with one":  {errors.Join(errors.New("x"), integrity.ErrMAC, app.Fail(app.NoFile, "", "y")), 51},
		"a foreign program":           {fmt.Errorf("a: %w", exec.Command("sh", "-c", "exit 7").Run()), 1},
		"a file that is not read":     {&atomicfile.Error{Path: "f", Err: errors.New("x")}, 2},
		"a file that is not written":  {&atomicfile.Error{Path: "f", Write: true, Err: errors.New("x")}, 3},
		"a lock":                      {&atomicfile.LockError{}, 3},
		"an editor that is no editor": {&editor.ChoiceError{}, 201},
		"an editor that fails":        {&editor.ExitError{}, 201},
		"a place for an editor":       {&editor.PlaceError{}, 3},
		"a lost text":                 {&editor.LostError{}, 2},
		"a topic":                     {&command.TopicError{}, 3},
		"a word after a command":      {&command.SubcommandError{}, 3},
		"an order with a duplicate":   {&unlock.OrderError{Duplicate: true}, 112},
		"an order of nothing":         {&unlock.OrderError{}, 1},
		"no key":                      {&unlock.Error{}, 128},
		"a key that does not wrap":    {&unlock.WrapError{Keys: []unlock.KeyReport{{Err: &unlock.Error{}}}}, 1},
	}
	for name, test := range tests {
		if got := ExitStatus(test.err); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}
