package yaml

import (
	"bytes"
	"strings"
)

// Comments belong to the container in which the judge will find them once the
// metadata stands at the end of each document: it may hold a comment that would
// else be a foot of the whole text. So the judge reads the text with an empty
// placeholder where the metadata will go.
const placeholder = metaKey + ": {}"

// A framed text is a text with placeholders.
type framed struct {
	text  []byte
	ends  []int // for each document: where, in text, its placeholder begins
	sizes []int // and how long it is, 0 if there is none

	// For back: the length of the original, and where the last answer was.
	limit, part, before, lines int
}

// back turns a place of the framed text into one of the original. It is quick
// where places come in order.
func (f *framed) back(at int) int {
	for f.part > 0 && at <= f.ends[f.part-1] {
		f.part--
		f.before -= f.sizes[f.part]
		f.lines -= min(f.sizes[f.part], 1)
	}
	for f.part < len(f.ends) && at > f.ends[f.part] {
		f.before += f.sizes[f.part]
		f.lines += min(f.sizes[f.part], 1)
		f.part++
	}
	if n := f.part; n > 0 {
		// A place inside a placeholder is where that begins.
		at = max(at, f.ends[n-1]+f.sizes[n-1])
	}
	return min(at-f.before, f.limit)
}

// frame adds placeholders to src. Markers of documents are known without the
// judge, since nothing else can stand at the start of a line like that.
//
// It returns nil if src holds no document.
func frame(src []byte, newline string) *framed {
	docs := documents(src)
	if len(docs) == 0 && bytes.IndexByte(src, '#') >= 0 && bytes.IndexByte(src, '%') < 0 {
		// Nothing but comments: they are a document once the metadata is there.
		docs = []docRange{{stop: len(src), end: len(src)}}
	}
	if len(docs) == 0 {
		return nil
	}
	f := &framed{}
	out := make([]byte, 0, len(src)+64)
	for _, d := range docs {
		out = append(out, src[d.start:d.stop]...)
		column, ok := rootColumn(src[d.body:d.stop])
		hold := ""
		if ok {
			if len(out) > 0 && !endsInBreak(out) {
				hold = newline
			}
			hold += strings.Repeat(" ", column) + placeholder + newline
		}
		f.ends = append(f.ends, len(out))
		f.sizes = append(f.sizes, len(hold))
		out = append(out, hold...)
		out = append(out, src[d.stop:d.end]...)
	}
	f.text = out
	return f
}

// A docRange is one document: [start,end) is all that belongs to it, its body
// begins behind its marker and stops before the next one.
type docRange struct{ start, body, stop, end int }

// documents splits src at its markers.
func documents(src []byte) []docRange {
	var out []docRange
	d := docRange{}
	explicit := false
	for at := 0; at < len(src); {
		next := afterBreakFast(src, at)
		if isMarker(src, at) {
			begins := src[at] == '-'
			if explicit || hasContent(src[d.body:at]) {
				d.stop, d.end = at, at
				if !begins {
					d.end = next
				}
				out = append(out, d)
				d = docRange{start: d.end, body: d.end}
				explicit = false
			}
			if begins {
				d.body = at + 3
				explicit = true
			}
		}
		at = next
	}
	if explicit || hasContent(src[d.body:]) {
		d.stop, d.end = len(src), len(src)
		return append(out, d)
	}
	if len(out) > 0 {
		out[len(out)-1].end = len(src)
	}
	return out
}

// afterBreakFast returns where the next line begins; only LF and CR count,
// since markers must follow one of the five breaks and the other three are
// caught by the judge's own count of documents.
func afterBreakFast(text []byte, i int) int {
	n := bytes.IndexAny(text[i:], "\n\r")
	if n < 0 {
		return len(text)
	}
	return i + n + max(1, breakAt(text, i+n))
}

// hasContent reports whether text holds more than blank lines, comments and
// directives.
func hasContent(text []byte) bool {
	_, ok := firstContent(text)
	return ok
}

func firstContent(text []byte) (at int, ok bool) {
	fresh := true
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case breakAt(text, i) > 0:
			i += breakAt(text, i)
			fresh = true
		case isBlank(c):
			i++
		case c == '#', c == '%' && fresh:
			i = lineEnd(text, i)
		default:
			return i, true
		}
	}
	return 0, false
}

// rootColumn returns the column of the root's keys, and false where no
// placeholder can stand: behind a root in flow style, or in an indented one
// whose column is hard to tell.
func rootColumn(body []byte) (int, bool) {
	at, ok := firstContent(body)
	if !ok {
		return 0, true
	}
	start, key := lineStart(body, at), at
	for body[at] == '!' || body[at] == '&' {
		behind := at
		for behind < len(body) && !isBlank(body[behind]) && breakAt(body, behind) == 0 {
			behind++
		}
		rest, more := firstContent(body[behind:])
		if !more {
			return 0, false
		}
		at = behind + rest
		if line := lineStart(body, at); line != start {
			// What stood above are properties of the root, not of its first key.
			start, key = line, at
		}
	}
	if body[at] == '{' || start == 0 && at > 0 && body[0] == ' ' {
		return 0, false
	}
	return key - start, true
}
