package yaml

import (
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/yamltext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// add puts n where nothing is yet: the first of the missing steps is not
// in the last element of way.
func (s *setter) add(way []*element, missing tree.Address, n tree.Node) error {
	t := way[len(way)-1]
	first, rest := missing[0], missing[1:]
	n = wrap(rest, n)
	if meta := s.metaKid(t); meta != nil {
		if len(t.kids) == 1 && !t.at.flow {
			return s.firstEntry(meta, first, n)
		}
		t = t.without(meta)
	}
	fits := first.IsKey && t.isMap() || !first.IsKey && t.isList()
	switch {
	case !fits && len(way) == 1:
		return s.emptyRoot(first, n)
	case !fits, len(t.kids) == 0 && len(way) > 1:
		return s.replace(way, wrap(missing[:1], n))
	case len(t.kids) == 0:
		return s.emptyRoot(first, n)
	case t.at.flow:
		s.flowEntry(t, first, n)
		return nil
	}
	return s.blockEntry(t, first, n)
}

// metaKid returns the metadata if t is the root of an encrypted document: what is
// added comes before it.
func (s *setter) metaKid(t *element) *element {
	if !s.encrypted || t != s.root || len(t.kids) == 0 {
		return nil
	}
	if last := t.kids[len(t.kids)-1]; last.key != nil && s.keyText(last.key) == metaKey {
		return last
	}
	return nil
}

// without returns t as it is without its last entry.
func (t *element) without(last *element) *element {
	rest := *t
	rest.kids = t.kids[:len(t.kids)-1]
	if n := len(rest.kids); n > 0 && !t.at.flow {
		rest.end = rest.kids[n-1].end
	}
	return &rest
}

// firstEntry puts the first entry of an encrypted document above its metadata.
func (s *setter) firstEntry(meta *element, step tree.Step, n tree.Node) error {
	text, err := s.block(wrap(tree.Address{step}, n), 0)
	if err == nil {
		s.insertLine(lineStart(s.text, meta.entryStart()), text)
	}
	return err
}

// wrap builds the containers for missing steps around n.
func wrap(missing tree.Address, n tree.Node) tree.Node {
	for i := len(missing) - 1; i >= 0; i-- {
		if s := missing[i]; s.IsKey {
			n = &tree.Map{Items: []tree.Item{{Key: s.Key, Value: n}}}
		} else {
			n = &tree.List{Items: []tree.Node{n}}
		}
	}
	return n
}

// emptyRoot gives a document without entries its first one.
func (s *setter) emptyRoot(step tree.Step, n tree.Node) error {
	entry := wrap(tree.Address{step}, n)
	t := s.root
	if t.isFlow() && lineStart(s.text, t.start) != t.start {
		s.edit(t.start, t.end, flowText(entry))
		return nil
	}
	text, err := s.block(entry, 0)
	if err != nil {
		return err
	}
	if t.end > t.start {
		s.edit(t.start, t.end, text)
		return nil
	}
	s.insertLine(s.parts[0].end, text)
	return nil
}

// flowEntry adds to a flow collection, after its last entry.
func (s *setter) flowEntry(t *element, step tree.Step, n tree.Node) {
	text := flowText(n)
	last := t.kids[len(t.kids)-1]
	if step.IsKey {
		key := quoted(step.Key)
		if last.key.Style != yamltext.DoubleQuoted && look(step.Key).flowPlain && isString(step.Key) {
			key = step.Key
		}
		text = key + ": " + text
	}
	if s.text[t.start] != '{' && s.text[t.start] != '[' {
		s.edit(t.start, t.start, "{")
		text += "}"
	}
	s.edit(last.end, last.end, ", "+text)
}

// blockEntry adds to a block collection, on lines of its own after the last
// entry.
func (s *setter) blockEntry(t *element, step tree.Step, n tree.Node) error {
	column := t.at.column
	pad := strings.Repeat(" ", column)
	var text string
	if step.IsKey {
		value, err := s.afterKey(n, column)
		if err != nil {
			return err
		}
		text = pad + keyFor(step.Key) + ":" + value
	} else {
		value, err := s.afterDash(t, n)
		if err != nil {
			return err
		}
		text = pad + "-" + value
	}
	s.insertLine(s.endOfEntries(t), text)
	return nil
}

func keyFor(key string) string {
	slot := slot{oneLine: true}
	return slot.free(key)
}

func (s *setter) afterKey(n tree.Node, column int) (string, error) {
	if _, scalar := n.(*tree.Scalar); scalar || isEmpty(n) {
		return " " + s.inline(n, false, column), nil
	}
	text, err := s.block(n, column+s.step)
	return s.newline + text, err
}

// afterDash keeps the gap that the siblings have after their dash.
func (s *setter) afterDash(t *element, n tree.Node) (string, error) {
	gap := " "
	last := t.kids[len(t.kids)-1]
	if at := last.dash + 1; at > 0 && at < last.place.prop && strings.Trim(string(s.text[at:last.place.prop]), " ") == "" {
		gap = string(s.text[at:last.place.prop])
	}
	if _, scalar := n.(*tree.Scalar); scalar || isEmpty(n) {
		return gap + s.inline(n, true, t.at.column), nil
	}
	text, err := s.block(n, t.at.column+1+len(gap))
	return gap + strings.TrimLeft(text, " "), err
}

// endOfEntries returns the start of the line after the last entry of t.
// Comments that are deeper than the entries go with the last one.
func (s *setter) endOfEntries(t *element) int {
	end := afterBreak(s.text, t.end)
	for at := end; at < len(s.text); {
		next := afterBreak(s.text, at)
		first := skipBlanks(s.text, at)
		if first >= len(s.text) || s.text[first] != '#' && breakAt(s.text, first) == 0 {
			break
		}
		if s.text[first] == '#' {
			if first-at <= t.at.column {
				break
			}
			end = next
		}
		at = next
	}
	return end
}

// insertLine inserts a line at the start of a line, or at the end of a text
// that may lack its last break.
func (s *setter) insertLine(at int, text string) {
	if at > 0 && !endsInBreak(s.text[:at]) {
		s.closeBlock(at)
		s.edit(at, at, s.newline+text)
		return
	}
	s.edit(at, at, text+s.newline)
}

// closeBlock keeps the value of a block scalar that ends the text without a
// break, which it will gain now.
func (s *setter) closeBlock(at int) {
	for i := range s.leaves {
		if l := s.leafAt(i); !l.comment && l.via == 0 && l.block() && l.end == at {
			header := string(s.text[l.start:l.head])
			s.edit(l.start, l.head, strings.Trim(header, "+-")+"-")
			return
		}
	}
}
