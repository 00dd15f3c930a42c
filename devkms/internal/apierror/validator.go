package apierror

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
)

// A Validator collects violated limits, and words them as AWS does: all of
// them in one error.
type Validator struct{ problems []string }

// Broken notes that a field violates a constraint.
func (v *Validator) Broken(field, constraint string) {
	v.problems = append(v.problems, fmt.Sprintf("Value at '%s' failed to satisfy constraint: %s", field, constraint))
}

// Required checks that a field is there.
func (v *Validator) Required(field string, present bool) {
	if !present {
		v.problems = append(v.problems, fmt.Sprintf("Value null at '%s' failed to satisfy constraint: Member must not be null", field))
	}
}

// Length checks the length of a field.
func (v *Validator) Length(field string, n, least, most int) {
	if n < least {
		v.Broken(field, fmt.Sprintf("Member must have length greater than or equal to %d", least))
	}
	if n > most {
		v.Broken(field, fmt.Sprintf("Member must have length less than or equal to %d", most))
	}
}

// Text checks a text; a required one must be present.
func (v *Validator) Text(field string, s *string, required bool, least, most int) {
	if s == nil {
		v.Required(field, !required)
		return
	}
	v.Length(field, len([]rune(*s)), least, most)
}

// Blob checks the length of bytes; required ones must be present.
func (v *Validator) Blob(field string, b []byte, required bool, least, most int) {
	if b == nil {
		v.Required(field, !required)
		return
	}
	v.Length(field, len(b), least, most)
}

// Number checks the range of a number, if there is one.
func (v *Validator) Number(field string, n *int, least, most int) {
	if n == nil {
		return
	}
	if *n < least {
		v.Broken(field, fmt.Sprintf("Member must have value greater than or equal to %d", least))
	}
	if *n > most {
		v.Broken(field, fmt.Sprintf("Member must have value less than or equal to %d", most))
	}
}

// Enum checks that a text, if there is one, is one of several.
func (v *Validator) Enum(field string, s *string, values ...string) {
	if s == nil {
		return
	}
	if !slices.Contains(values, *s) {
		v.Broken(field, "Member must satisfy enum value set: ["+strings.Join(values, ", ")+"]")
	}
}

// message returns the error's message, or "" if nothing is wrong.
func (v *Validator) message() string {
	switch len(v.problems) {
	case 0:
		return ""
	case 1:
		return "1 validation error detected: " + v.problems[0]
	}
	return fmt.Sprintf("%d validation errors detected: %s", len(v.problems), strings.Join(v.problems, "; "))
}

// KMS returns the error of KMS, or nil.
func (v *Validator) KMS() *Error {
	if m := v.message(); m != "" {
		return Refuse("ValidationException", "%s", m)
	}
	return nil
}

// STS returns the error of STS, or nil.
func (v *Validator) STS() *Error {
	if m := v.message(); m != "" {
		return Refuse("ValidationError", "%s", m)
	}
	return nil
}

// Form checks the length of a text, and that it fits a regular expression.
func (v *Validator) Form(field string, s *string, required bool, least, most int, f awsname.Form) {
	v.Text(field, s, required, least, most)
	if s != nil && !f.Fits(*s) {
		v.Broken(field, "Member must satisfy regular expression pattern: "+strings.Trim(f.Pattern, "^$"))
	}
}
