package jsontext_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/internal/jsontext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

func TestErrorsSayWhereAndWhat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text         string
		line, column int
		msg          string
	}{
		{"", 1, 1, "the file is empty, JSON needs an object"},
		{" \n ", 2, 2, "the file is empty, JSON needs an object"},
		{"[1]", 1, 1, "a JSON file must hold an object: it begins with {"},
		{"null", 1, 1, "a JSON file must hold an object: it begins with {"},
		{`{"a":`, 1, 6, "the text is cut off: a value is expected here"},
		{`{"a"`, 1, 5, "the text is cut off: a colon is expected after the key"},
		{`{"a`, 1, 4, "the text is cut off: a string is not closed by a quote"},
		{`{"a\`, 1, 5, "the text is cut off: a string is not closed by a quote"},
		{`{"a":1`, 1, 7, "the text is cut off: a comma or } is expected here"},
		{`{"a":[1`, 1, 8, "the text is cut off: a comma or ] is expected here"},
		{"{\n  \"ä\": x}", 2, 8, "a value is expected here"},
		{"\uFEFF{x}", 1, 2, "a key in double quotes is expected here"},
		{`{"a":1,}`, 1, 8, "a key in double quotes is expected here"},
		{`{"a":[1,]}`, 1, 9, "a value is expected here"},
		{`{"a":1} x`, 1, 9, "there is text after the object"},
		{`{"a":1}{}`, 1, 8, "there is text after the object"},
		{`{"a":01}`, 1, 8, "the number is not well formed"},
		{`{"a":-}`, 1, 7, "the number is not well formed"},
		{`{"a":1.}`, 1, 8, "the number is not well formed"},
		{`{"a":1e+}`, 1, 9, "the number is not well formed"},
		{`{"a":+1}`, 1, 6, "a value is expected here"},
		{`{"a":1E400}`, 1, 6, "the number is too large for a 64-bit float"},
		{`{"a":tru}`, 1, 6, "a value is expected here"},
		{"{\"a\":\"x\ty\"}", 1, 8, "a string holds a control character that is not escaped"},
		{`{"a":"x\y"}`, 1, 8, "an escape in a string is not well formed"},
		{`{"a":"\u12g4"}`, 1, 7, "an escape in a string is not well formed"},
		{`{"a":"\u-123"}`, 1, 7, "an escape in a string is not well formed"},
		{`{"a":` + strings.Repeat("[", 10000), 1, 10005, "the nesting is deeper than 10000 levels"},
	} {
		_, err := jsontext.Scan(c.text)
		var e *jsontext.Error
		if !errors.As(err, &e) {
			t.Errorf("Scan(%.40q) = %v, want an *Error", c.text, err)
			continue
		}
		line, column := jsontext.Position(c.text, e.Offset)
		if line != c.line || column != c.column || e.Msg != c.msg {
			t.Errorf("Scan(%.40q): line %d, column %d: %s; want line %d, column %d: %s", c.text, line, column, e.Msg, c.line, c.column, c.msg)
		}
	}
}

func TestCommentsAreNamedInTheHint(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"{// x\n}", `{"a": /* x */ 1}`, `{"a": 1 // x`} {
		_, err := jsontext.Scan(text)
		var e *jsontext.Error
		if !errors.As(err, &e) || !strings.Contains(e.Hint, "no comments") {
			t.Errorf("Scan(%q) = %#v", text, err)
		}
	}
}

func TestScalarsAreReadAsSOPSReadsThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]tree.Value{
		`0`:                    tree.IntValue(0),
		`-0`:                   tree.IntValue(0),
		`9223372036854775807`:  tree.IntValue(1<<63 - 1),
		`-9223372036854775808`: tree.IntValue(-1 << 63),
		`9223372036854775808`:  tree.FloatValue(1 << 63),
		`1.0`:                  tree.FloatValue(1),
		`1e3`:                  tree.FloatValue(1000),
		`1e-400`:               tree.FloatValue(0),
		`true`:                 tree.BoolValue(true),
		`null`:                 {},
		`""`:                   tree.StringValue(""),
		`"\"\\\/\b\f\n\r\t"`:   tree.StringValue("\"\\/\b\f\n\r\t"),
		`"\u00e9\uD834\udd1E"`: tree.StringValue("é𝄞"),
		`"\ud834"`:             tree.StringValue("\uFFFD"),
		`"\ud834\ud834\udd1e"`: tree.StringValue("\uFFFD𝄞"),
		`"\udd1ex"`:            tree.StringValue("\uFFFDx"),
		`"\ud834\u0041"`:       tree.StringValue("\uFFFDA"),
		"\"\xff\xe9x\"":        tree.StringValue("\uFFFD\uFFFDx"),
	} {
		got, ok := jsontext.ScanScalar(text)
		if !ok || got != want {
			t.Errorf("ScanScalar(%s) = %s %q, %v; want %s %q", text, got.Type(), got.Canonical(), ok, want.Type(), want.Canonical())
		}
	}
	for _, text := range []string{"", " 1", "1 ", "{}", "[]", "1 2", `"x`} {
		if _, ok := jsontext.ScanScalar(text); ok {
			t.Errorf("ScanScalar(%q) is a scalar", text)
		}
	}
}

func TestDeepNestingIsRead(t *testing.T) {
	t.Parallel()
	text := `{"a":` + strings.Repeat("[", 9999) + strings.Repeat("]", 9999) + "}"
	if _, err := jsontext.Scan(text); err != nil {
		t.Error(err)
	}
}

// FuzzScanAgreesWithTheStandardLibrary holds the scanner to encoding/json: it
// takes the same texts and reads the same keys and values.
func FuzzScanAgreesWithTheStandardLibrary(f *testing.F) {
	for _, s := range []string{`{}`, `{"a": [1, -0, 1.5e3, "x\u00e9\ud800", null, true, {}]}`, "{\"\xff\": \"\\/\"}", `{"a":1,}`, `{"a":01}`, "{\"a\":\"\x7f\u2028\"}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := jsontext.Scan(text)
		want, ok := standard(text)
		if (err == nil) != ok {
			t.Fatalf("Scan: %v; the standard library takes it: %v", err, ok)
		}
		if err != nil {
			return
		}
		if diff := cmp.Diff(want, flat(nil, &file.Root)); diff != "" {
			t.Fatalf("(-standard library +Scan)\n%s", diff)
		}
	})
}

// standard returns the tokens of text, and whether it is one object without
// overflowing numbers.
func standard(text string) (tokens []string, ok bool) {
	text = strings.TrimPrefix(text, "\uFEFF")
	if !json.Valid([]byte(text)) || !strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") {
		return nil, false
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return tokens, true
		}
		switch token := token.(type) {
		case json.Delim:
			tokens = append(tokens, token.String())
		case string:
			tokens = append(tokens, "text "+token)
		case bool:
			tokens = append(tokens, tree.BoolValue(token).Canonical())
		case nil:
			tokens = append(tokens, "")
		case json.Number:
			if i, err := token.Int64(); err == nil {
				tokens = append(tokens, tree.IntValue(i).Canonical())
				continue
			}
			f, err := token.Float64()
			if err != nil {
				return nil, false
			}
			tokens = append(tokens, tree.FloatValue(f).Canonical())
		}
	}
}

