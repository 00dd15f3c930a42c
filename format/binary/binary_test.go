package binary_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/format/binary"
	"github.com/seed-1f7fdfb8/sops/internal/test/formattest"
	"github.com/seed-1f7fdfb8/sops/tree"
)

func TestBinaryKeepsTheLawsOfFormats(t *testing.T) {
	t.Parallel()
	formattest.Run(t, binary.Format{},
		formattest.Case{Name: "empty", Text: ""},
		formattest.Case{Name: "text", Text: "Hello, meadow!\n"},
		formattest.Case{Name: "JSON", Text: "{\"data\": 1, \"sops\": {}}\n"},
		formattest.Case{Name: "control characters", Text: "\x00\x01\u2028<&>\x7f"},
	)
}

func TestFilesOfSOPSOpenAsItPrintsThem(t *testing.T) {
	t.Parallel()
	formattest.RunSOPS(t, binary.Format{}, "testdata/sops.json")
}

func TestCorpusSurvivesEveryByte(t *testing.T) {
	t.Parallel()
	formattest.RunCorpus(t, binary.Format{}, os.Getenv("SOPS_CORPUS"), "json", "dotenv")
}

func TestBytesThatAreNoTextAreSealedAsToken(t *testing.T) {
	t.Parallel()
	src := []byte("\xff\x00\xfe")
	if err := formattest.RoundTrip(binary.Format{}, src, formattest.All); err != nil {
		t.Error(err)
	}
	d, err := binary.Format{}.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	masked, err := d.Mask([]string{""})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := masked.Insert(formattest.Meta("x")); err == nil {
		t.Error("bytes that are not UTF-8 were written unencrypted into JSON")
	}
}

func TestTheEnvelopeHasTheFormOfSOPS(t *testing.T) {
	t.Parallel()
	for unit, f := range map[string]binary.Format{"\t": {}, "  ": binary.Indented(2), "": binary.Indented(0)} {
		d, err := f.Parse([]byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		masked, err := d.Mask([]string{"ENC[x]"})
		if err != nil {
			t.Fatal(err)
		}
		m := &tree.Map{}
		m.Put("mac", tree.Text("y"))
		got, err := masked.Insert(m)
		want := strings.ReplaceAll("{\n>\"data\": \"ENC[x]\",\n>\"sops\": {\n>>\"mac\": \"y\"\n>}\n}\n", ">", unit)
		if err != nil || string(got) != want {
			t.Errorf("got %s, %v; want %s", got, err, want)
		}
	}
}

func TestTextThatIsNoEnvelopeHasNoMetadata(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "hello", "[1]", `{"a": 1} x`, "{"} {
		_, err := binary.Format{}.ParseEncrypted([]byte(text))
		var e *format.Error
		if !errors.As(err, &e) || !strings.HasPrefix(e.Msg, "sops metadata not found") || len(e.Hints()) == 0 {
			t.Errorf("%q: %v", text, err)
		}
	}
	d, err := binary.Format{}.ParseEncrypted([]byte(`{"data": "x"}`))
	if err != nil || d.Meta() != nil || d.Reserved() != 0 {
		t.Errorf("an object without metadata: %v", err)
	}
}

