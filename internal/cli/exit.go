package cli

import (
	"errors"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/checking"
	"github.com/seed-1f7fdfb8/sops/internal/app/gitsetup"
	"github.com/seed-1f7fdfb8/sops/internal/app/many"
	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
	"github.com/seed-1f7fdfb8/sops/internal/command"
	"github.com/seed-1f7fdfb8/sops/internal/editor"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/integrity"
	"github.com/seed-1f7fdfb8/sops/internal/interrupt"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// An exitCode is one line of the table of exit codes.
type exitCode struct {
	code    int
	meaning string
	kinds   []error            // what errors are, by errors.Is
	types   []func(error) bool // reports whether an error itself is one of them
}

// exitCodes is the table. Scripts around SOPS know the numbers.
func exitCodes() []exitCode {
	return []exitCode{
		{0, "success", nil, nil},
		{1, "any failure without a code of its own; check: something is wrong", []error{app.Other}, []func(error) bool{is[*unlock.WrapError]}},
		{2, "the input cannot be read or parsed; --dry-run, sync --check: something would change; check: something could not be checked", []error{app.Input}, []func(error) bool{notRead, is[*editor.LostError], is[*gitsetup.Missing], is[*checking.Failed]}},
		{3, "the output cannot be written; unknown help topic", []error{app.Output}, []func(error) bool{notWritten, is[*atomicfile.LockError], is[*editor.PlaceError], is[*command.TopicError], is[*command.SubcommandError]}},
		{4, "the content cannot be written in the output type", []error{app.Render, envelope.ErrRender}, nil},
		{6, "the encryption context is malformed or without effect", []error{app.BadContext, envelope.ErrContext, keeper.ErrContext}, nil},
		{7, "set, unset: the path or the value is malformed", []error{app.BadChange}, nil},
		{8, "flags or settings exclude each other", []error{app.Conflict, envelope.ErrConflict}, nil},
		{23, "the content cannot be encrypted", []error{app.NotEncryptable, envelope.ErrEncrypt}, nil},
		{25, "a value cannot be decrypted", []error{envelope.ErrDecrypt}, nil},
		{49, "rotate: keys are to be changed in a file that does not exist", []error{app.NoKeysToChange}, nil},
		{51, "the MAC is missing or does not fit the content", []error{integrity.ErrMAC, integrity.ErrSeal}, nil},
		{91, "decrypt --extract: the path is malformed", []error{app.BadExtract}, nil},
		{92, "the input holds no document", []error{app.NoDocument}, nil},
		{100, "no file, or the file does not exist", []error{app.NoFile}, nil},
		{112, "--decryption-order names a kind twice", nil, []func(error) bool{orderTwice}},
		{126, "exec-env, exec-file: the program cannot be run", []error{app.NotRunnable}, nil},
		{127, "exec-env, exec-file: the program is not there", []error{app.NoProgram}, nil},
		{128, "no master key gave out the data key", []error{app.NoKey}, []func(error) bool{is[*unlock.Error]}},
		{129, "ended by a hang-up (128 and the number of the signal)", nil, nil},
		{130, "ended by Ctrl-C", nil, nil},
		{143, "ended by SIGTERM", nil, nil},
		{200, "edit: nothing was changed", []error{app.NotModified}, nil},
		{201, "edit: the editor is missing or failed", nil, []func(error) bool{is[*editor.ChoiceError], is[*editor.ExitError]}},
		{203, "the file is encrypted already", []error{envelope.ErrReserved}, nil},
	}
}

func is[E error](err error) bool { _, ok := err.(E); return ok }

func notRead(err error) bool {
	e, ok := err.(*atomicfile.Error)
	return ok && !e.Write
}

func notWritten(err error) bool {
	e, ok := err.(*atomicfile.Error)
	return ok && e.Write || atomicfile.IsPlanted(err)
}

func orderTwice(err error) bool {
	e, ok := err.(*unlock.OrderError)
	return ok && e.Duplicate
}

// ExitStatus returns the exit status for err: that of the signal which ended the
// command, or of a run over many files, else that of the outermost error of its chain that has one, 1 if none
// has, and 0 if err is nil.
func ExitStatus(err error) int {
	if err == nil {
		return 0
	}
	if status := interrupt.Status(err); status > 0 {
		return status
	}
	var run *many.Ended
	if errors.As(err, &run) {
		return run.Status
	}
	if status := statusOf(err, exitCodes()); status > 0 {
		return status
	}
	return 1
}

// statusOf returns 0 if no error of the chain has a status.
func statusOf(err error, table []exitCode) int {
	if err == nil {
		return 0
	}
	if status := ownStatus(err, table); status > 0 {
		return status
	}
	switch e := err.(type) {
	case interface{ Cause() error }: // says for another error that it failed
		return statusOf(e.Cause(), table)
	case interface{ Unwrap() error }:
		return statusOf(e.Unwrap(), table)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if status := statusOf(inner, table); status > 0 {
				return status
			}
		}
	}
	return 0
}

// ownStatus returns the status that err has whatever it wraps.
func ownStatus(err error, table []exitCode) int {
	kind, sorted := err.(interface{ Is(error) bool })
	for _, row := range table {
		isType := func(is func(error) bool) bool { return is(err) }
		if slices.Contains(row.kinds, err) || sorted && slices.ContainsFunc(row.kinds, kind.Is) || slices.ContainsFunc(row.types, isType) {
			return row.code
		}
	}
	return 0
}
