package cli

import (
	"os/exec"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/integrity"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// An exitCode is one line of the table of exit codes. Its kinds are those of
// the errors that end the program with it.
type exitCode struct {
	code    int
	meaning string
	kinds   []error
}

// exitCodes is the table. Scripts around SOPS know the numbers.
func exitCodes() []exitCode {
	return []exitCode{
		{0, "success", nil},
		{1, "any failure without a code of its own", []error{app.Other}},
		{2, "the input cannot be read or parsed; --dry-run, sync --check: something would change", []error{app.Input}},
		{3, "the output cannot be written; unknown help topic", []error{app.Output}},
		{4, "the content cannot be written in the output type", []error{app.Render, envelope.ErrRender}},
		{6, "the encryption context is malformed or without effect", []error{app.BadContext, envelope.ErrContext, keeper.ErrContext}},
		{7, "set, unset: the path or the value is malformed", []error{app.BadChange}},
		{8, "flags or settings exclude each other", []error{app.Conflict, envelope.ErrConflict}},
		{23, "the content cannot be encrypted", []error{app.NotEncryptable, envelope.ErrEncrypt}},
		{25, "a value cannot be decrypted", []error{envelope.ErrDecrypt}},
		{49, "rotate: keys are to be changed in a file that does not exist", []error{app.NoKeysToChange}},
		{51, "the MAC is missing or does not fit the content", []error{integrity.ErrMAC, integrity.ErrSeal}},
		{91, "decrypt --extract: the path is malformed", []error{app.BadExtract}},
		{92, "the input holds no document", []error{app.NoDocument}},
		{100, "no file, or the file does not exist", []error{app.NoFile}},
		{112, "--decryption-order names a kind twice", nil},
		{126, "exec-env, exec-file: the program cannot be run", []error{app.NotRunnable}},
		{127, "exec-env, exec-file: the program is not there", []error{app.NoProgram}},
		{128, "no master key gave out the data key", []error{app.NoKey}},
		{129, "ended by a hang-up (128 and the number of the signal)", nil},
		{130, "ended by Ctrl-C", nil},
		{143, "ended by SIGTERM", nil},
		{200, "edit: nothing was changed", []error{app.NotModified}},
		{201, "edit: the editor is missing or failed", nil},
		{203, "the file is encrypted already", []error{envelope.ErrReserved}},
	}
}

// ExitStatus returns the exit status for err: that of the outermost error of
// its chain that has one, 1 if none has, and 0 if err is nil. Errors of small
// packages, which know no kinds, have a method ExitCode.
func ExitStatus(err error) int {
	if err == nil {
		return 0
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
	if _, foreign := err.(*exec.ExitError); foreign {
		return 0 // a program that was run has a status, which is not ours
	}
	if e, ok := err.(interface{ ExitCode() int }); ok {
		return e.ExitCode()
	}
	kind, sorted := err.(interface{ Is(error) bool })
	for _, row := range table {
		if slices.Contains(row.kinds, err) || sorted && slices.ContainsFunc(row.kinds, kind.Is) {
			return row.code
		}
	}
	return 0
}
