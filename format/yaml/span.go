package yaml

import (
	"bytes"
	"errors"
	"strings"
)

type style uint8

const (
	plain style = iota
	single
	double
	literal
	folded
)

// A place is where a scalar stands in the text. Properties (tag and anchor)
// stand before it; a block scalar is a header line and a body:
//
//	key: !!binary &a |+2 # why
//	     ^prop       ^start
//	                 ^  ^head
//	  body
type place struct {
	start, end int // the scalar, without properties
	prop       int // its first property, or start
	tag        int // the start of a tag of a core type, -1 if there is none
	head, body int // block scalars: end of the header's signs, start of the body
	style      style
	flow       bool // inside a flow collection
	list       bool // the enclosing block collection is a list
	column     int  // its column, from 0; -1 if there is none
	line       int
}

func (p *place) block() bool { return p.style == literal || p.style == folded }

// errPlace says that the text does not look as the judge reads it.
var errPlace = errors.New("the place of a value in the text cannot be found")

// locate finds the end of the scalar n that begins at p.start.
func (p *place) locate(text []byte, n *node) error {
	at := p.start
	var err error
	switch {
	case n.Style&doubleStyle != 0:
		p.style = double
		p.end, err = doubleEnd(text, at)
	case n.Style&singleStyle != 0:
		p.style = single
		p.end, err = singleEnd(text, at)
	case n.Style&literalStyle != 0:
		p.style = literal
		err = p.locateBlock(text, n.Value, '|')
	case n.Style&foldedStyle != 0:
		p.style = folded
		err = p.locateBlock(text, n.Value, '>')
	default:
		p.end, err = plainEnd(text, at, n.Value)
	}
	return err
}

func doubleEnd(text []byte, i int) (int, error) {
	if i >= len(text) || text[i] != '"' {
		return 0, errPlace
	}
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1, nil
		}
	}
	return 0, errPlace
}

func singleEnd(text []byte, i int) (int, error) {
	if i >= len(text) || text[i] != '\'' {
		return 0, errPlace
	}
	for i++; i < len(text); i++ {
		if text[i] != '\'' {
			continue
		}
		if i+1 < len(text) && text[i+1] == '\'' {
			i++
			continue
		}
		return i + 1, nil
	}
	return 0, errPlace
}

// plainEnd follows value through the text. A scalar on one line is its value;
// on several lines one break reads as a space and n breaks as n-1.
func plainEnd(text []byte, i int, value string) (int, error) {
	if len(text)-i >= len(value) && string(text[i:i+len(value)]) == value {
		return i + len(value), nil
	}
	for value != "" {
		if i >= len(text) {
			return 0, errPlace
		}
		next := skipBlanks(text, i)
		n := breakAt(text, next)
		if n == 0 {
			if text[i] != value[0] {
				return 0, errPlace
			}
			i++
			value = value[1:]
			continue
		}
		breaks := 0
		for ; n > 0; n = breakAt(text, next) {
			breaks++
			next = skipBlanks(text, next+n)
		}
		want := " "
		if breaks > 1 {
			want = strings.Repeat("\n", breaks-1)
		}
		rest, ok := strings.CutPrefix(value, want)
		if !ok {
			return 0, errPlace
		}
		i, value = next, rest
	}
	return i, nil
}

// locateBlock finds header and body. The indentation of the content follows
// from the first line that is not blank: what stands before it and is not part
// of the value is indentation.
func (p *place) locateBlock(text []byte, value string, sign byte) error {
	i := p.start
	if i >= len(text) || text[i] != sign {
		return errPlace
	}
	for i++; i < len(text) && (text[i] == '+' || text[i] == '-' || text[i] >= '0' && text[i] <= '9'); i++ {
	}
	p.head = i
	keep := bytes.IndexByte(text[p.start:i], '+') >= 0
	p.body = afterBreak(text, i)
	depth := contentDepth(text[p.body:], value)
	p.end = lineEnd(text, i)
	for at := p.body; at < len(text); at = afterBreak(text, at) {
		end := lineEnd(text, at)
		spaces := at
		for spaces < end && text[spaces] == ' ' {
			spaces++
		}
		blank := spaces == end
		switch {
		case !blank && (depth < 0 || spaces-at < depth):
			return p.checkBlock()
		case !blank || keep || depth >= 0 && end-at > depth:
			p.end = end
		}
	}
	return p.checkBlock()
}

// checkBlock makes an empty body lie behind the header line.
func (p *place) checkBlock() error {
	if p.end < p.body {
		p.body = p.end
	}
	return nil
}

// contentDepth returns the indentation of a block scalar's content, -1 if it
// has only blank lines.
func contentDepth(body []byte, value string) int {
	inner := -1
	for line := range strings.Lines(value) {
		if t := strings.TrimLeft(line, " "); t != "" && t != "\n" {
			inner = len(line) - len(t)
			break
		}
	}
	if inner < 0 {
		return -1
	}
	for at := 0; at < len(body); at = afterBreak(body, at) {
		end := lineEnd(body, at)
		spaces := at
		for spaces < end && body[spaces] == ' ' {
			spaces++
		}
		if spaces < end {
			return spaces - at - inner
		}
	}
	return -1
}
