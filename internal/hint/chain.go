package hint

import (
	"errors"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// each calls f for err and all that it wraps, outermost first, until f says
// stop. It reports whether f did.
func each(err error, f func(error) (stop bool)) bool {
	if err == nil {
		return false
	}
	if f(err) {
		return true
	}
	switch w := err.(type) {
	case interface{ Unwrap() error }:
		return each(w.Unwrap(), f)
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(w.Unwrap(), func(inner error) bool { return each(inner, f) })
	}
	return false
}

// Hints returns the hints of err and all that it wraps, outermost first, each
// once. The word FILE in them becomes the name of the file that err is about,
// so that what they say can be typed as it is.
func Hints(err error) []string {
	var all []string
	file := ""
	each(err, func(err error) bool {
		if named, ok := err.(interface{ File() string }); ok && file == "" {
			file = named.File()
		}
		if adviser, ok := err.(interface{ Hints() []string }); ok {
			for _, h := range adviser.Hints() {
				if h != "" && !slices.Contains(all, h) {
					all = append(all, h)
				}
			}
		}
		return false
	})
	if file != "" {
		if strings.HasPrefix(file, "-") {
			file = "./" + file // or it is taken for a flag
		}
		for i, h := range all {
			all[i] = regexp.MustCompile(`\bFILE\b`).ReplaceAllLiteralString(h, Path(file))
		}
	}
	return all
}

// Report returns the outermost report of several lines, without an empty line
// at its end, or "".
func Report(err error) string {
	var report string
	each(err, func(err error) bool {
		if r, ok := err.(interface{ UserError() string }); ok {
			report = strings.TrimRight(r.UserError(), "\n")
		}
		return report != ""
	})
	return report
}

// A Position is a place in a file; what is not known is zero.
type Position struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// PositionOf returns the place that err is about.
func PositionOf(err error) Position {
	var p Position
	each(err, func(err error) bool {
		if named, ok := err.(interface{ File() string }); ok && p.File == "" {
			p.File = named.File()
		}
		if placed, ok := err.(interface{ Position() (line, column int) }); ok && p.Line == 0 {
			p.Line, p.Column = placed.Position()
		}
		return false
	})
	var path *fs.PathError
	if p.File == "" && errors.As(err, &path) {
		p.File = path.Path
	}
	return p
}

// split returns the errors that were joined to make err. Errors that say more
// about those they wrap than a list of them stay whole.
func split(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	var texts []string
	for _, inner := range joined.Unwrap() {
		all = append(all, split(inner)...)
		texts = append(texts, inner.Error())
	}
	if err.Error() != strings.Join(texts, "\n") {
		return []error{err}
	}
	return all
}
