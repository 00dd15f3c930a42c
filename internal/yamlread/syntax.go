package yamlread

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// syntaxProblem takes the line out of the message of the YAML library, which
// has no other place for it.
func syntaxProblem(src []byte, err error) Problem {
	m := regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`).FindStringSubmatch(err.Error())
	if m == nil {
		return Problem{Msg: "not valid YAML: " + err.Error()}
	}
	line, _ := strconv.Atoi(m[1])
	if line > 0 && countsFromZero(m[2]) {
		line = min(line+1, bytes.Count(src, []byte("\n"))+1)
	}
	return Problem{At: Place{Line: line}, Msg: "not valid YAML: " + m[2], Hint: syntaxHint(m[2])}
}

// countsFromZero reports whether a message is of the half of the YAML library
// that counts lines from 0. It means the line on which a mapping or list
// begins that does not go on as it should.
func countsFromZero(msg string) bool {
	return slices.Contains([]string{
		"did not find expected '-' indicator", "did not find expected key", "did not find expected node content",
		"did not find expected ',' or ']'", "did not find expected ',' or '}'", "did not find expected <document start>",
	}, msg)
}

func syntaxHint(msg string) string {
	switch {
	case strings.Contains(msg, "cannot start any token"), strings.Contains(msg, "mapping values are not allowed"):
		return "indent with blanks, and put a text that holds such characters into quotes"
	case strings.HasPrefix(msg, "did not find expected '-'"), strings.HasPrefix(msg, "did not find expected key"):
		return "the keys and dashes of one mapping or list begin in the same column: look at what follows this line"
	case strings.HasPrefix(msg, "did not find expected ','"):
		return "inside of brackets put a text that holds commas, brackets or braces into quotes"
	}
	return ""
}
