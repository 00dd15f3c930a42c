package command

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// A ManSection is a part of a manual page that the table does not know, such as
// the variables of a program.
type ManSection struct {
	Title string
	Rows  []Row
}

// A Page is one page of the manual, in the language man of troff.
type Page struct {
	Name string // as of a file: "sops-decrypt.1"
	Text string
}

// ManPages returns a page for c, which is a program, and one for each command
// below it. The sections are added to the page of the program, and source is the
// version at the foot of each page.
func (c *Command) ManPages(source string, sections ...ManSection) []Page {
	pages := []Page{c.programPage(source, sections)}
	c.Each(func(name string, sub *Command) { pages = append(pages, sub.manPage(name, source)) })
	return pages
}

// WritePages writes pages into a directory, which is made if it is missing.
func WritePages(dir string, pages []Page) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, p := range pages {
		if err := os.WriteFile(filepath.Join(dir, p.Name), []byte(p.Text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (c *Command) programPage(source string, sections []ManSection) Page {
	m := newMan(c.Name, source)
	m.names(c.Name, c.Summary)
	m.section("SYNOPSIS")
	m.literal(c.Name + " COMMAND [flags] [ARGUMENTS]\n" + c.Name + " help COMMAND")
	m.about(c)
	m.commands(c.Name, c)
	for _, s := range sections {
		m.section(s.Title)
		for _, row := range s.Rows {
			m.item(row.Left, row.Right)
		}
	}
	return m.page(c.Name)
}

func (c *Command) manPage(name, source string) Page {
	m := newMan(name, source)
	m.names(name, c.Summary)
	m.section("SYNOPSIS")
	m.literal(c.Form(name))
	m.about(c)
	if len(c.Commands) > 0 {
		m.commands(name, c)
	} else {
		for _, topic := range c.FlagTopics() {
			m.section("FLAGS: " + topic.Name)
			for _, row := range topic.Rows {
				m.item(row.Left, row.Right)
			}
		}
		m.section("EXIT STATUS")
		m.text("0 is success; " + strings.Fields(name)[0] + "(1) lists the others.")
	}
	m.section("SEE ALSO")
	m.text(above(name))
	return m.page(name)
}

// above are the pages of the commands that lead to one.
func above(name string) string {
	words := strings.Fields(name)
	var pages []string
	for i := range words[1:] {
		pages = append(pages, strings.Join(words[:i+1], "-")+"(1)")
	}
	return strings.Join(pages, ", ")
}

// manName is a command as the name of its page.
func manName(name string) string { return strings.ReplaceAll(name, " ", "-") }

// A man is a page while it is written.
type man struct{ b strings.Builder }

func newMan(name, source string) *man {
	m := &man{}
	fmt.Fprintf(&m.b, ".TH %s 1 \"\" \"%s\"\n", strings.ToUpper(manEscape(manName(name))), manEscape(source))
	return m
}

func (m *man) page(name string) Page { return Page{manName(name) + ".1", m.b.String()} }

func (m *man) section(title string) { fmt.Fprintf(&m.b, ".SH %s\n", manEscape(title)) }

func (m *man) names(name, summary string) {
	m.section("NAME")
	m.line(manEscape(manName(name)) + ` \- ` + manEscape(summary))
}

// commands lists the pages of the commands directly below c.
func (m *man) commands(name string, c *Command) {
	m.section("COMMANDS")
	for _, row := range c.CommandRows() {
		m.item(manName(name+" "+row.Left)+"(1)", row.Right)
	}
}

// about writes what help says before the flags.
func (m *man) about(c *Command) {
	if c.Help != "" {
		m.section("DESCRIPTION")
		for paragraph := range strings.SplitSeq(c.Help, "\n\n") {
			io.WriteString(&m.b, ".PP\n")
			m.text(paragraph)
		}
	}
	if c.Examples != "" {
		m.section("EXAMPLES")
		m.literal(c.Examples)
	}
}

// text writes a paragraph, which troff breaks into lines.
func (m *man) text(s string) { m.line(manEscape(strings.Join(strings.Fields(s), " "))) }

// literal writes lines that stay as they are.
func (m *man) literal(s string) {
	io.WriteString(&m.b, ".nf\n")
	for line := range strings.SplitSeq(s, "\n") {
		m.line(manEscape(line))
	}
	io.WriteString(&m.b, ".fi\n")
}

func (m *man) item(left, right string) {
	io.WriteString(&m.b, ".TP\n")
	m.line(`\fB` + manEscape(left) + `\fR`)
	m.text(right)
}

// line writes a line that is not a request, whatever its first byte is.
func (m *man) line(s string) {
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	fmt.Fprintln(&m.b, s)
}

// manEscape writes a text so that troff prints it as it is: its escapes begin
// with a backslash, and some of ASCII it would print as typographic signs.
func manEscape(s string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, `"`, `\(dq`).Replace(s)
}
