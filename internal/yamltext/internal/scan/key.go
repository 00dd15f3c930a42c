package scan

import (
	"strconv"

	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/char"
)

// A keyPlace is where an implicit key may have begun.
type keyPlace struct {
	possible bool
	required bool // nothing else can be there
	token    int  // its number in the stream
	// loose says that the token does not wait for a colon any more: the library
	// forgets a bracket that "?" follows, and cannot make a key of it later.
	loose bool
	at    int
	line  int32
}

// maxKey is the longest implicit key, in characters.
const maxKey = 1024

// mayBeKey reports whether a token may yet become a key.
func (s *Scanner) mayBeKey(number int) bool {
	s.expire()
	return s.live < len(s.keys) && s.keys[s.live].token == number
}

// expire gives up keys that did not end on their line.
func (s *Scanner) expire() {
	for ; s.live < len(s.keys); s.live++ {
		k := &s.keys[s.live]
		if !k.possible {
			continue
		}
		if k.line == s.line && !s.tooLong(k.at) {
			return
		}
		s.dropKey(k)
	}
}

func (s *Scanner) tooLong(from int) bool {
	return s.pos-from > maxKey && (s.survey.ASCII || char.Runes(s.text[from:s.pos]) > maxKey)
}

func (s *Scanner) dropKey(k *keyPlace) {
	if k.possible && k.required {
		s.Fail(s.pos, "\":\" after the key on line "+strconv.Itoa(int(k.line)))
	}
	k.possible = false
}

// loosen is for a "?" in a flow collection.
func (s *Scanner) loosen() {
	if s.gap.Prev != FlowSequenceStart && s.gap.Prev != FlowMappingStart {
		return
	}
	if k := &s.keys[s.flow-1]; k.token == s.taken+len(s.queue)-s.head-1 {
		k.loose = true
	}
}

// waits reports whether the token of the key at hand has waited for its colon.
func (s *Scanner) waits() bool {
	for i := range s.keys[:s.flow+1] {
		if k := &s.keys[i]; k.possible && !k.loose {
			return true
		}
	}
	return false
}

// saveKey remembers that the next token may be a key.
func (s *Scanner) saveKey() {
	if !s.allowed {
		return
	}
	k := &s.keys[s.flow]
	s.dropKey(k)
	*k = keyPlace{
		possible: true, required: s.flow == 0 && s.indent == s.column(),
		token: s.taken + len(s.queue) - s.head, at: s.pos, line: s.line,
	}
	s.live = min(s.live, s.flow)
}
