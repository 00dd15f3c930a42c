package command

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"
)

// settings are where the flags of table store their values.
type settings struct {
	text     string
	on       bool
	list     []string
	count    int
	optional *int
	wait     time.Duration
}

// table has a flag of each type.
func table(s *settings) *Command {
	return &Command{Name: "prog", Commands: []*Command{
		{
			Name: "do", Summary: "do something", Args: "FILE...", Examples: "prog do f", Help: "First\nparagraph.\n\nSecond.",
			Flags: []*Flag{
				Bool(&s.on, TopicOther, "on", "switch on", "o"),
				String(&s.text, "TEXTS", "text", "a `WORD` of text", "t"),
				List(&s.list, "TEXTS", "list", "words: `A,B`"),
				Int(&s.count, "NUMBERS", "count", "count to `N`"),
				OptionalInt(&s.optional, "NUMBERS", "optional", "`N` or none"),
				Duration(&s.wait, "NUMBERS", "wait", "wait for `DURATION`"),
				{Name: "secret-of-scripts", Hidden: true, Bool: true},
			},
			CompleteArgs: func(_ context.Context, args []string) []Candidate {
				return []Candidate{{strings.Join(append(args, "x"), ":"), "a word"}}
			},
		},
		{Name: "run", Program: true, Summary: "run a program"},
		{Name: "gone", Hidden: true},
	}}
}

func TestEachTypeOfFlagStoresItsValue(t *testing.T) {
	t.Parallel()
	var s settings
	call, err := table(&s).Parse(strings.Fields("do -o --text a -t b --list 1 f --list=2 --count 010 --optional=-3 --wait 1m30s"))
	if err != nil {
		t.Fatal(err)
	}
	if err := call.Apply(); err != nil {
		t.Fatal(err)
	}
	if !s.on || s.text != "b" || !slices.Equal(s.list, []string{"1", "2"}) || s.count != 8 || *s.optional != -3 || s.wait != 90*time.Second {
		t.Errorf("%+v", s)
	}
	if !call.Given("count") || call.Given("secret-of-scripts") || !call.On("on") || !slices.Equal(call.Args, []string{"f"}) {
		t.Errorf("%+v", call)
	}
}

func TestOfAFlagThatIsGivenTwiceTheLastCounts(t *testing.T) {
	t.Parallel()
	var s settings
	call, err := table(&s).Parse(strings.Fields("do --on --on=false"))
	if err != nil || call.Apply() != nil || s.on || call.On("on") {
		t.Errorf("%v: %+v %+v", err, call, s)
	}
}

func TestAValueThatIsNoneNamesTheFlag(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"--count=x", "--optional=", "--wait=1", "--count=99999999999999999999"} {
		call, err := table(&settings{}).Parse([]string{"do", args})
		if err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(args, "=")
		if err := call.Apply(); err == nil || !strings.HasPrefix(err.Error(), "flag "+name+": ") {
			t.Errorf("%s: %v", args, err)
		}
	}
}

func TestAMistypedFlagHasAHint(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"do --cuont 1":   "did you mean --count?",
		"do --other":     "see: prog do --help",
		"--tetx a do":    "did you mean --text?",
		"run f ls --all": "flags of the program go after --: prog run FILE -- PROGRAM ARGUMENT",
		"run --all":      "see: prog run --help",
	} {
		_, err := table(&settings{}).Parse(strings.Fields(args))
		usage, ok := err.(*UsageError)
		if !ok || !slices.Equal(usage.Hints(), []string{want}) {
			t.Errorf("prog %s: %v, want the hint %q", args, err, want)
		}
	}
}

func TestHelpIsMadeOfTheTable(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	table(&settings{}).Find("do").WriteHelp(&b, "prog do")
	want := `prog do: do something

  prog do f

  First paragraph.
  Second.

USAGE
  prog do [flags] FILE...

TEXTS
  --text, -t WORD  a WORD of text
  --list LIST      words: A,B

NUMBERS
  --count N        count to N
  --optional N     N or none
  --wait DURATION  wait for DURATION

OTHER
  --on, -o  switch on

EXIT CODES
  0 is success; prog help exit-codes lists the others.
`
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
}

func TestCompletionOffersWhatMayComeNext(t *testing.T) {
	t.Parallel()
	const flags = "--on\n--text\n--list\n--count\n--optional\n--wait\n--help\n"
	for words, want := range map[string]string{
		"":                "do\nrun\n",
		"d":               "do\nrun\n",
		"do -":            flags,
		"do f --":         flags,
		"do --text -":     "",
		"do --on -":       flags,
		"do --text=a -":   flags,
		"do ":             "x\n",
		"do a b ":         "a:b:x\n",
		"help ":           "do\nrun\n",
		"--on do --text ": "",
		"--on do ":        "x\n",
		`do ""`:           "x\n",
		"run ":            "",
	} {
		var b bytes.Buffer
		if !table(&settings{}).Complete(t.Context(), &b, append(strings.Split(words, " "), candidatesFlag)) {
			t.Fatal("not answered")
		}
		if b.String() != want {
			t.Errorf("prog %s|\n got: %q\nwant: %q", words, b.String(), want)
		}
	}
}

func TestAColonInAWordIsMarked(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	table(&settings{}).Complete(t.Context(), &b, []string{"do", "a", "", describedFlag})
	if b.String() != "a\\:x:a word\n" {
		t.Errorf("%q", b.String())
	}
}

func FuzzNoWordsStopParseOrCompletion(f *testing.F) {
	f.Add("do\x00--text\x00-\x00--\x00-x=y")
	f.Add("--\x00")
	f.Fuzz(func(t *testing.T, text string) {
		words := strings.Split(text, "\x00")
		root := table(&settings{})
		if call, err := root.Parse(words); err == nil && !call.Help && !call.Version {
			_ = call.Apply()
		}
		var b bytes.Buffer
		if !root.Complete(t.Context(), &b, append(words, describedFlag)) {
			t.Error("completion is not answered")
		}
	})
}
