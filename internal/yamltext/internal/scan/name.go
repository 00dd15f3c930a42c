package scan

import (
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/char"
)

// fetchName reads an alias or an anchor.
func (s *Scanner) fetchName(kind Kind) {
	s.saveKey()
	s.allowed = false
	i := s.pos + 1
	for i < len(s.text) && char.Class[s.text[i]]&char.Word != 0 {
		i++
	}
	if i == s.pos+1 || !char.EndsToken(s.text, i) && strings.IndexByte("?:,]}%@`", s.text[i]) < 0 {
		s.Fail(i, "a name of letters, digits, - and _")
		return
	}
	s.add(kind, i-s.pos)
	s.pos = i
}

// fetchTag reads a tag.
func (s *Scanner) fetchTag() {
	s.saveKey()
	s.allowed = false
	i := s.pos + 1
	if i < len(s.text) && s.text[i] == '<' {
		i = s.uri(i + 1)
		if i == s.pos+2 || i >= len(s.text) || s.text[i] != '>' {
			s.Fail(i, "a tag and \">\" after it")
			return
		}
		i++
	} else {
		i = s.uri(i)
	}
	if !char.EndsToken(s.text, i) {
		s.Fail(i, "white space after the tag")
		return
	}
	s.add(Tag, i-s.pos)
	s.pos = i
}

// uri returns where the characters of a URI that begin at i end.
func (s *Scanner) uri(i int) int {
	for i < len(s.text) && char.InURI(s.text[i]) {
		i++
	}
	return i
}
