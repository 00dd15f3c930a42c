package yaml

// gaps are what stands between scalars: comments, brackets and the markers of
// documents.
type gaps struct {
	comments []span // from the sign to the end of the line
	brackets []span // opening and closing, ordered by opening
	markers  []int  // lines that are --- or ...
	stack    []int
}

// findGaps walks the bytes between skips, which are in order.
func findGaps(text []byte, skips []span) *gaps {
	g := &gaps{}
	at := 0
	for _, s := range skips {
		if s.start > at {
			g.walk(text, at, s.start)
		}
		at = max(at, s.end)
	}
	g.walk(text, at, len(text))
	return g
}

func (g *gaps) walk(text []byte, i, end int) {
	for i < end {
		switch c := text[i]; c {
		case '#':
			stop := lineEnd(text, i)
			g.comments = append(g.comments, span{i, stop})
			i = stop
			continue
		case '{', '[':
			g.stack = append(g.stack, len(g.brackets))
			g.brackets = append(g.brackets, span{i, len(text)})
		case '}', ']':
			if n := len(g.stack); n > 0 {
				g.brackets[g.stack[n-1]].end = i
				g.stack = g.stack[:n-1]
			}
		case '%', '-', '.':
			if i > 0 && !endsInBreak(text[:i]) {
				break
			}
			if c == '%' {
				i = directiveEnd(text, i)
				continue
			}
			if isMarker(text, i) {
				g.markers = append(g.markers, i)
				i += 3
				continue
			}
		}
		i++
	}
}

// directiveEnd returns where the directive at i ends: at its line's end, or at a
// comment.
func directiveEnd(text []byte, i int) int {
	end := lineEnd(text, i)
	for j := i + 1; j < end; j++ {
		if text[j] == '#' && isBlank(text[j-1]) {
			return j
		}
	}
	return end
}

// isMarker reports whether the line that begins at i begins or ends a document.
func isMarker(text []byte, i int) bool {
	if len(text)-i < 3 {
		return false
	}
	if m := string(text[i : i+3]); m != "---" && m != "..." {
		return false
	}
	return i+3 == len(text) || isBlank(text[i+3]) || breakAt(text, i+3) > 0
}

// closing returns where the bracket that opens at i closes.
func (g *gaps) closing(i int) int {
	if k := g.firstBracket(i); k < len(g.brackets) && g.brackets[k].start == i {
		return g.brackets[k].end
	}
	return -1
}

// firstBracket returns the index of the first bracket that opens at i or later.
func (g *gaps) firstBracket(i int) int {
	lo, hi := 0, len(g.brackets)
	for lo < hi {
		if mid := (lo + hi) / 2; g.brackets[mid].start < i {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}
