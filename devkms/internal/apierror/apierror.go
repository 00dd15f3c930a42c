// Package apierror has the refusals of AWS's services as they are worded on the
// wire, and the limits of parameters that lead to most of them.
package apierror

import (
	"fmt"
	"net/http"
)

// An Error is a refusal as AWS words it.
type Error struct {
	Code, Message string
	Status        int
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Refuse makes a client-side error of KMS, whose status is always 400.
func Refuse(code, format string, args ...any) *Error {
	return &Error{code, fmt.Sprintf(format, args...), http.StatusBadRequest}
}

// Forbid makes an error of STS's kind, with status 403.
func Forbid(code, format string, args ...any) *Error {
	return &Error{code, fmt.Sprintf(format, args...), http.StatusForbidden}
}

// Internal is for what goes wrong on our side, such as a full disk.
func Internal(code string, err error) *Error {
	return &Error{code, "devkms: " + err.Error(), http.StatusInternalServerError}
}
