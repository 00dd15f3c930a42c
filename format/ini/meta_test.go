package ini

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

func metaOf(pairs ...string) *tree.Map {
	m := &tree.Map{}
	for i := 0; i < len(pairs); i += 2 {
		m.Put(pairs[i], tree.Text(pairs[i+1]))
	}
	return m
}

func parseEncrypted(t *testing.T, text string) format.Document {
	t.Helper()
	d, err := Format{}.ParseEncrypted([]byte(text))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return d
}

func TestMetadataIsReadInBothFormsOfNewlines(t *testing.T) {
	t.Parallel()
	want := metaOf("enc", "a\nb\n", "shamir_threshold", "2.000000")
	for _, text := range []string{
		"[sops]\nenc = a\\nb\\n\nshamir_threshold = 2.000000\n",
		"[sops]\nenc = \"\"\"a\nb\n\"\"\"\nshamir_threshold=2.000000",
	} {
		d := parseEncrypted(t, text)
		if diff := tree.Diff([]*tree.Map{want}, []*tree.Map{d.Meta().(*tree.Map)}); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
		if got := d.Trees()[0]; len(got.Items) != 1 || got.Items[0].Key != "DEFAULT" {
			t.Errorf("%q: the metadata is in the tree", text)
		}
	}
}

func TestSetMetaKeepsTheLayoutOfTheBlock(t *testing.T) {
	t.Parallel()
	next := metaOf("enc", "a\nb", "mac", "M2", "new_name", "x;y", "version", "3")
	for name, test := range map[string]struct{ src, want string }{
		"SOPS's": {
			"k = v\n\n[sops]\nenc     = \"\"\"a\nb\"\"\"\nmac     = M1\nversion = 3\n",
			"k = v\n\n[sops]\nenc      = \"\"\"a\nb\"\"\"\nmac      = M2\nnew_name = `x;y`\nversion  = 3\n",
		},
		"ours": {
			"[sops]\r\nenc = a\\nb\r\nmac = M1\r\nversion = 3\r\n",
			"[sops]\r\nenc = a\\nb\r\nmac = M2\r\nnew_name = `x;y`\r\nversion = 3\r\n",
		},
		"another order": {
			"[sops]\nversion = 3\nmac = M1\nenc = a\\nb\n",
			"[sops]\nversion = 3\nmac = M2\nnew_name = `x;y`\nenc = a\\nb\n",
		},
		"another program's": {
			"[sops] ; mine\n  version=3\n\n; about the mac\n  mac: M1 ; old\n  gone = 1\nenc = a\\nb\n\n[a]\nk = v\n",
			"[sops] ; mine\n  version=3\n\n; about the mac\n  mac: M2 ; old\nenc = a\\nb\nnew_name = `x;y`\n\n[a]\nk = v\n",
		},
	} {
		d := parseEncrypted(t, test.src)
		same, err := d.SetMeta(d.Meta().(*tree.Map))
		if err != nil || string(same) != test.src {
			t.Errorf("%s: setting what is there: %v\n%s", name, err, same)
		}
		got, err := d.SetMeta(next)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(test.want, string(got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestMetadataThatCannotBeHeldIsRefused(t *testing.T) {
	t.Parallel()
	for _, m := range []*tree.Map{
		metaOf("unencrypted_regex", `a\nb`),
		metaOf("context__map_x", "y"),
		metaOf("a`\"\"\"b=c", "d"),
	} {
		d, err := Format{}.Parse([]byte("k = v\n"))
		if err != nil {
			t.Fatal(err)
		}
		masked, err := d.Mask([]string{""})
		if err != nil {
			t.Fatal(err)
		}
		if out, err := masked.Insert(m); err == nil {
			t.Errorf("written:\n%s", out)
		}
	}
}

func TestRegularExpressionsSurviveInTheMetadata(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`^(a|b;c)#$`, "x`y", `ends\`, ` blank `, `"quoted"`, `'`, `"""`, `a = b`} {
		masked := appendedMeta(t, metaOf("encrypted_regex", text))
		d := parseEncrypted(t, masked)
		if got, _ := d.Meta().(*tree.Map).Get("encrypted_regex"); got.(*tree.Scalar).Value.Str() != text {
			t.Errorf("%q came back differently from\n%s", text, masked)
		}
	}
}

func appendedMeta(t *testing.T, m *tree.Map) string {
	t.Helper()
	d, err := read("k = v\n", false)
	if err != nil {
		t.Fatal(err)
	}
	out, err := d.appendMeta(nil, m)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestBrokenMetadataIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"[sops]\na=1\n[sops]\nb=1\n",
		"[sops]\nage__list_1__map_enc = x\n",
		"[sops]\na = 1\na__map_b = 2\n",
	} {
		_, err := Format{}.ParseEncrypted([]byte(text))
		if err == nil {
			t.Errorf("accepted %q", text)
		}
		d, err := Format{}.Parse([]byte(text))
		if err != nil || d.Reserved() != 1 {
			t.Errorf("%q as plain text: %v", text, err)
		}
	}
}

func TestReservedIsTheSectionSopsAlone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"a=1\n\n[sops]\nb=1\n": 3, "[SOPS]\na=1\n": 0, "sops = 1\nsops_mac = 2\n": 0, "[sops ]\n": 0,
	} {
		d, err := Format{}.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Reserved(); got != want {
			t.Errorf("%q: line %d, want %d", text, got, want)
		}
	}
}

func TestUnmaskLeavesWhatStandsAroundTheMetadata(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"a = 1\n\n[sops]\nmac = x\n\n[b]\nc = 2\n": "a = 1\n\n[b]\nc = 2\n",
		"[sops]\nmac = x\n":                        "",
		"a = 1\n[sops]\nmac = x\n; mine\n":         "a = 1\n; mine\n",
		"a = 1;x\n\n[sops]\nmac = x\n":             "a = `1` ;x\n",
	} {
		d := parseEncrypted(t, src)
		got, err := d.Unmask(make([]format.Plain, d.Leaves()), nil)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%q: got %q, want %q", src, got, want)
		}
		after, err := Format{}.Parse(got)
		if err != nil {
			t.Fatal(err)
		}
		if diff := tree.Diff(d.Trees(), after.Trees()); diff != "" {
			t.Errorf("%q: the plain text %q reads otherwise: %s", src, got, diff)
		}
	}
}
