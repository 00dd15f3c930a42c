package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

var update = flag.Bool("update", false, "write what the kinds of keys add to schema.json")

// object is a JSON object.
type object = map[string]any

// textsSchema is that of a text, or a list of them.
func textsSchema(description string) object {
	text := object{"type": "string"}
	list := object{"type": "array", "items": object{"type": []any{"string", "null"}}}
	return object{"description": description, "anyOf": []any{text, list}}
}

// contextSchema is that of an encryption context.
func contextSchema(description string) object {
	return object{
		"description": description, "type": "object",
		"additionalProperties": object{"type": []any{"string", "number", "boolean"}},
	}
}

// ruleSchema returns what a kind adds to a creation rule.
func ruleSchema(kind *keeper.Kind) object {
	list := textsSchema(kind.Doc)
	list["examples"] = []any{kind.Example}
	all := object{kind.RuleName(): list}
	for _, f := range kind.Fields {
		switch {
		case f.InRule == "":
		case f.Map:
			all[f.InRule] = contextSchema(f.InRuleDoc)
		default:
			all[f.InRule] = object{"description": f.InRuleDoc, "type": "string"}
		}
	}
	return all
}

// groupSchema returns what a kind has in a key group.
func groupSchema(kind *keeper.Kind) object {
	if !kind.HasElements() {
		return textsSchema(kind.Keys + ".")
	}
	fields, required := object{}, []any{}
	for _, f := range kind.Fields {
		if f.Map {
			fields[f.Element] = contextSchema(f.Doc)
		} else {
			fields[f.Element] = object{"description": f.Doc, "type": "string"}
		}
		if f.Required {
			required = append(required, f.Element)
		}
	}
	return object{
		"description": kind.Keys + ".", "type": []any{"array", "null"},
		"items": object{
			"type": []any{"object", "null"}, "additionalProperties": false,
			"properties": fields, "required": required,
		},
	}
}

// TestTheSchemaHasWhatKindsDescribe makes the part of the schema that is about
// keys from the descriptions of their kinds.
func TestTheSchemaHasWhatKindsDescribe(t *testing.T) {
	var top object
	if err := json.Unmarshal(schema(t), &top); err != nil {
		t.Fatal(err)
	}
	properties := func(definition string) object {
		return top["definitions"].(object)[definition].(object)["properties"].(object)
	}
	for _, kind := range kinds.All() {
		maps.Copy(properties("creationRule"), ruleSchema(kind))
		properties("group")[kind.GroupName()] = groupSchema(kind)
	}
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(top); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("schema.json", want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want.String(), string(schema(t))); diff != "" {
		t.Errorf("go test ./internal/config -run Schema -update (-want +got):\n%s", diff)
	}
}

// schema returns the JSON Schema that docs/configuration.md gives to editors.
func schema(t *testing.T) []byte {
	t.Helper()
	src, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
}

// known is all that the parser knows, by the definitions of the schema; "" is
// the top.
func known() map[string][]string {
	indent := names(indentFields(0))
	return map[string][]string{
		"":                names(topFields()),
		"creationRule":    names(creationFields()),
		"destinationRule": names(destinationFields()),
		"group":           names(groupFields()),
		"stores":          names(storesFields()),
		"yamlStore":       indent,
		"jsonStore":       indent,
		"plainStore":      nil,
	}
}

type definition struct {
	Properties map[string]struct {
		Description string `json:"description"`
		Ref         string `json:"$ref"`
	} `json:"properties"`
	Description string                `json:"description"`
	Definitions map[string]definition `json:"definitions"`
}

func TestTheSchemaKnowsWhatTheParserKnows(t *testing.T) {
	t.Parallel()
	var top definition
	if err := json.Unmarshal(schema(t), &top); err != nil {
		t.Fatal(err)
	}
	all := map[string]definition{"": top}
	for name, d := range top.Definitions {
		all[name] = d
	}
	got := map[string][]string{}
	for name, d := range all {
		if d.Description == "" {
			t.Errorf("definition %q is not described", name)
		}
		got[name] = nil
		for key, p := range d.Properties {
			got[name] = append(got[name], key)
			if p.Description == "" && p.Ref == "" {
				t.Errorf("%s of %q is not described", key, name)
			}
		}
		slices.Sort(got[name])
	}
	want := known()
	for name := range want {
		slices.Sort(want[name])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryReferenceOfTheSchemaLeadsSomewhere(t *testing.T) {
	t.Parallel()
	var top definition
	if err := json.Unmarshal(schema(t), &top); err != nil {
		t.Fatal(err)
	}
	for part := range strings.SplitSeq(string(schema(t)), `"$ref": "#/definitions/`) {
		name, _, _ := strings.Cut(part, `"`)
		if _, ok := top.Definitions[name]; !ok && name != "{\n  " {
			t.Errorf("#/definitions/%s is not there", name)
		}
	}
}

// page is the reference for people.
func page(t *testing.T) string {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("..", "..", "docs", "configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(src), "\r\n", "\n")
}

func TestTheReferencePageKnowsEveryKey(t *testing.T) {
	t.Parallel()
	text := page(t)
	all := known()
	for _, kind := range kinds.All() {
		all[kind.GroupName()] = names(elementFields(kind))
	}
	for where, keys := range all {
		for _, key := range keys {
			if !strings.Contains(text, "`"+key+"`") {
				t.Errorf("%s of %q is not on the page", key, where)
			}
		}
	}
}

// The examples of the page are whole configurations, and none of them earns a
// warning.
func TestTheExamplesOfTheReferencePageWork(t *testing.T) {
	t.Parallel()
	blocks := strings.Split(page(t), "```yaml\n")[1:]
	if len(blocks) < 5 {
		t.Fatalf("only %d examples", len(blocks))
	}
	for _, block := range blocks {
		src, _, _ := strings.Cut(block, "```")
		f, err := Parse(under(Name), []byte(src))
		if err != nil {
			t.Errorf("%v\n%s", err, src)
			continue
		}
		if f.Warnings != nil {
			t.Errorf("%q\n%s", texts(f.Warnings), src)
		}
	}
}
