package yamltext

import "github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/scan"

// A collection is a mapping or a sequence while it is read.
type collection struct {
	*parser
	id   ID
	last ID
	foot ID // what a foot of the collection belongs to
}

func (p *parser) open(kind Kind, style Style, t *scan.Token) collection {
	single := kind == Mapping && style == Flow && t.Kind != scan.FlowMappingStart
	id := p.newNode(kind, t)
	n := &p.file.nodes[id]
	n.Style, n.End, n.Single = style, t.Start, single
	if style == Flow && !single {
		if h := p.notes.property; !h.group.empty() && h.number <= t.Number {
			p.doubt("a comment between properties and content")
		}
		p.notes.take(p.file, id, t.Number)
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
	if c.Err != nil {
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
	t := p.Peek()
	t.Flags &^= scan.StartsSequence
	c := p.open(Sequence, Block, t)
	for p.Err == nil {
		t := p.Peek()
		switch k := t.Turn(); {
		case k == scan.BlockEntry:
			c.entry(t, indentless)
		case indentless:
			p.notes.closed(p.file, &scan.Token{}, c.id, c.foot)
			return c.close()
		case k == scan.BlockEnd:
			p.notes.closed(p.file, t, c.id, c.foot)
			p.Next()
			return c.close()
		default:
			p.Fail(int(t.Start), "\"-\" for the next entry of the block sequence")
		}
	}
	return None
}

func (c *collection) entry(dash *scan.Token, indentless bool) {
	end, line := dash.End, dash.Line
	c.file.nodes[c.id].End = end
	c.notes.dash(dash)
	number := dash.Number
	c.Next()
	switch k := c.Peek().Turn(); {
	case k == scan.BlockEntry, k == scan.BlockEnd, indentless && (k == scan.Key || k == scan.Value):
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
	t := p.Peek()
	t.Flags &^= scan.StartsMapping
	c := p.open(Mapping, Block, t)
	for p.Err == nil {
		t := p.Peek()
		switch t.Turn() {
		case scan.Key:
			c.pair(t)
		case scan.BlockEnd:
			p.notes.closed(p.file, t, c.id, c.foot)
			p.Next()
			return c.close()
		default:
			p.Fail(int(t.Start), "the next key of the block mapping, in its column")
		}
	}
	return None
}

// passKey takes the turn of a key: the flag of an implicit one, or the sign.
func (p *parser) passKey(t *scan.Token) {
	if t.Flags&scan.StartsKey != 0 {
		t.Flags &^= scan.StartsKey
		return
	}
	p.Next()
}

func (c *collection) pair(t *scan.Token) {
	end, line := t.Start, t.Line
	if t.Flags&scan.StartsKey == 0 {
		end = t.End
	}
	c.passKey(t)
	switch c.Peek().Turn() {
	case scan.Key, scan.Value, scan.BlockEnd:
		c.add(c.empty(end, line))
	default:
		c.node(true, true)
	}
	c.value(true)
}

// value reads the value of a pair, which may be missing with its colon.
func (c *collection) value(block bool) {
	t := c.Peek()
	if c.Err != nil {
		return
	}
	if t.Turn() != scan.Value {
		c.bare()
		return
	}
	end, line := t.End, t.Line
	c.file.nodes[c.id].End = end
	c.notes.bind(c.file, t.Number, c.last, c.last)
	c.Next()
	switch k := c.Peek().Turn(); {
	case block && (k == scan.Key || k == scan.Value || k == scan.BlockEnd),
		!block && (k == scan.FlowEntry || k == scan.FlowMappingEnd || k == scan.FlowSequenceEnd):
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
	t := p.Peek()
	c := p.open(Sequence, Flow, t)
	p.Next()
	for p.Err == nil {
		if t = p.Peek(); t.Turn() == scan.FlowSequenceEnd {
			break
		}
		if c.last != None && !c.comma("\",\" or \"]\" after the value in the flow sequence") {
			break
		}
		switch t = p.Peek(); t.Turn() {
		case scan.FlowSequenceEnd:
		case scan.Key:
			c.add(p.singlePair(t))
		default:
			c.node(false, false)
		}
	}
	return c.closeFlow()
}

// comma passes the comma between two entries of a flow collection.
func (c *collection) comma(want string) bool {
	t := c.Peek()
	if t.Turn() != scan.FlowEntry {
		c.Fail(int(t.Start), want)
		return false
	}
	c.Next()
	return true
}

func (c *collection) closeFlow() ID {
	if c.Err != nil {
		return None
	}
	t := c.Peek()
	c.file.nodes[c.id].End = t.End
	c.notes.bind(c.file, t.Number, c.id, c.foot)
	c.Next()
	return c.id
}

// singlePair reads a pair that is an entry of a flow sequence.
func (p *parser) singlePair(t *scan.Token) ID {
	c := p.open(Mapping, Flow, t)
	explicit := t.Flags&scan.StartsKey == 0
	end, line := t.End, t.Line
	p.passKey(t)
	switch p.Peek().Turn() {
	case scan.Value, scan.FlowEntry, scan.FlowSequenceEnd:
		if !explicit {
			end = p.Peek().Start
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
	end := c.Peek().End
	key := &c.file.nodes[c.last]
	key.Prop, key.Start, key.End = end, end, end
	c.Next()
}

// flowMapping reads a flow mapping.
func (p *parser) flowMapping() ID {
	t := p.Peek()
	c := p.open(Mapping, Flow, t)
	p.Next()
	for p.Err == nil {
		if t = p.Peek(); t.Turn() == scan.FlowMappingEnd {
			break
		}
		if c.last != None && !c.comma("\",\" or \"}\" after the value in the flow mapping") {
			break
		}
		switch t = p.Peek(); t.Turn() {
		case scan.FlowMappingEnd:
		case scan.Key:
			c.flowPair(t)
		default:
			c.node(false, false)
			c.bare()
		}
	}
	return c.closeFlow()
}

func (c *collection) flowPair(t *scan.Token) {
	end, line := t.End, t.Line
	if t.Flags&scan.StartsKey != 0 {
		end = t.Start
	}
	c.passKey(t)
	switch c.Peek().Turn() {
	case scan.Value, scan.FlowEntry, scan.FlowMappingEnd:
		c.add(c.empty(end, line))
	default:
		c.node(false, false)
	}
	c.value(false)
}
