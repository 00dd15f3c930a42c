package yamltext

import "strings"

// fetchName reads an alias or an anchor.
func (s *scanner) fetchName(kind tokenKind) {
	s.saveKey()
	s.allowed = false
	i := s.pos + 1
	for i < len(s.text) && class[s.text[i]]&wordClass != 0 {
		i++
	}
	if i == s.pos+1 || !endsToken(s.text, i) && strings.IndexByte("?:,]}%@`", s.text[i]) < 0 {
		s.fail(i, "a name of letters, digits, - and _")
		return
	}
	s.add(kind, i-s.pos)
	s.pos = i
}

// fetchTag reads a tag.
func (s *scanner) fetchTag() {
	s.saveKey()
	s.allowed = false
	i := s.pos + 1
	if i < len(s.text) && s.text[i] == '<' {
		i = s.uri(i + 1)
		if i == s.pos+2 || i >= len(s.text) || s.text[i] != '>' {
			s.fail(i, "a tag and \">\" after it")
			return
		}
		i++
	} else {
		i = s.uri(i)
	}
	if !endsToken(s.text, i) {
		s.fail(i, "white space after the tag")
		return
	}
	s.add(tagToken, i-s.pos)
	s.pos = i
}

// uri returns where the characters of a URI that begin at i end.
func (s *scanner) uri(i int) int {
	for i < len(s.text) && uriChar(s.text[i]) {
		i++
	}
	return i
}

func uriChar(c byte) bool {
	return class[c]&wordClass != 0 || strings.IndexByte(";/?:@&=+$.!~*'()%,[]", c) >= 0
}

// tag returns the short form of the tag in t, with its handle resolved, and ""
// for the lone "!".
func (p *parser) tag(t *token) string {
	raw := p.text[t.start:t.end]
	at := int(t.start)
	if strings.HasPrefix(raw, "!<") {
		return shortTag(p.unescape(raw[2:len(raw)-1], at+2))
	}
	handle, suffix := "!", raw[1:]
	if i := strings.IndexByte(suffix, '!'); i >= 0 && isHandle(suffix[:i]) {
		handle, suffix = raw[:i+2], suffix[i+1:]
	}
	if suffix == "" {
		if handle != "!" {
			p.fail(int(t.end), "the suffix of the tag")
		}
		return ""
	}
	prefix, ok := p.handles[handle]
	if !ok {
		p.fail(at, "a handle that a %TAG directive declares")
	}
	return shortTag(prefix + p.unescape(suffix, at))
}

// isHandle reports whether name can be between the signs of a tag handle.
func isHandle(name string) bool {
	for i := range len(name) {
		if class[name[i]]&wordClass == 0 {
			return false
		}
	}
	return true
}

const corePrefix = "tag:yaml.org,2002:"

func shortTag(long string) string {
	if short, ok := strings.CutPrefix(long, corePrefix); ok {
		return "!!" + short
	}
	return long
}

// unescape resolves the escapes of a URI.
func (p *parser) unescape(uri string, at int) string {
	if strings.IndexByte(uri, '%') < 0 {
		return uri
	}
	var b strings.Builder
	for i := 0; i < len(uri); i++ {
		if uri[i] != '%' {
			b.WriteByte(uri[i])
			continue
		}
		if i+2 >= len(uri) || hexDigit(uri[i+1]) < 0 || hexDigit(uri[i+2]) < 0 {
			p.fail(at, "two hexadecimal digits after % in the tag")
			return ""
		}
		b.WriteByte(byte(hexDigit(uri[i+1])<<4 | hexDigit(uri[i+2])))
		i += 2
	}
	p.doubt("an escaped character in a tag")
	return b.String()
}

// directive reads a directive, which is a line from its sign on.
func (p *parser) directive(t *token) {
	line := p.text[t.start:t.end]
	at := int(t.start)
	fields := strings.Fields(line)
	switch {
	case fields[0] == "%YAML" && len(fields) == 2:
		p.version(fields[1], at)
	case fields[0] == "%TAG" && len(fields) == 3:
		p.handle(fields[1], fields[2], at)
	default:
		p.fail(at, "a %YAML or %TAG directive")
	}
}

func (p *parser) version(v string, at int) {
	switch {
	case p.versioned:
		p.fail(at, "one %YAML directive in a document")
	case v != "1.1":
		p.fail(at, "version 1.1 in the %YAML directive")
	}
	p.versioned = true
}

func (p *parser) handle(handle, prefix string, at int) {
	n := len(handle)
	if handle[0] != '!' || n > 1 && (handle[n-1] != '!' || !isHandle(handle[1:n-1])) {
		p.fail(at, "a tag handle: !, !! or !name!")
		return
	}
	if p.declared[handle] {
		p.fail(at, "one %TAG directive for a handle")
	}
	if !isURI(prefix) {
		p.fail(at, "a URI as the prefix of the tag handle")
	}
	p.declared[handle] = true
	p.handles[handle] = p.unescape(prefix, at)
}

// isURI reports whether s has only characters of URIs.
func isURI(s string) bool {
	for i := range len(s) {
		if !uriChar(s[i]) {
			return false
		}
	}
	return true
}
