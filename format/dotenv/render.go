package dotenv

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Render writes one document of scalars and comments. Null becomes an empty
// value.
func (Format) Render(trees []*tree.Map) ([]byte, error) {
	if len(trees) != 1 {
		return nil, &format.Error{Msg: "a dotenv file holds exactly one document", Hint: "use --output-type yaml, which holds any number"}
	}
	var b bytes.Buffer
	for _, it := range trees[0].Items {
		text, err := render(it)
		if err != nil {
			return nil, err
		}
		b.WriteString(text)
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}

// RenderValue writes a string as it is, and a map as a document.
func (f Format) RenderValue(n tree.Node) ([]byte, error) {
	switch n := n.(type) {
	case *tree.Map:
		return f.Render([]*tree.Map{n})
	case *tree.Scalar:
		if n.Value.Kind() == tree.String {
			return []byte(n.Value.Str()), nil
		}
	}
	return nil, &format.Error{
		Msg:     "dotenv shows single values only if they are strings",
		Hint:    "use --output-type json or yaml",
		Content: true,
	}
}

func render(it tree.Item) (string, error) {
	switch v := it.Value.(type) {
	case *tree.Comment:
		return "#" + commentText(v.Text), nil
	case *tree.Scalar:
		if err := checkKey(it.Key); err != nil {
			return "", err
		}
		return it.Key + "=" + encode(spelled(v.Value)), nil
	}
	return "", &format.Error{
		Msg:     fmt.Sprintf("key %q holds a map or a list, dotenv has single values only", it.Key),
		Hint:    "use --output-type yaml or json",
		Content: true,
	}
}

// checkKey refuses keys that would be read as something else.
func checkKey(key string) error {
	if !strings.HasPrefix(key, "#") && !strings.ContainsAny(key, "=\n") {
		return nil
	}
	return &format.Error{Msg: fmt.Sprintf("key %q cannot be written in dotenv: keys hold no = and no line break, and do not begin with #", key), Content: true}
}

// commentText keeps each line of a comment a comment.
func commentText(s string) string { return strings.ReplaceAll(s, "\n", "\n#") }

// spelled returns the text of a value, before line breaks are escaped. Only
// files converted from other formats have values that are no strings.
func spelled(v tree.Value) string {
	switch v.Kind() {
	case tree.Bool:
		return strconv.FormatBool(v.Bool())
	case tree.Float:
		text := strconv.FormatFloat(v.Float(), 'G', -1, 64)
		if strings.Trim(text, "-0123456789") == "" {
			text += ".0"
		}
		return text
	case tree.Time:
		return v.Time().Format(time.RFC3339)
	case tree.String, tree.Int, tree.Null:
	}
	return v.Canonical()
}
