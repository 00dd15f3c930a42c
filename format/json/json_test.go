package json_test

import (
	"os"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format/json"
	"github.com/seed-1f7fdfb8/sops/internal/test/formattest"
)

var cases = []formattest.Case{
	{Name: "empty", Text: "{}"},
	{Name: "empty with blanks", Text: " { \n } \n"},
	{Name: "one line", Text: `{"a": 1, "b": [true, null, "", "x"], "c": {"d": 1.5}}`},
	{Name: "one line without blanks", Text: `{"a":1,"b":[true,null,"","x"],"c":{"d":1.5}}`},
	{Name: "two blanks", Text: "{\n  \"a\": 1,\n  \"b\": [\n    1,\n    \"x\"\n  ],\n  \"o\": {\n    \"k\": \"v\"\n  },\n  \"e\": {}\n}\n"},
	{Name: "TAB", Text: "{\n\t\"a\": \"b\",\n\t\"m\": {\n\t\t\"k\": [\n\t\t\tfalse\n\t\t]\n\t}\n}\n"},
	{Name: "lines without indentation", Text: "{\n\"a\": \"b\",\n\"c\": [\n1\n]\n}\n"},
	{Name: "object that is indented", Text: "  {\n    \"a\": 1,\n    \"b\": {\n      \"c\": 2\n    }\n  }\n"},
	{Name: "odd blanks", Text: "{ \"a\" :1 ,\n\n\n   \"b\":\t[ 1,2 ,\n 3 ] , \"c\" : \"d\"\n\n}  \n\n"},
	{Name: "comma first", Text: "{\n  \"a\": 1\n, \"b\": 2\n, \"c\": [\n    1\n  , 2\n  ]\n}\n"},
	{Name: "carriage returns that end no line", Text: "{\n\r\"a\":[],\r\"b\": {\n \r \"c\": 1}}"},
	{Name: "spellings", Text: `{"a": 1.10, "b": 1e3, "c": "\u00e9\/", "d": -0, "e": -0.0, "f": 1E+2, "g": 100000000000000000000000, "h": 1e-7, "i": "\u003c"}`},
	{Name: "HTML characters", Text: `{"a": "<b>&", "b": "a&b", "c": "\u003cb\u003e", "d": "x"}`},
	{Name: "HTML characters escaped", Text: `{"a": "\u003cb", "b": "a\u0026b", "c": "<", "d": "x"}`},
	{Name: "broken UTF-8", Text: "{\"a\": \"x\xffy\", \"b\": \"\\ud800\", \"c\xfe\": \"\xc3\xa9\"}"},
	{Name: "duplicate keys", Text: `{"a": 1, "b": 2, "a": 3}`},
	{Name: "odd keys", Text: `{"": {"": "x"}, "a:b": "y", "\u0041": "z", "n": {"sops": "w"}}`},
	{Name: "deep", Text: `{"a": [[[[["x", {"b": [{"c": "y"}]}]]]]]}`},
}

func TestJSONKeepsTheLawsOfFormats(t *testing.T) {
	t.Parallel()
	formattest.Run(t, json.Format{}, cases...)
}

func TestJSONKeepsTheLawsOfEdits(t *testing.T) {
	t.Parallel()
	formattest.RunEdits(t, json.Format{}, cases...)
}

func TestFilesOfSOPSOpenAsItPrintsThem(t *testing.T) {
	t.Parallel()
	formattest.RunSOPS(t, json.Format{}, "testdata/sops.json")
}

func TestCorpusSurvivesEveryByte(t *testing.T) {
	t.Parallel()
	formattest.RunCorpus(t, json.Format{}, os.Getenv("SOPS_CORPUS"), "json", "json-suite")
}
