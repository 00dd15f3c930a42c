package dotenv_test

import (
	"os"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format/dotenv"
	"github.com/seed-1f7fdfb8/sops/internal/test/formattest"
)

var cases = []formattest.Case{
	{Name: "empty", Text: ""},
	{Name: "one line break", Text: "\n"},
	{Name: "pairs", Text: "A=1\nB=two words\nC=\"quoted\"\nD=\nE=a=b=c\nF=x # y\n"},
	{Name: "comments", Text: "# head\n\nA=1\n#\n#tail\n"},
	{Name: "comments only", Text: "# a\n#b\n"},
	{Name: "odd lines", Text: " LEAD = 1 \nSP =x\nexport EXP=3\n  # indented=not a comment\n=novalue\n"},
	{Name: "lines that SOPS refuses", Text: "A=1\n  # indented\n \t \nB=2\n\t#x\n  "},
	{Name: "escapes", Text: `A=a\nb` + "\n" + `B=a\\nb` + "\n" + `C=\` + "\n" + `# c\nd` + "\n"},
	{Name: "duplicate keys", Text: "A=1\nA=2\nA=3\n"},
	{Name: "broken UTF-8", Text: "A=\xff\xfe\n#\xff\n\xfd=x\n"},
	{Name: "no line break at the end", Text: "A=1\nB=2"},
	{Name: "mixed line breaks", Text: "A=1\r\n\r\nB=2\n\n# c\r\nC=3\r"},
}

func TestDotenvKeepsTheLawsOfFormats(t *testing.T) {
	t.Parallel()
	formattest.Run(t, dotenv.Format{}, cases...)
}

func TestDotenvKeepsTheLawsOfEdits(t *testing.T) {
	t.Parallel()
	formattest.RunEdits(t, dotenv.Format{}, cases...)
}

func TestFilesOfSOPSOpenAsItPrintsThem(t *testing.T) {
	t.Parallel()
	formattest.RunSOPS(t, dotenv.Format{}, "testdata/sops.json")
}

func TestCorpusSurvivesEveryByte(t *testing.T) {
	t.Parallel()
	formattest.RunCorpus(t, dotenv.Format{}, os.Getenv("SOPS_CORPUS"), "dotenv")
}
