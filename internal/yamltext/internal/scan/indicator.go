package scan

// The tokens of the indicators [ ] { } - ? : of collections.

func (s *Scanner) openFlow(kind Kind) {
	s.saveKey()
	s.flow++
	if s.flow > maxDepth {
		s.Fail(s.pos, tooDeep)
	}
	if s.flow == len(s.keys) {
		s.keys = append(s.keys, keyPlace{})
	}
	s.keys[s.flow] = keyPlace{}
	s.allowed = true
	s.sign(kind)
}

func (s *Scanner) closeFlow(kind Kind) {
	s.dropKey(&s.keys[s.flow])
	if s.flow > 0 {
		s.flow--
	}
	s.allowed = false
	s.sign(kind)
}

func (s *Scanner) fetchEntry() {
	var flag uint8
	if s.flow == 0 {
		if !s.allowed {
			s.Fail(s.pos, "a value; an entry of a block sequence must begin its line")
			return
		}
		flag = s.roll(s.column(), StartsSequence)
	}
	s.dropKey(&s.keys[s.flow])
	s.allowed = true
	s.sign(BlockEntry).Flags = flag
}

func (s *Scanner) fetchKey() {
	var flag uint8
	if s.flow == 0 {
		if !s.allowed {
			s.Fail(s.pos, "a value; a key must begin its line")
			return
		}
		flag = s.roll(s.column(), StartsMapping)
		s.explicit = true
	}
	s.dropKey(&s.keys[s.flow])
	if s.flow > 0 {
		s.loosen()
	}
	s.allowed = s.flow == 0
	s.sign(Key).Flags = flag
}

func (s *Scanner) fetchValue() {
	k := &s.keys[s.flow]
	if k.possible && k.loose && !s.waits() {
		s.Fail(s.pos, "a key that is no flow collection that begins with \"?\"")
		return
	}
	if k.possible {
		t := &s.queue[k.token-s.taken+s.head]
		t.Flags |= StartsKey | s.roll(t.Column, StartsMapping)
		k.possible = false
		s.allowed = false
		s.sign(Value)
		return
	}
	var flag uint8
	if s.flow == 0 {
		if !s.allowed {
			s.Fail(s.pos, "a line break or a comment; a mapping must begin on a line of its own, or in braces")
			return
		}
		flag = s.roll(s.column(), StartsMapping)
	}
	s.allowed = s.flow == 0
	s.sign(Value).Flags = flag
}

// maxDepth is how deep block collections may be nested, and flow collections in
// the innermost one.
const maxDepth = 10_000

const tooDeep = "collections nested less than 10,000 deep"
