package yamltext

// The tokens of the indicators [ ] { } - ? : of collections.

func (s *scanner) openFlow(kind tokenKind) {
	s.saveKey()
	s.flow++
	if s.flow > maxDepth {
		s.fail(s.pos, tooDeep)
	}
	if s.flow == len(s.keys) {
		s.keys = append(s.keys, keyPlace{})
	}
	s.keys[s.flow] = keyPlace{}
	s.allowed = true
	s.sign(kind)
}

func (s *scanner) closeFlow(kind tokenKind) {
	s.dropKey(&s.keys[s.flow])
	if s.flow > 0 {
		s.flow--
	}
	s.allowed = false
	s.sign(kind)
}

func (s *scanner) fetchEntry() {
	var flag uint8
	if s.flow == 0 {
		if !s.allowed {
			s.fail(s.pos, "a value; an entry of a block sequence must begin its line")
			return
		}
		flag = s.roll(s.column(), startsSequence)
	}
	s.dropKey(&s.keys[s.flow])
	s.allowed = true
	s.sign(blockEntry).flags = flag
}

func (s *scanner) fetchKey() {
	var flag uint8
	if s.flow == 0 {
		if !s.allowed {
			s.fail(s.pos, "a value; a key must begin its line")
			return
		}
		flag = s.roll(s.column(), startsMapping)
		s.explicit = true
	}
	s.dropKey(&s.keys[s.flow])
	s.allowed = s.flow == 0
	s.sign(keyToken).flags = flag
}

func (s *scanner) fetchValue() {
	k := &s.keys[s.flow]
	if k.possible {
		t := &s.queue[k.token-s.taken+s.head]
		t.flags |= startsKey | s.roll(t.column, startsMapping)
		k.possible = false
		s.allowed = false
		s.sign(valueToken)
		return
	}
	var flag uint8
	if s.flow == 0 {
		if !s.allowed {
			s.fail(s.pos, "a line break or a comment; a mapping must begin on a line of its own, or in braces")
			return
		}
		flag = s.roll(s.column(), startsMapping)
	}
	s.allowed = s.flow == 0
	s.sign(valueToken).flags = flag
}
