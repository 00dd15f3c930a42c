package awskey

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

func TestContextsAreReadAsWritten(t *testing.T) {
	t.Parallel()
	type m = map[string]string
	for _, test := range []struct {
		text string
		want m
	}{
		{"", nil},
		{" \n", nil},
		{"a:b", m{"a": "b"}},
		{"Environment:production,Role:web-server", m{"Environment": "production", "Role": "web-server"}},
		{" a:b , c:d\n", m{"a": "b", "c": "d"}},
		{"a:", m{"a": ""}},
		{"url:https://x:1/", m{"url": "https://x:1/"}},
		{"a: b", m{"a": " b"}},
		{`{}`, m{}},
		{` {"a": "b,c:d", "e": "\u00e9" } `, m{"a": "b,c:d", "e": "é"}},
		{`{"a":"\ud83d\ude00","b":"\ufffd"}`, m{"a": "😀", "b": "\uFFFD"}},
		{"größe:µ", m{"größe": "µ"}},
	} {
		got, err := ParseContext(test.text)
		if d := cmp.Diff(test.want, got); d != "" || err != nil {
			t.Errorf("ParseContext(%q) (-want +got):\n%s%v", test.text, d, err)
		}
	}
}

func TestContextsThatMayBeMeantOtherwiseAreRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, reason string }{
		{"a", `"a" is not KEY:VALUE`},
		{"a:b,", `"" is not KEY:VALUE`},
		{"a:b,c", `"c" is not KEY:VALUE`},
		{":", "a key is empty"},
		{":b", "a key is empty"},
		{"a:b,a:c", `key "a" appears twice`},
		{"a:b,a:b", `key "a" appears twice`},
		{"aws:x:y", ""},
		{"AWS-crypto-x:y", "reserved"},
		{`{"aws:x":"y"}`, "reserved"},
		{`{"a":"b","a":"c"}`, `key "a" appears twice`},
		{`{"a":"b","\u0061":"c"}`, `key "a" appears twice`},
		{`{"a":1}`, `the value of key "a" is not a string`},
		{`{"a":null}`, `the value of key "a" is not a string`},
		{`{"a":{"b":"c"}}`, `the value of key "a" is not a string`},
		{`{"a":"b"`, "no end"},
		{`{`, "no end"},
		{`{"a":"b"} x`, "follows"},
		{`{"a":"b"}{}`, "follows"},
		{`{"a":"\ud800"}`, "half a character"},
		{`{a:b}`, "not a JSON object"},
		{"a:\xff", "UTF-8"},
		{"a:" + strings.Repeat("x", 8192), "bytes"},
	} {
		got, err := ParseContext(test.text)
		if test.reason == "" { // "aws" is a name like others; the first colon separates
			if err != nil {
				t.Errorf("ParseContext(%q): %v", test.text, err)
			}
			continue
		}
		var bad *ContextError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), test.reason) || !errors.Is(err, keeper.ErrContext) {
			t.Errorf("ParseContext(%.40q) = %v, %v; want a *ContextError with %q", test.text, got, err, test.reason)
		}
	}
}

func FuzzContextsSurviveJSON(f *testing.F) {
	for _, s := range []string{"a:b,c:d", `{"a":"b"}`, "a::", `{"\u0061":"\ud800"}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseContext(text)
		if err != nil || len(got) == 0 {
			return
		}
		b, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseContext(string(b))
		if d := cmp.Diff(got, again); d != "" || err != nil {
			t.Errorf("%q: %v\n%s", text, err, d)
		}
	})
}
