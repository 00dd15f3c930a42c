package json

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/jsontext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Layout.Lines of a JSON file holds properties of the whole text, by these
// names.
const (
	// The strings are spelled without the escapes \u003c, \u003e, \u0026,
	// \u2028 and \u2029, as all but SOPS spell them.
	lineRaw, rawYes = "html", "raw"
	// The blanks between the brackets of an object without members.
	lineInside = "inside"
)

func (d *document) Mask(tokens []string) (format.Masked, error) {
	if err := d.check(len(tokens)); err != nil {
		return format.Masked{}, err
	}
	layout := d.layout(tokens)
	edits, err := d.maskLeaves(tokens, layout)
	if err != nil {
		return format.Masked{}, err
	}
	if layout.Empty() {
		layout = nil
	}
	return format.Masked{Layout: layout, Insert: func(meta *tree.Map) ([]byte, error) { return d.insert(edits, meta) }}, nil
}

// layout returns what is to be remembered of the text as a whole.
func (d *document) layout(tokens []string) *format.Layout {
	l := &format.Layout{BOM: d.bom() > 0}
	root := &d.file.Root
	if start, end := root.Inside(); len(root.Members) == 0 && start < end {
		note(&l.Lines, lineInside, d.file.Text[start:end])
	}
	if d.mostlyRaw(tokens) {
		note(&l.Lines, lineRaw, rawYes)
	}
	return l
}

// maskLeaves puts the tokens in, and notes the spellings that what l holds so
// far does not tell.
func (d *document) maskLeaves(tokens []string, l *format.Layout) ([]format.Edit, error) {
	edits := make([]format.Edit, 0, len(tokens)+2)
	if l.BOM {
		edits = append(edits, format.Edit{End: d.bom()})
	}
	style := jsontext.Style{Raw: l.Lines[lineRaw] == rawYes}
	var derived []byte
	for ref, token := range tokens {
		if token == "" {
			continue
		}
		n := d.leaves[ref]
		edits = append(edits, mask(n, token))
		if v := n.Value.Str(); v != "" && d.file.Text[n.Start+1:n.End-1] == v && style.AsIs(v) {
			continue
		}
		var err error
		if derived, err = style.AppendValue(derived[:0], n.Value); err != nil {
			return nil, d.at(n, writeError(err))
		}
		if source := d.file.Text[n.Start:n.End]; source != string(derived) {
			note(&l.Scalars, format.TokenHash(token), armor(source))
		}
	}
	return edits, nil
}

func (d *document) insert(edits []format.Edit, meta *tree.Map) ([]byte, error) {
	e, err := d.setMeta(meta)
	if err != nil {
		return nil, err
	}
	return format.Splice(d.src, append(edits, e))
}

// mask puts a token in quotes; those of a string are there already.
func mask(n *jsontext.Node, token string) format.Edit {
	if n.Value.Kind() == tree.String {
		return format.Edit{Start: n.Start + 1, End: n.End - 1, Text: token}
	}
	return format.Edit{Start: n.Start, End: n.End, Text: `"` + token + `"`}
}

// bom returns the length of the byte order mark.
func (d *document) bom() int {
	return len(d.file.Text) - len(strings.TrimPrefix(d.file.Text, jsontext.BOM))
}

// mostlyRaw reports whether the strings that become tokens are spelled without
// the escapes of SOPS.
func (d *document) mostlyRaw(tokens []string) bool {
	balance := 0
	for ref, n := range d.leaves {
		if tokens[ref] == "" || !special(n.Value.Str()) {
			continue
		}
		if special(d.file.Text[n.Start:n.End]) {
			balance++
		} else {
			balance--
		}
	}
	return balance > 0
}

// special reports whether s holds a character that SOPS escapes though JSON
// does not ask for it.
func special(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case '<', '>', '&':
			return true
		case "\u2028"[0]:
			if strings.HasPrefix(s[i:], "\u2028") || strings.HasPrefix(s[i:], "\u2029") {
				return true
			}
		}
	}
	return false
}

func note(to *map[string]string, name, text string) {
	if *to == nil {
		*to = map[string]string{}
	}
	(*to)[name] = text
}

// armored marks spellings that are not UTF-8, which the layout could not carry
// as they are. No JSON scalar begins with it.
const armored = "base64:"

func armor(source string) string {
	if utf8.ValidString(source) {
		return source
	}
	return armored + base64.StdEncoding.EncodeToString([]byte(source))
}

func unarmor(hint string) string {
	coded, ok := strings.CutPrefix(hint, armored)
	if !ok {
		return hint
	}
	b, err := base64.StdEncoding.DecodeString(coded)
	if err != nil {
		return ""
	}
	return string(b)
}
