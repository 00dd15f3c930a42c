package yamltext

// A collection is a mapping or a sequence while it is read.
type collection struct {
	*parser
	id   ID
	last ID
	foot ID // what a foot of the collection belongs to
}

func (p *parser) open(kind Kind, style Style, t *token) collection {
	single := kind == Mapping && style == Flow && t.kind != flowMappingStart
	id := p.newNode(kind, t)
	n := &p.file.nodes[id]
	n.Style, n.End, n.Single = style, t.start, single
	if style == Flow && !single {
		if h := p.notes.property; !h.group.empty() && h.number <= t.number {
			p.doubt("a comment between properties and content")
		}
		p.notes.take(p.file, id, t.number)
		if !p.notes.passed.empty() {
			p.doubt("a comment before a flow collection that is an entry of a sequence")
			p.notes.passed = group{}
		}
	} else {
		p.notes.takeEntry(p.file, id)
	}
	return collection{p, id, None, p.footFor(id)}
}

func (c *collection) node(block, indentless bool) {
	c.add(c.parser.node(block, indentless))
}

func (c *collection) add(child ID) { c.last = c.adopt(c.id, c.last, child) }

// close ends a block collection at the end of its last node.
func (c *collection) close() ID {
	if c.err != nil {
		return None
	}
	if c.last != None {
		n := &c.file.nodes[c.id]
		n.End = max(n.End, c.file.nodes[c.last].End)
	}
	return c.id
}

// blockSequence reads a block sequence. One without indentation of its own ends
// at the first token that is no dash.
func (p *parser) blockSequence(indentless bool) ID {
	t := p.peek()
	t.flags &^= startsSequence
	c := p.open(Sequence, Block, t)
	for p.err == nil {
		t := p.peek()
		switch k := t.turn(); {
		case k == blockEntry:
			c.entry(t, indentless)
		case indentless:
			p.notes.closed(p.file, &token{}, c.id, c.foot)
			return c.close()
		case k == blockEnd:
			p.notes.closed(p.file, t, c.id, c.foot)
			p.next()
			return c.close()
		default:
			p.fail(int(t.start), "\"-\" for the next entry of the block sequence")
		}
	}
	return None
}

func (c *collection) entry(dash *token, indentless bool) {
	end, line := dash.end, dash.line
	c.file.nodes[c.id].End = end
	c.notes.dash(dash)
	number := dash.number
	c.next()
	switch k := c.peek().turn(); {
	case k == blockEntry, k == blockEnd, indentless && (k == keyToken || k == valueToken):
		id := c.empty(end, line)
		c.notes.bind(c.file, number, id, id)
		c.notes.emptyEntry(c.parser)
		c.add(id)
	default:
		c.node(true, false)
	}
}

// blockMapping reads a block mapping.
func (p *parser) blockMapping() ID {
	t := p.peek()
	t.flags &^= startsMapping
	c := p.open(Mapping, Block, t)
	for p.err == nil {
		t := p.peek()
		switch t.turn() {
		case keyToken:
			c.pair(t)
		case blockEnd:
			p.notes.closed(p.file, t, c.id, c.foot)
			p.next()
			return c.close()
		default:
			p.fail(int(t.start), "the next key of the block mapping, in its column")
		}
	}
	return None
}

// passKey takes the turn of a key: the flag of an implicit one, or the sign.
func (p *parser) passKey(t *token) {
	if t.flags&startsKey != 0 {
		t.flags &^= startsKey
		return
	}
	p.next()
}

func (c *collection) pair(t *token) {
	end, line := t.start, t.line
	if t.flags&startsKey == 0 {
		end = t.end
	}
	c.passKey(t)
	switch c.peek().turn() {
	case keyToken, valueToken, blockEnd:
		c.add(c.empty(end, line))
	default:
		c.node(true, true)
	}
	c.value(true)
}

