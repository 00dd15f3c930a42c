package devkms

import (
	"fmt"
	"net/http"
	"strings"
)

// An apiError is a refusal as AWS words it.
type apiError struct {
	code, message string
	status        int
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

// refuse makes a client-side error of KMS, whose status is always 400.
func refuse(code, format string, args ...any) *apiError {
	return &apiError{code, fmt.Sprintf(format, args...), http.StatusBadRequest}
}

// forbid makes an error of STS's kind, with status 403.
func forbid(code, format string, args ...any) *apiError {
	return &apiError{code, fmt.Sprintf(format, args...), http.StatusForbidden}
}

// internal is for what goes wrong on our side, such as a full disk.
func (c *call) internal(err error) *apiError {
	code := "KMSInternalException"
	if c.service == "sts" {
		code = "InternalFailure"
	}
	return &apiError{code, "devkms: " + err.Error(), http.StatusInternalServerError}
}

// A validator collects violated limits, and words them as AWS does: all of
// them in one error.
type validator struct{ problems []string }

func (v *validator) broken(field, constraint string) {
	v.problems = append(v.problems, fmt.Sprintf("Value at '%s' failed to satisfy constraint: %s", field, constraint))
}

func (v *validator) required(field string, present bool) {
	if !present {
		v.problems = append(v.problems, fmt.Sprintf("Value null at '%s' failed to satisfy constraint: Member must not be null", field))
	}
}

func (v *validator) length(field string, n, least, most int) {
	if n < least {
		v.broken(field, fmt.Sprintf("Member must have length greater than or equal to %d", least))
	}
	if n > most {
		v.broken(field, fmt.Sprintf("Member must have length less than or equal to %d", most))
	}
}

// text checks a text; a required one must be present.
func (v *validator) text(field string, s *string, required bool, least, most int) {
	if s == nil {
		v.required(field, !required)
		return
	}
	v.length(field, len([]rune(*s)), least, most)
}

func (v *validator) blob(field string, b []byte, required bool, least, most int) {
	if b == nil {
		v.required(field, !required)
		return
	}
	v.length(field, len(b), least, most)
}

func (v *validator) number(field string, n *int, least, most int) {
	if n == nil {
		return
	}
	if *n < least {
		v.broken(field, fmt.Sprintf("Member must have value greater than or equal to %d", least))
	}
	if *n > most {
		v.broken(field, fmt.Sprintf("Member must have value less than or equal to %d", most))
	}
}

func (v *validator) enum(field string, s *string, values ...string) {
	if s == nil {
		return
	}
	for _, w := range values {
		if *s == w {
			return
		}
	}
	v.broken(field, "Member must satisfy enum value set: ["+strings.Join(values, ", ")+"]")
}

// text returns the error's message, or "" if nothing is wrong.
func (v *validator) message() string {
	switch len(v.problems) {
	case 0:
		return ""
	case 1:
		return "1 validation error detected: " + v.problems[0]
	}
	return fmt.Sprintf("%d validation errors detected: %s", len(v.problems), strings.Join(v.problems, "; "))
}

// kms returns the error of KMS, or nil.
func (v *validator) kms() *apiError {
	if m := v.message(); m != "" {
		return refuse("ValidationException", "%s", m)
	}
	return nil
}

// sts returns the error of STS, or nil.
func (v *validator) sts() *apiError {
	if m := v.message(); m != "" {
		return refuse("ValidationError", "%s", m)
	}
	return nil
}
