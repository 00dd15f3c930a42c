package cli

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/command"
)

var update = flag.Bool("update", false, "write docs/reference.md again")

const referenceFile = "../../docs/reference.md"

// The reference is made from the program itself, so that it cannot rot. Write it
// again with: go test ./internal/cli -run TestReference -update
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
	testRoot().Each(func(name string, c *command.Command) {
		if c.Summary == "" || c.Examples == "" {
			t.Errorf("%s has no summary or no example", name)
		}
		if first, _, _ := strings.Cut(c.Examples, "\n"); !strings.Contains(first, "sops ") {
			t.Errorf("the help of %s does not begin with an example: %q", name, first)
		}
		for _, f := range c.Flags {
			if !f.Hidden && (f.Usage == "" || f.Topic == "") {
				t.Errorf("%s: flag %s has no usage or no topic", name, f.Name)
			}
		}
	})
}

// Flags of two commands that share a name mean the same, or the old form could
// not take them before the file.
func TestFlagsMeanTheSameEverywhere(t *testing.T) {
	t.Parallel()
	isBoolean := map[string]bool{}
	testRoot().Each(func(name string, c *command.Command) {
		for _, f := range c.Flags {
			for _, n := range append([]string{f.Name}, f.Aliases...) {
				if was, known := isBoolean[n]; known && was != f.Bool {
					t.Errorf("%s: flag --%s takes a value in one command and none in another", name, n)
				}
				isBoolean[n] = f.Bool
			}
		}
	})
}

func testRoot() *command.Command { return (&run{app: &app.App{}}).root() }

func reference() []byte {
	var b bytes.Buffer
	b.WriteString(`# Reference

Every command, flag, variable and exit code. This file is made from the program
(` + "`go test ./internal/cli -run TestReference -update`" + `); the same is shown by
` + "`sops help`, `sops help COMMAND`, `sops help environment` and `sops help exit-codes`" + `.

`)
	testRoot().Each(func(name string, _ *command.Command) {
		fmt.Fprintf(&b, "- [%s](#%s)\n", name, strings.ReplaceAll(name, " ", "-"))
	})
	b.WriteString(grammarReference)
	testRoot().Each(func(name string, c *command.Command) { commandReference(&b, name, c) })
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

- ` + "`-name` and `--name`" + ` are the same; a value follows ` + "`=`" + ` or is the next argument; a boolean takes one only after ` + "`=`" + `.
- Flags may be before the command, before its arguments or after them. ` + "`--`" + ` ends them. Of a flag that is given twice the last counts.
- What is not understood is refused, on standard error, before anything is done. Standard output is data and nothing else; success is silent.
- The old form works as well: ` + "`sops FILE`" + ` edits, ` + "`sops -e FILE`, `sops -d FILE`, `sops -r FILE`" + ` encrypt, decrypt and rotate, ` + "`sops --set '[\"key\"] \"value\"' FILE`" + `
  sets. There, flags are given before the file, and each mode takes every flag of SOPS; ` + "`--verbose`" + ` says which are not used.
- A command that takes one file refuses more of them, before anything is done.
- With ` + "`--json`" + ` each error is one object on one line of standard error:
  ` + "`{\"error\":\"...\",\"code\":\"MacMismatch\",\"exit\":51,\"hints\":[\"...\"],\"position\":{\"file\":\"...\",\"line\":3,\"column\":1},\"detail\":\"...\"}`" + `. Warnings are ` + "`{\"warning\":\"...\"}`" + `.
- ` + "`--help`" + ` works everywhere; ` + "`--version`" + ` prints the version, and no network is asked.
`

func commandReference(b *bytes.Buffer, name string, c *command.Command) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n```sh\n%s\n```\n", name, capital(c.Summary), c.Examples)
	if c.Help != "" {
		fmt.Fprintf(b, "\n%s\n", c.Help)
	}
	if len(c.Commands) > 0 {
		return
	}
	fmt.Fprintf(b, "\n`%s`\n", c.Form(name))
	topics := c.FlagTopics()
	if len(topics) > 0 {
		b.WriteString("\n| flag | meaning | about |\n|---|---|---|\n")
	}
	for _, topic := range topics {
		for _, row := range topic.Rows {
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", row.Left, cell(row.Right), about(topic.Name))
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
	root := testRoot()
	pages := [][]string{nil, {"environment"}, {"exit-codes"}}
	root.Each(func(name string, _ *command.Command) { pages = append(pages, strings.Fields(name)[1:]) })
	for _, words := range pages {
		var out bytes.Buffer
		if err := help(&out, root, words); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > command.Width {
				t.Errorf("sops help %s: %d columns: %s", words, n, line)
			}
		}
	}
}
