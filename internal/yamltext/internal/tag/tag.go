// Package tag resolves tags by their handles, and reads the directives that declare
// those.
package tag

import (
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/char"
)

// Handles are the tag handles of a document. Begin makes the usual ones.
type Handles struct {
	prefixes  map[string]string
	declared  map[string]bool
	versioned bool

	// Fault is the first thing that was wrong.
	Fault *char.Fault
	// Escaped says that a tag had an escaped character.
	Escaped bool
}

// Begin is for the start of a document.
func (h *Handles) Begin() {
	if len(h.declared) > 0 || h.prefixes == nil {
		h.prefixes = map[string]string{"!": "!", "!!": corePrefix}
	}
	h.declared, h.versioned = nil, false
}

func (h *Handles) fail(at int, want string) {
	if h.Fault == nil {
		h.Fault = &char.Fault{At: at, Want: want}
	}
}

// Resolve returns the short form of a tag as it is written at a place, and "" for
// the lone "!".
func (h *Handles) Resolve(raw string, at int) string {
	if strings.HasPrefix(raw, "!<") {
		return shortTag(h.unescape(raw[2:len(raw)-1], at+2))
	}
	handle, suffix := "!", raw[1:]
	if i := strings.IndexByte(suffix, '!'); i >= 0 && isHandle(suffix[:i]) {
		handle, suffix = raw[:i+2], suffix[i+1:]
	}
	if suffix == "" {
		if handle != "!" {
			h.fail(at+len(raw), "the suffix of the tag")
		}
		return ""
	}
	prefix, ok := h.prefixes[handle]
	if !ok {
		h.fail(at, "a handle that a %TAG directive declares")
	}
	return shortTag(prefix + h.unescape(suffix, at))
}

// isHandle reports whether name can be between the signs of a tag handle.
func isHandle(name string) bool {
	for i := range len(name) {
		if char.Class[name[i]]&char.Word == 0 {
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

// unescape resolves the escapes of a URI: those of one character follow each other.
func (h *Handles) unescape(uri string, at int) string {
	if strings.IndexByte(uri, '%') < 0 {
		return uri
	}
	var b strings.Builder
	more := 0 // octets of the character in hand
	for i := 0; i < len(uri); i++ {
		if uri[i] != '%' && more == 0 {
			b.WriteByte(uri[i])
			continue
		}
		if uri[i] != '%' || i+2 >= len(uri) || char.HexDigit(uri[i+1]) < 0 || char.HexDigit(uri[i+2]) < 0 {
			h.fail(at, "two hexadecimal digits after % in the tag")
			return ""
		}
		octet := byte(char.HexDigit(uri[i+1])<<4 | char.HexDigit(uri[i+2]))
		if more = octets(octet, more); more < 0 {
			h.fail(at, "escapes in the tag that are UTF-8")
			return ""
		}
		b.WriteByte(octet)
		i += 2
	}
	if more > 0 {
		h.fail(at, "escapes in the tag that are UTF-8")
	}
	h.Escaped = true
	return b.String()
}

// octets returns how many octets of a character follow this one of which there were
// to be so many, -1 if it cannot be there.
func octets(octet byte, more int) int {
	switch {
	case more > 0 && octet&0xC0 == 0x80:
		return more - 1
	case more > 0:
	case octet < 0x80:
		return 0
	case octet&0xE0 == 0xC0:
		return 1
	case octet&0xF0 == 0xE0:
		return 2
	case octet&0xF8 == 0xF0:
		return 3
	}
	return -1
}

// Directive reads a directive at a place, which is a line from its sign on.
func (h *Handles) Directive(line string, at int) {
	fields := strings.Fields(line)
	switch {
	case fields[0] == "%YAML" && len(fields) == 2:
		h.version(fields[1], at)
	case fields[0] == "%TAG" && len(fields) == 3:
		h.handle(fields[1], fields[2], at)
	default:
		h.fail(at, "a %YAML or %TAG directive")
	}
}

func (h *Handles) version(v string, at int) {
	switch {
	case h.versioned:
		h.fail(at, "one %YAML directive in a document")
	case v != "1.1":
		h.fail(at, "version 1.1 in the %YAML directive")
	}
	h.versioned = true
}

func (h *Handles) handle(handle, prefix string, at int) {
	n := len(handle)
	if handle[0] != '!' || n > 1 && (handle[n-1] != '!' || !isHandle(handle[1:n-1])) {
		h.fail(at, "a tag handle: !, !! or !name!")
		return
	}
	if h.declared[handle] {
		h.fail(at, "one %TAG directive for a handle")
	}
	if !char.IsURI(prefix) {
		h.fail(at, "a URI as the prefix of the tag handle")
	}
	if h.declared == nil {
		h.declared = map[string]bool{}
	}
	h.declared[handle] = true
	h.prefixes[handle] = h.unescape(prefix, at)
}
