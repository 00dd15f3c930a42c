package ini_test

import (
	"os"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format/ini"
	"github.com/seed-1f7fdfb8/sops/internal/test/formattest"
)

func TestFilesOfTheReleasedProgramOpenToTheSameBytes(t *testing.T) {
	t.Parallel()
	formattest.RunSOPS(t, ini.Format{}, "testdata/sops.json")
}

func cases() []formattest.Case {
	return []formattest.Case{
		{Name: "empty", Text: ""},
		{Name: "a byte order mark", Text: "\ufefftop = 1\n"},
		{Name: "sections", Text: "top = 1\n\n[a]\nx = 1\ny: 2\n\n[b]\n[a]\nx=3\n"},
		{Name: "comments", Text: "; file\n\n; c1\n  # c2\nx = 1 ; inline\n\n; a\n[a] ; b\n;;; k\nk=v\n; last\n"},
		{Name: "signs in values", Text: "[db]\npassword = p4ss;word#1\nlist = 0.4; 0.25\ncolor=#ff0000\nq = \"a;b\"  ; note\n"},
		{Name: "quotes", Text: "a = \"x\"\nb = 'y z'\nc = `z;`\nd = \"\"\"t \"u\" \"\"\"\ne = it's\n"},
		{Name: "several lines", Text: "a = \"\"\"one\n two\n\"\"\"\nb = `x\ny`\nc = one \\\n   two\nd=1\n"},
		{Name: "keys", Text: "`a=b` = 1\n\"c:d\" : 2\n- = x\n- = y\n  indented =  z\n"},
		{Name: "repeated keys", Text: "[a]\nx=1\ny=2\nx=\"3\" ; c\n"},
		{Name: "aligned", Text: "[a]\nlong_name = 1\nb         = 2\n"},
		{Name: "empty values", Text: "a =\nb = \"\"\nc = ; note\n"},
	}
}

func TestSuite(t *testing.T) {
	t.Parallel()
	formattest.Run(t, ini.Format{}, cases()...)
}

func TestEdits(t *testing.T) {
	t.Parallel()
	formattest.RunEdits(t, ini.Format{}, cases()...)
}

func TestSuiteOverCorpus(t *testing.T) {
	t.Parallel()
	formattest.RunCorpus(t, ini.Format{}, os.Getenv("SOPS_CORPUS"), "ini")
}
