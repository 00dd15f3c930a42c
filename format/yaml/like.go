package yaml

// A text that is encrypted anew keeps the tokens of what did not change, and
// their presentation: a file by SOPS stays as SOPS wrote it.

// like notes how the tokens of an encrypted text are presented.
func (m *masking) like(d *document) {
	own := *m.document
	own.step = d.step
	m.document = &own
	m.was = make(map[string]style, len(d.leaves))
	m.elements = map[string]bool{}
	for i := range d.leaves {
		l := d.leafAt(i)
		if l.via > 0 {
			continue
		}
		token := l.tokenOf()
		if !l.comment {
			m.was[token] = l.style
			m.elements[token] = l.list
		}
	}
}

// styleOf returns the style of a token that is on one line: that of the
// value, or the one that the token had before.
func (m *masking) styleOf(l *leaf, token string) style {
	if l.flow && l.style != single {
		return double // a bare token in a flow collection is no YAML
	}
	if was, ok := m.was[token]; ok && !l.flow && was <= double {
		return was
	}
	if l.block() {
		return plain
	}
	return l.style
}

// standsOnOneLine reports whether the token of a block scalar was on one line
// before, and can do so again.
func (m *masking) standsOnOneLine(l *leaf, token string) bool {
	was, ok := m.was[token]
	return ok && was <= double && !m.commentFollows(l.head)
}

// amongElements reports whether a dash could be in the place of the comment
// sign at i: one is at its column on the next line that is no comment, or
// began the lines above.
func (m *masking) amongElements(i int) bool {
	start := lineStart(m.src, i)
	if skipBlanks(m.src, start) != i {
		return false
	}
	column := i - start
	for at := afterBreak(m.src, i); at < len(m.src); at = afterBreak(m.src, at) {
		if first, ok := m.content(at); ok {
			if first-at == column && m.src[first] == '-' {
				return true
			}
			break
		}
	}
	for at := start; at > 0; {
		at = lineStart(m.src, beforeBreak(m.src, at))
		if first, ok := m.content(at); ok && first-at <= column {
			return first-at == column && m.src[first] == '-'
		}
	}
	return false
}

// content returns where the content of the line at i begins, and whether it has
// any besides a comment.
func (m *masking) content(i int) (int, bool) {
	i = skipBlanks(m.src, i)
	return i, i < len(m.src) && m.src[i] != '#' && breakAt(m.src, i) == 0
}
