// Package moonkey names keys of the moon, a key service for tests: craters.
package moonkey

import (
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Fields of an entry.
const (
	FieldCrater = "crater"
	FieldRocket = "rocket"
)

// Kind describes the keys of the moon.
func Kind() *keeper.Kind {
	return &keeper.Kind{
		Name: "moon_kms", Keys: "moon keys", Aliases: []string{"luna"},
		Flag: "moon", Usage: "moon keys: `CRATER,...`", UsageOne: "moon `CRATER`",
		Variables: []keeper.Variable{{Name: "SOPS_MOON_CRATERS", Meaning: "craters to encrypt for"}},
		Rule:      "moon_craters", Group: "moon",
		Doc: "Craters of the moon.", Example: "tycho",
		Fields: []keeper.FieldRule{
			{Name: FieldCrater, Required: true, Element: "name", Doc: "Name of the crater.", Canonical: strings.ToLower},
			{Name: FieldRocket, Route: true, Element: "rocket", Doc: "Rocket that flies there."},
		},
		Parse: Parse, Check: check,
	}
}

// Parse reads a list of craters.
func Parse(list string) ([]keeper.MasterKey, error) { return keeper.ParseList(list, newKey) }

func newKey(crater string) (keeper.MasterKey, error) {
	return check(Kind().Key(FieldCrater, crater))
}

func check(m keeper.MasterKey) (keeper.MasterKey, error) {
	if crater := m.Text(FieldCrater); strings.ContainsAny(crater, "!?") {
		return m, &keeper.NameError{Reason: fmt.Sprintf("moon: %q is not a crater", crater), Hint: "write a name, such as tycho"}
	}
	return m, nil
}
