package devkms_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// A schema knows as much of JSON Schema as world.schema.json uses.
type schema struct {
	Ref                  string            `json:"$ref"`
	Type                 any               `json:"type"`
	Enum                 []any             `json:"enum"`
	Pattern              string            `json:"pattern"`
	Required             []string          `json:"required"`
	Properties           map[string]schema `json:"properties"`
	AdditionalProperties json.RawMessage   `json:"additionalProperties"`
	PropertyNames        *schema           `json:"propertyNames"`
	Items                *schema           `json:"items"`
	AnyOf                []schema          `json:"anyOf"`
	Defs                 map[string]schema `json:"$defs"`
}

func readSchema(t *testing.T) schema {
	t.Helper()
	var s schema
	if err := json.Unmarshal(devkms.WorldSchema(), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// check returns what is wrong with v, "" if nothing is.
func (root schema) check(s schema, v any, at string) string {
	if s.Ref != "" {
		s = root.Defs[strings.TrimPrefix(s.Ref, "#/$defs/")]
	}
	if len(s.AnyOf) > 0 && !slices.ContainsFunc(s.AnyOf, func(o schema) bool { return root.check(o, v, at) == "" }) {
		return at + ": fits none of the choices"
	}
	if s.Enum != nil && !slices.Contains(s.Enum, v) {
		return fmt.Sprintf("%s: %v is not allowed", at, v)
	}
	if s.Type != nil && !slices.Contains(names(s.Type), jsonType(v)) {
		return fmt.Sprintf("%s: is %s, want %v", at, jsonType(v), s.Type)
	}
	switch v := v.(type) {
	case string:
		if !regexp.MustCompile(s.Pattern).MatchString(v) {
			return fmt.Sprintf("%s: %q does not match %s", at, v, s.Pattern)
		}
	case []any:
		for i, item := range v {
			if s.Items != nil {
				if problem := root.check(*s.Items, item, fmt.Sprintf("%s[%d]", at, i)); problem != "" {
					return problem
				}
			}
		}
	case map[string]any:
		return root.checkObject(s, v, at)
	}
	return ""
}

func (root schema) checkObject(s schema, v map[string]any, at string) string {
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			return at + " has no " + name
		}
	}
	for name, item := range v {
		sub, known := s.Properties[name]
		if !known && string(s.AdditionalProperties) == "false" {
			return at + " may not have " + name
		}
		if !known && len(s.AdditionalProperties) > 0 {
			if err := json.Unmarshal(s.AdditionalProperties, &sub); err != nil {
				return err.Error()
			}
		}
		if s.PropertyNames != nil {
			if problem := root.check(*s.PropertyNames, name, at+" name"); problem != "" {
				return problem
			}
		}
		if problem := root.check(sub, item, at+"."+name); problem != "" {
			return problem
		}
	}
	return ""
}

func names(v any) []string {
	if s, ok := v.(string); ok {
		return []string{s}
	}
	var out []string
	for _, s := range v.([]any) {
		out = append(out, s.(string))
	}
	return out
}

func jsonType(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case int:
		return "integer"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	case nil:
		return "null"
	}
	return fmt.Sprintf("%T", v)
}

// asJSON reads YAML as an editor with the schema would: dates as texts.
func asJSON(t *testing.T, src []byte) any {
	t.Helper()
	dates := regexp.MustCompile(`(Version: )(\S+)`)
	var v any
	if err := yaml.Unmarshal(dates.ReplaceAll(src, []byte(`$1"$2"`)), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTheSchemaAcceptsOurWorlds(t *testing.T) {
	t.Parallel()
	s := readSchema(t)
	doc, err := os.ReadFile("testdata/documented.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, src := range map[string][]byte{"builtin": devkms.BuiltinYAML(), "documented": doc} {
		if problem := s.check(s, asJSON(t, src), name); problem != "" {
			t.Error(problem)
		}
	}
}

func TestTheSchemaRefusesWhatTheParserRefuses(t *testing.T) {
	t.Parallel()
	s := readSchema(t)
	for _, src := range []string{
		"{}", "accounts: {abc: {}}", "accounts: {\"111111111111\": {key: []}}", "accounts: {\"111111111111\": {keys: {}}}",
		"accounts: {\"111111111111\": {keys: [{region: us-east-1}]}}", "accounts: {\"111111111111\": {keys: [{id: x}]}}",
		"accounts: {\"111111111111\": {roles: {r: {}}}}", "accounts: {}\nregions: [nowhere]", "accounts: {\"111111111111\": {users: {u: {mfa: {serial: arn:aws:iam::1}}}}}",
		"accounts: {\"111111111111\": {users: {u: {policies: [{Statement: {Effect: Perhaps}}]}}}}",
		"accounts: {\"111111111111\": {keys: [{id: mrk-11111111111141118111000000000004, state: Off}]}}",
	} {
		if problem := s.check(s, asJSON(t, []byte(src)), "world"); problem == "" {
			t.Errorf("the schema accepts %s", src)
		}
		if _, err := devkms.ParseWorld("w", []byte(src)); err == nil {
			t.Errorf("the parser accepts %s", src)
		}
	}
}

// parserFields reads from the parser's source which keys each part may have.
func parserFields(t *testing.T) map[string][]string {
	t.Helper()
	src, err := os.ReadFile("world_fields.go")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, table := range regexp.MustCompile(`(?s)func (\w+)Fields\(\)(.*?)\n}\n`).FindAllStringSubmatch(string(src), -1) {
		for _, m := range regexp.MustCompile(`(?m)^\t\t\S*?(?:"|\(|Name: )"?(\w+)"`).FindAllStringSubmatch(table[2], -1) {
			out[table[1]] = append(out[table[1]], m[1])
		}
	}
	return out
}

func TestParserAndSchemaKnowTheSameKeys(t *testing.T) {
	t.Parallel()
	s := readSchema(t)
	s.Defs["world"] = s
	parts := map[string]string{
		"world": "world", "account": "account", "accessKey": "access_key", "user": "user", "mfa": "mfa", "role": "role", "profile": "profile",
		"issuer": "issuer", "key": "key", "grant": "grant",
	}
	fields := parserFields(t)
	if len(fields) != len(parts) {
		t.Errorf("the parser has %d parts, want %d", len(fields), len(parts))
	}
	for part, def := range parts {
		var have []string
		for name := range s.Defs[def].Properties {
			have = append(have, name)
		}
		slices.Sort(have)
		want := slices.Sorted(slices.Values(fields[part]))
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s: parser and schema differ (-parser +schema):\n%s", part, diff)
		}
	}
}
