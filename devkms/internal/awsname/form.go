package awsname

import (
	"regexp"
	"sync"
)

// A Form is the regular expression of a parameter. It is compiled when it is
// first needed: most programs that have devkms in them run without it.
type Form struct {
	Pattern string
	Fits    func(string) bool
}

// NewForm makes the form of a pattern.
func NewForm(pattern string) Form {
	compiled := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
	return Form{pattern, func(s string) bool { return compiled().MatchString(s) }}
}

var (
	aliasForm = NewForm(`^alias/[a-zA-Z0-9/_-]+$`)
	uuidForm  = NewForm(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	mrkForm   = NewForm(`^mrk-[0-9a-f]{32}$`)
)

// IsAlias knows the form of an alias, alias/ included.
func IsAlias(s string) bool { return aliasForm.Fits(s) }

// IsKeyID knows the form of a key's id.
func IsKeyID(s string) bool { return uuidForm.Fits(s) || mrkForm.Fits(s) }