func flat(out []string, n *jsontext.Node) []string {
	if n.Kind == jsontext.Scalar {
		if n.Value.Kind() == tree.String {
			return append(out, "text "+n.Value.Str())
		}
		return append(out, n.Value.Canonical())
	}
	open, end := "{", "}"
	if n.Kind == jsontext.Array {
		open, end = "[", "]"
	}
	out = append(out, open)
	for i := range n.Members {
		if n.Kind == jsontext.Object {
			out = append(out, "text "+n.Members[i].Key)
		}
		out = flat(out, &n.Members[i].Node)
	}
	return append(out, end)
}

// FuzzWritingMatchesTheStandardLibrary holds strings and floats to the encoder
// whose layout SOPS files have.
func FuzzWritingMatchesTheStandardLibrary(f *testing.F) {
	f.Add("a<b>&\u2028\u2029\"\\\b\f\n\r\t\x00\x7fé𝄞", 1e21)
	f.Add("", 1e-7)
	f.Add("\uFFFD", 123456.789e-12)
	f.Fuzz(func(t *testing.T, text string, number float64) {
		text = strings.ToValidUTF8(text, "?")
		for _, c := range []struct {
			value  tree.Value
			native any
		}{{tree.StringValue(text), text}, {tree.FloatValue(number), number}} {
			want, wantErr := json.Marshal(c.native)
			got, err := jsontext.Style{}.AppendValue(nil, c.value)
			if (err == nil) != (wantErr == nil) || string(got) != string(want) {
				t.Errorf("%v: got %s, %v; want %s, %v", c.native, got, err, want, wantErr)
			}
		}
	})
}