// value reads the value of a pair, which may be missing with its colon.
func (c *collection) value(block bool) {
	t := c.peek()
	if c.err != nil {
		return
	}
	if t.turn() != valueToken {
		c.bare()
		return
	}
	end, line := t.end, t.line
	c.file.nodes[c.id].End = end
	c.notes.bind(c.file, t.number, c.last, c.last)
	c.next()
	switch k := c.peek().turn(); {
	case block && (k == keyToken || k == valueToken || k == blockEnd),
		!block && (k == flowEntry || k == flowMappingEnd || k == flowSequenceEnd):
		c.add(c.empty(end, line))
	default:
		c.key = c.last
		c.node(block, block)
	}
}

// bare adds the null value of a key without colon.
func (c *collection) bare() {
	if c.last == None {
		return
	}
	k := c.file.nodes[c.last]
	id := c.empty(k.End, k.Line)
	c.file.nodes[id].Bare = true
	c.add(id)
}

// flowSequence reads a flow sequence.
func (p *parser) flowSequence() ID {
	t := p.peek()
	c := p.open(Sequence, Flow, t)
	p.next()
	for p.err == nil {
		if t = p.peek(); t.turn() == flowSequenceEnd {
			break
		}
		if c.last != None && !c.comma("\",\" or \"]\" after the value in the flow sequence") {
			break
		}
		switch t = p.peek(); t.turn() {
		case flowSequenceEnd:
		case keyToken:
			c.add(p.singlePair(t))
		default:
			c.node(false, false)
		}
	}
	return c.closeFlow()
}

// comma passes the comma between two entries of a flow collection.
func (c *collection) comma(want string) bool {
	t := c.peek()
	if t.turn() != flowEntry {
		c.fail(int(t.start), want)
		return false
	}
	c.next()
	return true
}

func (c *collection) closeFlow() ID {
	if c.err != nil {
		return None
	}
	t := c.peek()
	c.file.nodes[c.id].End = t.end
	c.notes.bind(c.file, t.number, c.id, c.foot)
	c.next()
	return c.id
}

// singlePair reads a pair that is an entry of a flow sequence.
func (p *parser) singlePair(t *token) ID {
	c := p.open(Mapping, Flow, t)
	explicit := t.flags&startsKey == 0
	end, line := t.end, t.line
	p.passKey(t)
	switch p.peek().turn() {
	case valueToken, flowEntry, flowSequenceEnd:
		if !explicit {
			end = p.peek().start
		}
		c.add(p.empty(end, line))
		c.missingKey()
		c.bare()
	default:
		c.node(false, false)
		c.value(false)
	}
	return c.close()
}

// missingKey reads on after "?" without a key in a flow sequence. The library
// takes the next token for a part of the pair, whatever it is, so that only a
// colon with nothing after it can follow.
func (c *collection) missingKey() {
	c.doubt("a pair without key in a flow sequence")
	end := c.peek().end
	key := &c.file.nodes[c.last]
	key.Prop, key.Start, key.End = end, end, end
	c.next()
}

// flowMapping reads a flow mapping.
func (p *parser) flowMapping() ID {
	t := p.peek()
	c := p.open(Mapping, Flow, t)
	p.next()
	for p.err == nil {
		if t = p.peek(); t.turn() == flowMappingEnd {
			break
		}
		if c.last != None && !c.comma("\",\" or \"}\" after the value in the flow mapping") {
			break
		}
		switch t = p.peek(); t.turn() {
		case flowMappingEnd:
		case keyToken:
			c.flowPair(t)
		default:
			c.node(false, false)
			c.bare()
		}
	}
	return c.closeFlow()
}

func (c *collection) flowPair(t *token) {
	end, line := t.end, t.line
	if t.flags&startsKey != 0 {
		end = t.start
	}
	c.passKey(t)
	switch c.peek().turn() {
	case valueToken, flowEntry, flowMappingEnd:
		c.add(c.empty(end, line))
	default:
		c.node(false, false)
	}
	c.value(false)
}