func TestOnlyAStringUnderDataIsShown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"data": "x", "sops": {}}`:                      "x",
		`{"other": [1, null], "data": "", "sops": {}}`:   "",
		`{"data": 1, "sops": {}}`:                        "error",
		`{"data": {"data": "x"}, "sops": {}}`:            "error",
		`{"sops": {}}`:                                   "error",
		`{"data": "a\u0000", "data": "b", "sops": null}`: "a\x00",
	} {
		d, err := binary.Format{}.ParseEncrypted([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.Unmask(make([]format.Plain, d.Leaves()), nil)
		if err != nil {
			got = []byte("error")
		}
		if string(got) != want {
			t.Errorf("%s: %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestRenderNeedsData(t *testing.T) {
	t.Parallel()
	data := &tree.Map{Items: []tree.Item{{Value: &tree.Comment{Text: "x"}}, {Key: "data", Value: tree.Text("a\xff")}}}
	number := &tree.Map{Items: []tree.Item{{Key: "data", Value: tree.NewScalar(tree.IntValue(1))}}}
	got, err := binary.Format{}.Render([]*tree.Map{data})
	if err != nil || string(got) != "a\xff" {
		t.Errorf("%q, %v", got, err)
	}
	for _, trees := range [][]*tree.Map{nil, {data, data}, {{}}, {number}} {
		_, err := binary.Format{}.Render(trees)
		var e *format.Error
		if !errors.As(err, &e) || !strings.Contains(e.Hint, "--output-type") {
			t.Errorf("%d documents: %v", len(trees), err)
		}
	}
}

func TestSetReplacesTheWholeContent(t *testing.T) {
	t.Parallel()
	d, err := binary.Format{}.Parse([]byte("old"))
	if err != nil {
		t.Fatal(err)
	}
	at := tree.Address{{Key: "data", IsKey: true}}
	got, err := formattest.Set(d, at, tree.Text("new\xff"))
	if err != nil || string(got) != "new\xff" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := formattest.Set(d, at, tree.NewScalar(tree.IntValue(1))); err == nil {
		t.Error("a number was set")
	}
	if _, err := formattest.Set(d, tree.Address{{Key: "x", IsKey: true}}, tree.Text("new")); err == nil {
		t.Error("another key was set")
	}
	if _, err := formattest.Unset(d, at); err == nil {
		t.Error("the content was removed")
	}
	if _, err := formattest.Unset(d, tree.Address{{Index: 0}}); !errors.Is(err, tree.ErrNotFound) {
		t.Error(err)
	}
}

func TestMaskOfAnEnvelopeKeepsItsLayout(t *testing.T) {
	t.Parallel()
	d, err := binary.Format{}.ParseEncrypted([]byte("{\"data\": \"old\",\n    \"sops\": {\"mac\": \"m\"}}"))
	if err != nil {
		t.Fatal(err)
	}
	masked, err := d.Mask([]string{"new"})
	if err != nil {
		t.Fatal(err)
	}
	m := &tree.Map{}
	m.Put("mac", tree.Text("n"))
	got, err := masked.Insert(m)
	if want := "{\"data\": \"new\",\n    \"sops\": {\"mac\": \"n\"}}"; err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func FuzzOpeningWhatWasSealedGivesEveryByte(f *testing.F) {
	f.Add([]byte("\xff\x00"))
	f.Add([]byte(`{"data": "x", "sops": {}}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		if err := formattest.RoundTrip(binary.Format{}, src, formattest.All); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzAnyTextIsAnEnvelopeOrAnError(f *testing.F) {
	f.Add([]byte("hello"))
	f.Add([]byte(`{"data": "x", "sops": {"mac": 1}}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		d, err := binary.Format{}.ParseEncrypted(src)
		if err == nil {
			_, err = d.Unmask(make([]format.Plain, d.Leaves()), nil)
		}
		var e *format.Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("%T: %v", err, err)
		}
	})
}

func BenchmarkBinaryOf16MB(b *testing.B) {
	src := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	token := "ENC[AES256_GCM,data:" + strings.Repeat("QUJD", 1<<20*16/3) + ",iv:AAAA,tag:AAAA,type:str]"
	meta := formattest.Meta("x")
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		d, err := binary.Format{}.Parse(src)
		if err != nil {
			b.Fatal(err)
		}
		masked, err := d.Mask([]string{token})
		if err != nil {
			b.Fatal(err)
		}
		encrypted, err := masked.Insert(meta)
		if err != nil {
			b.Fatal(err)
		}
		s, err := binary.Format{}.ParseEncrypted(encrypted)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Unmask([]format.Plain{{Set: true, Value: d.Trees()[0].Items[0].Value.(*tree.Scalar).Value}}, nil); err != nil {
			b.Fatal(err)
		}
	}
}
