package ini

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/format"
)

func TestValuesAreReadWholeAndSealedAlike(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		line, ours, sops string
		masked, kept     string // the line with a token T, and without
	}{
		{`k = v ; note`, "v", "v", `k = T ; note`, `k = v ; note`},
		{`k = v`, "v", "v", `k = T`, `k = v`},
		{`k = "v"`, "v", "v", `k = "T"`, `k = "v"`},
		{`k = 0.4; 0.25`, "0.4; 0.25", "0.4", `k = T`, "k = `0.4; 0.25`"},
		{`k = "a;b"  ; note`, "a;b", `"a`, `k = "T"  ; note`, "k = `a;b`  ; note"},
		{`k = p4ss;word#1`, "p4ss;word#1", "p4ss", `k = T`, "k = `p4ss;word#1`"},
		{`k = p4ss #word`, "p4ss #word", "p4ss", `k = T`, "k = `p4ss #word`"},
		{`k=#ff0000`, "#ff0000", "", `k=T`, "k=`#ff0000`"},
		{"k = a`b;c", "a`b;c", "a`b", `k = T`, "k = \"\"\"a`b;c\"\"\""},
		{"k = `x` stray ; note", "x", "x", `k = T ; note`, "k = `x` stray ; note"},
		{`k = it's`, "it's", "it's", `k = T`, `k = it's`},
		{`k = 'a' 'b'`, "'a' 'b'", "'a' 'b'", `k = T`, `k = 'a' 'b'`},
		{`k = "a;b" ; with ` + "`", "a;b", `"a`, `k = "T" ; with ` + "`", "k = \"\"\"a;b\"\"\" ; with `"},
		{`k = ; note`, "", "", `k = ; note`, `k = ; note`},
		{`k = v;`, "v;", "v", `k = T`, "k = `v;`"},
		{`k = v ;; note`, "v", "v", `k = T ;; note`, `k = v ;; note`},
	} {
		for _, mode := range []struct {
			encrypted bool
			want      string
		}{{false, test.ours}, {true, test.sops}} {
			d, err := read(test.line+"\n", mode.encrypted)
			if err != nil {
				t.Fatalf("%s: %v", test.line, err)
			}
			if got := d.leaves[0].counts().Value.Text; got != mode.want {
				t.Errorf("%s (encrypted: %t): value %q, want %q", test.line, mode.encrypted, got, mode.want)
			}
		}
		for _, mode := range []struct {
			choose func(int, bool) bool
			want   string
		}{{values, test.masked}, {nothing, test.kept}} {
			s, err := encryptText([]byte(test.line+"\n"), mode.choose)
			if err != nil {
				t.Fatalf("%s: %v", test.line, err)
			}
			line, _, _ := strings.Cut(string(s.text), "\n")
			if got := strings.ReplaceAll(line, fakeToken(0, "str"), "T"); got != mode.want {
				t.Errorf("%s: encrypted as %s, want %s", test.line, got, mode.want)
			}
		}
	}
}

func TestCommentsAreOneTokenInTheAuthorsPlace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ src, want string }{
		{"; c\nk = v\n", "; T\nk = v\n"},
		{";;# c1\n  # c2\n\nk = v # c3\n", ";;T\n\nk = v\n"},
		{"k = v  ## c\n", "k = v  ## T\n"},
		{"[a] ; c\n", "; T\n[a]\n"},
		{"  [a] ; c\n", "  ; T\n  [a]\n"},
		{"# c\n[a] ; d\n", "# T\n[a]\n"},
		{"k = v\n\n; last\n", "k = v\n\n; T\n"},
	} {
		s, err := encryptText([]byte(test.src), comments)
		if err != nil {
			t.Fatalf("%q: %v", test.src, err)
		}
		text, _, _ := strings.Cut(string(s.text), "\n[sops]")
		for ref := range s.tokens {
			text = strings.ReplaceAll(text, fakeToken(ref, "comment"), "T")
		}
		if d := cmp.Diff(test.want, text); d != "" {
			t.Errorf("%q: %s", test.src, d)
		}
	}
}

// TestNothingSecretStaysReadable masks everything and looks at what is left.
func TestNothingSecretStaysReadable(t *testing.T) {
	t.Parallel()
	src := "; secret0\n# secret1\n[a] ; secret2\nk = secret3;secret4 ; secret5\nk = secret6\n; secret7\nk = \"secret8\"\n" +
		"e = secret9 # secretA\ne =\nm = `secretB` secretC\nn = \"\"\"secretD\nsecretE\"\"\" secretF ; secretG\n" +
		"o = secretH \\\n secretI\np = 'secretJ;' # secretK\n; secretL\n"
	for variant, text := range variants([]byte(src)) {
		s, err := encryptText(text, everything)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(s.text), "secret") {
			t.Errorf("%s: unencrypted:\n%s", variant, s.text)
		}
		if err := lawsHold(text, everything); err != nil {
			t.Errorf("%s: %v", variant, err)
		}
	}
}

func TestBannersDoNotReachTheWriterOfSOPS(t *testing.T) {
	t.Parallel()
	src := []byte(";;;;\n; About ;\n;;;;\n[a]\n;;;;\nk = v ; note\n;;\n;;\nj = 1\n")
	s, err := encryptText(src, nothing)
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(s.text), "\n[sops]")
	if d := cmp.Diff("; About ;\n;;;;\n[a]\nk = v ; note\n;;\nj = 1\n", text); d != "" {
		t.Error(d)
	}
	if err := lawsHold(src, nothing); err != nil {
		t.Error(err)
	}
}

func TestErrorsNameThePlaceAndShowNoText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		src          string
		line, column int
	}{
		{"a=1\n  sécret\n", 2, 3},
		{"\ufeffsecret", 1, 1},
		{"é secret = \"\"\"x\n", 1, 12},
		{"\n[secret\n", 2, 1},
		{"[]\n", 1, 1},
		{"= secret\n", 1, 1},
		{"`secret = 1\n", 1, 1},
		{"\"\" = secret\n", 1, 1},
		{"a = one \\\n two\n\nsecret\n", 4, 1},
		{"\xff\xfes\x00", 1, 0},
	} {
		_, err := Format{}.Parse([]byte(test.src))
		var e *format.Error
		if !errors.As(err, &e) {
			t.Errorf("%q: error %v is no *doc.Error", test.src, err)
			continue
		}
		if e.Line != test.line || e.Column != test.column {
			t.Errorf("%q: line %d, column %d, want %d, %d", test.src, e.Line, e.Column, test.line, test.column)
		}
		if text := fmt.Sprint(err); strings.Contains(text, "cret") {
			t.Errorf("%q: the error shows the text: %s", test.src, text)
		}
	}
}

func TestLinesOfLeaves(t *testing.T) {
	t.Parallel()
	d, err := Format{}.Parse([]byte("a = \"\"\"x\ny\"\"\"\n; c\n; d\n[s] # e\nb=1\nb=2\n; end\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for ref := range d.Leaves() {
		got = append(got, d.Line(ref))
	}
	if d := cmp.Diff([]int{1, 3, 7, 8}, got); d != "" {
		t.Error(d)
	}
}
