package ini

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// scalarText returns the text that represents v, since INI has texts only.
// Floats always show that they are floats; null is empty.
func scalarText(v tree.Value) (string, error) {
	switch v.Kind() {
	case tree.Null:
		return "", nil
	case tree.Bool:
		return strconv.FormatBool(v.Bool()), nil
	case tree.Float:
		text := strconv.FormatFloat(v.Float(), 'G', -1, 64)
		if !strings.ContainsAny(text, ".EIN") {
			text += ".0"
		}
		return text, nil
	case tree.Time:
		return v.Time().Format(time.RFC3339), nil
	case tree.String, tree.Int:
		return v.Canonical(), nil
	}
	return "", fmt.Errorf("ini: unknown kind of value %d", v.Kind())
}
