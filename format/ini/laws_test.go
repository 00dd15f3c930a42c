package ini

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corner holds texts that a reader of INI files can get wrong.
func corner() []string {
	return []string{
		"",
		"\n",
		"\ufeff",
		"\ufefftop = 1\n",
		"top = 1",
		"; only a comment",
		"; only a comment\n\n",
		"[a]\nk = v ; note\n",
		"; above\n; still\n\n  # more\nk = v  # after\n",
		"[db]\npassword = p4ss;word#1\nother = p4ss #word\n",
		"list = 0.4; 0.25\nq = \"a;b\"  ; note\nr = '; x ; y' # it's\n",
		"color = #ff0000\nnone = ; note\nempty =\nempty2 = \"\"\nhash = #\n",
		"; block\n[a] ; tail\nk=1\n\n[b] junk # see `this`\nx=2\n",
		"  [a] ; tail\n\tk=1\n",
		"[a] ; see [1]\nk=v\n",
		"x=1\nx=2\n; c\nx = \"3\" ; d\ny=1\nx:4\n",
		"x=1;2\nx=\ny=`a;b` ; gone\ny=\n",
		"k = `a` stray ; tail\nj = \"\"\"b\"\"\" stray\n",
		"m = \"\"\"one\ntwo ; x\n  three\"\"\" ; tail\nn = `a\nb`\n",
		"; above\nm = `a;b` ; tail\nn = a;b ; use `this`\n",
		"y = one \\\n two\nz = c \\\n\nlast = \\",
		"dir = C:\\path\\\nother = x\n",
		"- = x\n- = y\n[b]\n- = z\n",
		"`a=b` = 1\n\"c:d\" : 2\n\"\"\"e\"\"\" = 3\n",
		"[a]\nx=1\n[a]\nx=2\n[DEFAULT]\ny=1\n",
		";;;;;\n; block ;\n;;;;;\n[foo]\nfoo = 1\n",
		";;\n\n  ###\n# x\nk=v ; tail\n;;\n j=1 # t\n;\n;;\nl=1\n  ;-\n##\n#\n\t[s] ; tail\n;;\n;;\n",
		"; c\ndir = C:\\ ; note\nd2 = C:\\ # n\n",
		"#\t\n0=#",
		"#\t\r\n;\f\nk = v ; tail\n# \t\n[a] ; tail\n",
		"#0\r\n#\n0=",
		"; a\r\n; b\n; c\r\nk = v ; t\r\n; d\n; e\nj = w\n; f\r\n; g\n",
		";# x1\na=1\n#; x2\nb=2\n;\t tab\nc=3\n; ;# ; x4\nd=4\n;\ne=5\n",
		"k = it's\nq = \"it\"s\"\nr = 'a' 'b'\ns = \"\n",
		"\f k\u00a0 =\u00a0v\u00a0\n",
		"[a]\nk=v\n; trailing\n\n; more",
		"k = \"\"\"\"\"\"\nj = \"\"\"\"\n\"\"\"\n",
		"a = x` ; `y\nb = \"\"\"x`\"\"\"\nc = `q` ; with ` back\n",
		"k\u2028 = v\u2028# no blank\n",
		"a=\"x\";y\nb='x'#y\nc=x;\nd= x ;\n",
		"a = b\rc = d\r\n; e\r\n; f\r\ng = h ; i\r\n",
	}
}

// variants returns a text as other editors save it.
func variants(src []byte) map[string][]byte {
	body := bytes.TrimPrefix(src, []byte("\ufeff"))
	crlf := bytes.ReplaceAll(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	return map[string][]byte{
		"as it is":      src,
		"crlf":          crlf,
		"no newline":    bytes.TrimRight(src, "\r\n"),
		"bom":           append([]byte("\ufeff"), body...),
		"blank at end":  append(bytes.Clone(src), "\n\n  \n"...),
		"crlf and tail": append(bytes.Clone(crlf), "\r\n\r\n"...),
	}
}

func selections() map[string]func(int, bool) bool {
	return map[string]func(int, bool) bool{
		"everything": everything, "nothing": nothing, "half": half, "values": values, "comments": comments,
	}
}

func TestSealedTextReadsAlikeAndOpensToTheSameBytes(t *testing.T) {
	t.Parallel()
	for _, src := range corner() {
		for variant, text := range variants([]byte(src)) {
			if _, err := (Format{}).Parse(text); err != nil {
				if _, libErr := readByLibrary(text); libErr == nil {
					t.Errorf("%q: refused, but not by SOPS: %v", text, err)
				}
				continue
			}
			for name, choose := range selections() {
				if err := lawsHold(text, choose); err != nil {
					t.Errorf("%q (%s, %s): %v", text, variant, name, err)
				}
			}
		}
	}
}

// TestCorpus runs over the INI files of testdata and, if that is set, below
// $SOPS_CORPUS.
func TestCorpus(t *testing.T) {
	t.Parallel()
	for _, root := range []string{"testdata/files", os.Getenv("SOPS_CORPUS")} {
		if root == "" {
			continue
		}
		accepted, refused := 0, 0
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".ini") {
				return err
			}
			src, err := os.ReadFile(path)
			for variant, text := range variants(src) {
				if checkFile(t, path+", "+variant, text) {
					accepted++
				} else {
					refused++
				}
			}
			return err
		})
		if err != nil || accepted == 0 {
			t.Fatalf("%s: %d files accepted, %v", root, accepted, err)
		}
		t.Logf("%s: %d texts accepted, %d refused", root, accepted, refused)
	}
}

// checkFile checks the laws for a text in every selection, and that SOPS
// accepts it if we do. It reports whether we do.
func checkFile(t *testing.T, name string, text []byte) bool {
	parsed, err := Format{}.Parse(text)
	_, libErr := readByLibrary(text)
	if (err == nil) != (libErr == nil) {
		t.Errorf("%s: we say %v, SOPS %v", name, err, libErr)
	}
	if err != nil || parsed.Reserved() > 0 {
		return false
	}
	for selection, choose := range selections() {
		if err := lawsHold(text, choose); err != nil {
			t.Errorf("%s, %s: %v", name, selection, err)
		}
	}
	return true
}
