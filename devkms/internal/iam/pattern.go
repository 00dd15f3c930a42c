package iam

import "strings"

// A glyph is one character of a pattern: a literal, or with wild set the
// wildcard '*' or '?'.
type glyph struct {
	r    rune
	wild bool
}

// A pattern is a policy value ready to be compared: text for operators that
// compare literally, glyphs for those that know wildcards.
type pattern struct {
	text   string
	glyphs []glyph
}

// match reports whether all of s fits the pattern. Upon a mismatch it goes
// back to the latest '*' only, so time is at most len(s) times len(glyphs).
func (p pattern) match(s string) bool {
	text := []rune(s)
	star, mark := -1, 0
	i, j := 0, 0
	for i < len(text) {
		switch {
		case j < len(p.glyphs) && p.glyphs[j].wild && p.glyphs[j].r == '*':
			star, mark = j, i
			j++
		case j < len(p.glyphs) && (p.glyphs[j].wild || p.glyphs[j].r == text[i]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = mark, star+1
		default:
			return false
		}
	}
	for j < len(p.glyphs) && p.glyphs[j].wild && p.glyphs[j].r == '*' {
		j++
	}
	return j == len(p.glyphs)
}

// wildcards reads '*' and '?' as wildcards.
func wildcards(s string) []glyph {
	var g []glyph
	for _, r := range s {
		g = append(g, glyph{r: r, wild: r == '*' || r == '?'})
	}
	return g
}

func literal(s string) []glyph {
	var g []glyph
	for _, r := range s {
		g = append(g, glyph{r: r})
	}
	return g
}

func newPattern(s string) pattern { return pattern{text: s, glyphs: wildcards(s)} }

// A template is a policy value that may hold policy variables, such as
// ${aws:username} or ${aws:PrincipalTag/team, 'none'}.
type template struct {
	raw   string
	parts []part
	fixed *pattern // set when there are no variables
}

type part struct {
	pattern
	variable string // lower case; "" for a fixed part
	fallback *string
}

// newTemplate compiles s. Policies before version 2012-10-17 know no
// variables: there ${...} is text.
func newTemplate(s string, variables bool) template {
	if !variables || !strings.Contains(s, "${") {
		p := newPattern(s)
		return template{raw: s, fixed: &p}
	}
	t := template{raw: s}
	for s != "" {
		at := strings.Index(s, "${")
		end := -1
		if at >= 0 {
			end = strings.IndexByte(s[at:], '}')
		}
		if end < 0 {
			t.parts = append(t.parts, part{pattern: newPattern(s)})
			break
		}
		t.parts = append(t.parts, part{pattern: newPattern(s[:at])}, newVariable(s[at+2:at+end]))
		s = s[at+end+1:]
	}
	return t
}

func newVariable(name string) part {
	switch name {
	case "*", "?", "$":
		return part{pattern: pattern{text: name, glyphs: literal(name)}}
	}
	name, fallback, has := strings.Cut(name, ",")
	p := part{variable: strings.ToLower(strings.TrimSpace(name))}
	if has {
		text := strings.Trim(strings.TrimSpace(fallback), "'")
		p.fallback = &text
	}
	return p
}

// expand fills in the variables from c. It reports false if one has no value:
// such a policy value matches nothing.
func (t template) expand(c Conditions) (pattern, bool) {
	if t.fixed != nil {
		return *t.fixed, true
	}
	var out pattern
	for _, p := range t.parts {
		if p.variable == "" {
			out.text += p.text
			out.glyphs = append(out.glyphs, p.glyphs...)
			continue
		}
		value, ok := variableValue(p, c)
		if !ok {
			return pattern{}, false
		}
		out.text += value
		out.glyphs = append(out.glyphs, literal(value)...)
	}
	return out, true
}

func variableValue(p part, c Conditions) (string, bool) {
	if v := c[p.variable]; len(v) == 1 {
		return v[0], true
	}
	if p.fallback != nil {
		return *p.fallback, true
	}
	return "", false
}
