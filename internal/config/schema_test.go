package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// known is all that the parser knows, by the definitions of the schema; "" is
// the top.
func known() map[string][]string {
	indent := names(indentFields(0))
	return map[string][]string{
		"":                names(topFields()),
		"creationRule":    names(creationFields()),
		"destinationRule": names(destinationFields()),
		"group":           names(groupFields()),
		"kmsKey":          names(elementFields(kinds.ByName("kms"))),
		"gcpKey":          names(elementFields(kinds.ByName("gcp_kms"))),
		"hckmsKey":        names(elementFields(kinds.ByName("hckms"))),
		"azureKey":        names(elementFields(kinds.ByName("azure_kv"))),
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
	if err := json.Unmarshal(Schema(), &top); err != nil {
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
	if err := json.Unmarshal(Schema(), &top); err != nil {
		t.Fatal(err)
	}
	for part := range strings.SplitSeq(string(Schema()), `"$ref": "#/definitions/`) {
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
	for where, keys := range known() {
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
