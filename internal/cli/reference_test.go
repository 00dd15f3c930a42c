package cli

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops/internal/app"
)

var update = flag.Bool("update", false, "write docs/reference.md anew")

const referenceFile = "../../docs/reference.md"

// The reference is made from the program itself, so that it cannot rot. Write it
// anew with: go test ./internal/cli -run TestReference -update
func TestReferenceSaysWhatTheProgramDoes(t *testing.T) {
	t.Parallel()
	got := reference()
	if *update {
		if err := os.WriteFile(referenceFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("docs/reference.md is out of date (-file +program):\n%s", diff)
	}
}

func TestEveryFlagIsExplained(t *testing.T) {
	t.Parallel()
	eachCommand(testRoot(), "sops", func(name string, c *cli.Command) {
		if c.Usage == "" || c.Description == "" {
			t.Errorf("%s has no usage or no example", name)
		}
		if first, _, _ := strings.Cut(c.Description, "\n"); !strings.Contains(first, "sops ") {
			t.Errorf("the help of %s does not begin with an example: %q", name, first)
		}
		for _, f := range c.Flags {
			topic, left, usage, hidden := describe(f)
			if !hidden && (usage == "" || topic == "") {
				t.Errorf("%s: flag %s has no usage or no topic", name, left)
			}
		}
	})
}

// Flags of two commands that share a name mean the same, or the old form could
// not take them before the file.
func TestFlagsMeanTheSameEverywhere(t *testing.T) {
	t.Parallel()
	isBoolean := map[string]bool{}
	eachCommand(testRoot(), "sops", func(name string, c *cli.Command) {
		for _, f := range c.Flags {
			for _, n := range f.Names() {
				if was, known := isBoolean[n]; known && was != isBool(f) {
					t.Errorf("%s: flag --%s takes a value in one command and none in another", name, n)
				}
				isBoolean[n] = isBool(f)
			}
		}
	})
}

func testRoot() *cli.Command { return (&run{app: &app.App{}}).root() }

// eachCommand calls f for every command below c, in order.
func eachCommand(c *cli.Command, name string, f func(name string, c *cli.Command)) {
	for _, sub := range c.Commands {
		if sub.Hidden {
			continue
		}
		f(name+" "+sub.Name, sub)
		eachCommand(sub, name+" "+sub.Name, f)
	}
}

func reference() []byte {
	var b bytes.Buffer
	b.WriteString(`# Reference

Every command, flag, variable and exit code. This file is made from the program
(` + "`go test ./internal/cli -run TestReference -update`" + `); the same is shown by
` + "`sops help`, `sops help COMMAND`, `sops help environment` and `sops help exit-codes`" + `.

`)
	eachCommand(testRoot(), "sops", func(name string, _ *cli.Command) {
		fmt.Fprintf(&b, "- [%s](#%s)\n", name, strings.ReplaceAll(name, " ", "-"))
	})
	b.WriteString(grammarReference)
	eachCommand(testRoot(), "sops", func(name string, c *cli.Command) { commandReference(&b, name, c) })
	b.WriteString("\n## Variables\n\nFlags go before them. The variables of AWS are read by its SDK.\n\n| variable | meaning |\n|---|---|\n")
	for _, v := range variables() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", v.Name, cell(v.Meaning))
	}
	b.WriteString("\n## Exit codes\n\n| code | meaning |\n|---|---|\n")
	for _, c := range exitCodes() {
		fmt.Fprintf(&b, "| %d | %s |\n", c.code, cell(c.meaning))
	}
	return b.Bytes()
}

const grammarReference = `
## Arguments

- ` + "`-name` and `--name`" + ` are the same; a value follows behind ` + "`=`" + ` or as the next argument; a boolean takes one only behind ` + "`=`" + `.
- Flags may stand before the command, before its arguments or behind them. ` + "`--`" + ` ends them. Of a flag that is given twice the last counts.
- What is not understood is refused, on standard error, before anything is done. Standard output is data and nothing else; success is silent.
- The old form works as well: ` + "`sops FILE`" + ` edits, ` + "`sops -e FILE`, `sops -d FILE`, `sops -r FILE`" + ` encrypt, decrypt and rotate, ` + "`sops --set '[\"key\"] \"value\"' FILE`" + `
  sets. There, flags stand before the file, and each mode takes every flag of SOPS; ` + "`--verbose`" + ` says which are not used.
- A command that takes one file refuses more of them, before anything is done.
- With ` + "`--json`" + ` each error is one object on one line of standard error:
  ` + "`{\"error\":\"...\",\"code\":\"MacMismatch\",\"exit\":51,\"hints\":[\"...\"],\"position\":{\"file\":\"...\",\"line\":3,\"column\":1},\"detail\":\"...\"}`" + `. Warnings are ` + "`{\"warning\":\"...\"}`" + `.
- ` + "`--help`" + ` works everywhere; ` + "`--version`" + ` prints the version, and no network is asked.
`

func commandReference(b *bytes.Buffer, name string, c *cli.Command) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n", name, capital(c.Usage))
	examples, prose, _ := strings.Cut(c.Description, "\n\n")
	fmt.Fprintf(b, "\n```sh\n%s\n```\n", examples)
	if prose != "" {
		fmt.Fprintf(b, "\n%s\n", prose)
	}
	if len(c.Commands) > 0 {
		return
	}
	fmt.Fprintf(b, "\n`%s`\n", strings.TrimSpace(name+" [flags] "+c.ArgsUsage))
	flagReference(b, c.Flags)
}

func flagReference(b *bytes.Buffer, flags []cli.Flag) {
	topics := topicsOf(flags)
	if len(topics) > 0 {
		b.WriteString("\n| flag | meaning | about |\n|---|---|---|\n")
	}
	for _, topic := range topics {
		for _, l := range topic.lines {
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", l.flag, cell(l.usage), about(topic.name))
		}
	}
}

// about is a topic in running text.
func about(topic string) string {
	if topic == topicAWS {
		return topic
	}
	return strings.ToLower(topic)
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

// TestHelpFitsTheTerminal walks every page of help.
func TestHelpFitsTheTerminal(t *testing.T) {
	t.Parallel()
	topics := []string{"", "environment", "exit-codes"}
	eachCommand(testRoot(), "", func(name string, _ *cli.Command) { topics = append(topics, strings.TrimSpace(name)) })
	for _, topic := range topics {
		var out bytes.Buffer
		r := &run{app: &app.App{Stdout: &out}}
		if err := r.topic(r.root(), topic); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > helpWidth {
				t.Errorf("sops help %s: %d columns: %s", topic, n, line)
			}
		}
	}
}
