package publish

import (
	"encoding/json"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// shortest is the length from which a value found in a message is taken for a
// quotation. A shorter one is in every message by chance.
const shortest = 3

// Scrub returns a message of a server as one short line, or says why it is not
// shown: servers quote what they do not like of a request.
func (c *Content) Scrub(message string) string {
	if c.isQuoted(message, c.root) {
		return "(the message quotes a value and is not shown)"
	}
	const most = 300
	message = strings.Join(strings.Fields(strings.ToValidUTF8(message, "?")), " ")
	if runes := []rune(message); len(runes) > most {
		message = string(runes[:most]) + "..."
	}
	return hint.Line(message)
}

func (c *Content) isQuoted(message string, v any) bool {
	below, _ := children(v)
	for _, child := range below {
		if c.isQuoted(message, child.value) {
			return true
		}
	}
	text := ""
	switch v := v.(type) {
	case string:
		text = v
	case json.Number:
		text = v.String()
	}
	if len(text) < shortest {
		return false
	}
	escaped, err := json.Marshal(text)
	return strings.Contains(message, text) || err != nil || strings.Contains(message, strings.Trim(string(escaped), `"`))
}
