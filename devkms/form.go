package devkms

import (
	"regexp"
	"sync"
)

// A form is the regular expression of a parameter. It is compiled when it is
// first needed: most programs that have devkms in them run without it.
type form struct {
	pattern string
	fits    func(string) bool
}

func newForm(pattern string) form {
	compiled := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
	return form{pattern, func(s string) bool { return compiled().MatchString(s) }}
}
