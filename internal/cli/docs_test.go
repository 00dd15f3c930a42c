//go:build unix

package cli_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/internal/test/pgptest"
)

// TestThePagesAboutAWSWorkAsWritten plays each page of docs/aws from top to
// bottom, in an empty directory and against the built-in world of devkms. Of
// its blocks these count:
//
//	```sh devkms          lines that begin with "$ " are commands, and lines that
//	                      begin with "> " go on with them; the lines below must be
//	                      in what the command says, where "..." is anything
//	```yaml devkms FILE   is written to FILE
func TestThePagesAboutAWSWorkAsWritten(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/aws/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	for _, page := range pages {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			playPage(t, string(src))
		})
	}
}

// TestThePageAboutPGPWorksAsWritten plays docs/pgp.md in the same way, with a
// gpg of its own. Its blocks are marked sh gpg.
func TestThePageAboutPGPWorksAsWritten(t *testing.T) {
	t.Parallel()
	if !pgptest.Installed() {
		t.Skip("gpg is not installed")
	}
	h, err := pgptest.NewHome()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	src, err := os.ReadFile("../../docs/pgp.md")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.ReplaceAll(string(src), "```sh gpg", "```sh devkms")
	playPage(t, "```sh devkms\n$ export GNUPGHOME="+h.Dir+"\n```\n"+page)
}

// TestThePageAboutDevkmsWorksAsWritten plays what docs/devkms.md shows of identities.
func TestThePageAboutDevkmsWorksAsWritten(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("../../docs/devkms.md")
	if err != nil {
		t.Fatal(err)
	}
	playPage(t, string(src))
}

// TestLinksBetweenPagesLead looks for the files that the pages point to.
func TestLinksBetweenPagesLead(t *testing.T) {
	t.Parallel()
	var pages []string
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../docs/*/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: no pages: %v", pattern, err)
		}
		pages = append(pages, found...)
	}
	link := regexp.MustCompile(`\]\(([^):#]+)(#[^)]*)?\)`)
	for _, page := range pages {
		src, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(src), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}

// A step is a command of a page, or a file.
type step struct {
	line    int
	command string
	said    []string // lines that the command must say
	file    string   // "" for a command
	text    string
}

func playPage(t *testing.T, src string) {
	t.Helper()
	steps, err := stepsOf(src)
	if err != nil {
		t.Fatal(err)
	}
	if len(steps) == 0 {
		return
	}
	dir, home := t.TempDir(), t.TempDir()
	out, err := playSteps(t, steps, dir, home)
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	parts := strings.Split(out, mark)
	if len(parts) != len(steps)+1 {
		t.Fatalf("%d of %d steps were taken:\n%s", len(parts)-1, len(steps), out)
	}
	for i, s := range steps {
		for _, line := range s.said {
			if !says(parts[i+1], line) {
				t.Errorf("line %d: %s\ndoes not say: %s\nbut: %s", s.line, s.command, line, parts[i+1])
			}
		}
	}
}

// says reports whether the output holds the line, with anything for "...".
func says(output, line string) bool {
	var parts []string
	for part := range strings.SplitSeq(line, "...") {
		parts = append(parts, regexp.QuoteMeta(strings.TrimSpace(part)))
	}
	return regexp.MustCompile(strings.Join(parts, ".*")).MatchString(output)
}

// mark is in the output where a step begins.
const mark = "\x00\n"

// playSteps runs all steps in one shell, as a reader would, but without a
// terminal, so that no question is asked.
func playSteps(t *testing.T, steps []step, dir, home string) (string, error) {
	t.Helper()
	profiles := filepath.Join(home, ".aws")
	if err := os.Mkdir(profiles, 0o700); err != nil {
		t.Fatal(err)
	}
	vars, err := devkms.Start(t, nil).Environ(profiles)
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&script, "printf '%s'\n", `\0\n`)
		if s.file == "" {
			script.WriteString(s.command + "\n")
			continue
		}
		path := strings.Replace(s.file, "~", "$HOME", 1)
		fmt.Fprintf(&script, "mkdir -p \"$(dirname \"%s\")\"; cat >\"%s\" <<'END OF FILE'\n%sEND OF FILE\n", path, path, s.text)
	}
	cmd := exec.CommandContext(t.Context(), "detach", "bash", "-euo", "pipefail", "-c", script.String())
	cmd.Dir = dir
	cmd.Env = append(vars, "HOME="+home, "XDG_CONFIG_HOME="+filepath.Join(home, ".config"), "PATH="+os.Getenv("PATH"), "EDITOR=false")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	return out.String(), err
}

// stepsOf reads the blocks of a page.
func stepsOf(src string) ([]step, error) {
	var steps []step
	kind := "" // of the block: sh, file, other; "" outside
	for i, line := range strings.Split(src, "\n") {
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && kind != "":
			kind = ""
		case fence:
			words := strings.Fields(info)
			kind = "other"
			if len(words) > 1 && words[1] == "devkms" {
				if kind = "sh"; len(words) > 2 {
					kind = "file"
					steps = append(steps, step{line: i + 1, file: words[2]})
				}
			}
		case kind == "file":
			steps[len(steps)-1].text += line + "\n"
		case kind == "sh":
			if err := addLine(&steps, i+1, line); err != nil {
				return nil, err
			}
		}
	}
	return steps, nil
}

// addLine adds a line of a block of commands.
func addLine(steps *[]step, n int, line string) error {
	if command, ok := strings.CutPrefix(line, "$ "); ok {
		*steps = append(*steps, step{line: n, command: command})
		return nil
	}
	if len(*steps) == 0 || (*steps)[len(*steps)-1].file != "" {
		return fmt.Errorf("line %d: %q belongs to no command", n, line)
	}
	s := &(*steps)[len(*steps)-1]
	if more, ok := strings.CutPrefix(line, "> "); ok && len(s.said) == 0 {
		s.command += "\n" + more
	} else if line = strings.TrimSpace(line); line != "" {
		s.said = append(s.said, line)
	}
	return nil
}
