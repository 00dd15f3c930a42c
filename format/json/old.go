package json

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// endLine adds the line break that SOPS before 3.10 left out of the files it
// wrote, and that it prints today when it opens them.
func (d *document) endLine(text []byte) []byte {
	if bytes.HasSuffix(text, []byte("\n")) || !d.before310() {
		return text
	}
	return append(text, '\n')
}

func (d *document) before310() bool {
	m, ok := d.Meta().(*tree.Map)
	if !ok {
		return false
	}
	n, _ := m.Get("version")
	s, ok := n.(*tree.Scalar)
	if !ok {
		return false
	}
	parts := strings.Split(s.Value.Str(), ".")
	if len(parts) != 3 || parts[0] != "3" {
		return false
	}
	minor, err := strconv.Atoi(parts[1])
	return err == nil && minor < 10
}
