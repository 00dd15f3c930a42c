package pgp

import (
	"slices"
	"strconv"
	"strings"
)

// prefix begins each status line of gpg. The rest is a keyword and arguments,
// the same in every language.
const prefix = "[GNUPG:] "

// status is what gpg has reported.
type status struct {
	lines []string // without the prefix
	text  []string // what it wrote for people
}

// parseStatus divides what gpg wrote on standard error.
func parseStatus(stderr string) status {
	var s status
	for line := range strings.Lines(stderr) {
		line = strings.TrimRight(line, "\r\n")
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			s.lines = append(s.lines, rest)
		} else if line = clean(line); line != "" {
			s.text = append(s.text, strings.TrimPrefix(line, "gpg: "))
		}
	}
	return s
}

// args returns the arguments of all lines with that keyword.
func (s status) args(keyword string) [][]string {
	var all [][]string
	for _, line := range s.lines {
		if words := strings.Fields(line); len(words) > 0 && words[0] == keyword {
			all = append(all, words[1:])
		}
	}
	return all
}

func (s status) has(keyword string) bool { return len(s.args(keyword)) > 0 }

// Codes of errors, as libgpg-error numbers them.
const (
	codeNoPublicKey   = 9
	codeBadPassphrase = 11
	codeNoSecretKey   = 17
	codeTimeout       = 62
	codeNoAgent       = 77
	codeNoPinentry    = 85
	codePinentry      = 86
	codeBadPIN        = 87
	codeCanceled      = 99
	codeCardRemoved   = 110
	codeNoCard        = 112
	codePINBlocked    = 130
	codeFullyCanceled = 198
	codeForbidden     = 251
	codeSystem        = 1 << 15 // and the number of an error of the system
	codeNoMemory      = codeSystem | 86
	codeNoTerminal    = codeSystem | 102
)

// codeMask cuts off which program an error is from.
const codeMask = 1<<16 - 1

// codes returns the codes of the errors of one kind, such as pkdecrypt_failed.
func (s status) codes(what string) []int {
	var codes []int
	for _, keyword := range []string{"ERROR", "FAILURE"} {
		for _, args := range s.args(keyword) {
			if len(args) < 2 || args[0] != what {
				continue
			}
			if n, err := strconv.ParseUint(args[1], 10, 32); err == nil {
				codes = append(codes, int(n&codeMask))
			}
		}
	}
	return codes
}

// failed reports whether a decryption failed by one of the codes.
func (s status) failed(codes ...int) bool {
	return slices.ContainsFunc(s.codes("pkdecrypt_failed"), func(c int) bool { return slices.Contains(codes, c) })
}
