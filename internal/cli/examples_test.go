//go:build unix

package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/internal/command"
)

// exampleWorld has what the examples in help and docs name.
const exampleWorld = `default: me
regions: [eu-west-1, us-east-1]
accounts:
  "111122223333":
    users:
      me: &me
        access_key_id: AKIADEVMINE00EXAMPLE
        secret_access_key: anything
        policies: [{Version: 2012-10-17, Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}]
      work:
        access_key_id: AKIADEVWORK00EXAMPLE
        secret_access_key: anything
        policies: [{Version: 2012-10-17, Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}]
    keys:
      - {id: 11112222-3333-4111-8111-000000000001, region: eu-west-1, aliases: [alias/prod]}
      - {id: 11112222-3333-4111-8111-000000000002, region: eu-west-1, aliases: [alias/b]}
      - {id: 11112222-3333-4111-8111-000000000003, region: eu-west-1, aliases: [alias/old]}
`

const (
	exampleKey       = "arn:aws:kms:eu-west-1:111122223333:alias/prod"
	exampleOld       = "arn:aws:kms:eu-west-1:111122223333:alias/old"
	exampleRecipient = "age1ym9y2kmj7n2sw2jmpapp2qvmxa25c6xrmp2e38s4wvw7naq0tskqzu3dsz"
	examplePlain     = "db:\n    user: admin\n    password: s3cret\n    old: x\n    old_password: x\ntls:\n    key: x\n"
)

// notRun are the examples that a test cannot run, each with the reason.
var notRun = map[string]string{
	"sops devkms serve --port 4599 --dir .devkms": "it serves until Ctrl-C on a fixed port; the line with eval runs",
	"sops keygen --hybrid --passphrase safe.txt":  "it asks on a terminal; keygen_passphrase and keygen_hybrid have one",
	"./quickstart": "it is a test of its own in CI",
	"./test":       "it runs this test",
	"CGO_ENABLED=0 go install github.com/seed-1f7fdfb8/sops/cmd/sops@latest": "it loads the program from the network",
}

// foreign are the programs in examples that would talk to a service of others.
var foreign = map[string]bool{"gcloud": true, "az": true}

// isPlayed reports whether a command needs a service beside it: the tests of
// docs/keyservice.md, docs/publish.md and docs/git.md play these.
func isPlayed(command string) bool {
	for _, start := range []string{"sops keyservice", "sops decrypt --keyservice", "sops publish", "sops merge", "sops git", "sops log", "sops check --staged"} {
		if strings.HasPrefix(command, start) {
			return true
		}
	}
	return false
}

// exampleExits are the examples that end with another exit status than 0.
var exampleExits = map[string]int{
	"sops devkms exec --world world.yaml": 128, // it shows a refusal
	"sops rotate -i -r --dry-run":         2,   // something would change
}

// An example is one command, with its page.
type example struct{ page, command string }

// commandsIn joins lines that go on: after a backslash, a pipe or an open quote.
func commandsIn(lines []string) (commands []string) {
	command := ""
	for _, line := range lines {
		command += line
		open := strings.Count(command, "'")%2 == 1
		if open || strings.HasSuffix(line, `\`) || strings.HasSuffix(line, "|") {
			command += "\n"
			continue
		}
		if strings.TrimSpace(command) != "" {
			commands = append(commands, command)
		}
		command = ""
	}
	return commands
}

// examples collects every example in help, and those in docs that docs/aws does
// not play: blocks of sh, and lines set in by four blanks that a shell takes.
func examples(t *testing.T) (all []example) {
	t.Helper()
	testRoot().Each(func(name string, c *command.Command) {
		for _, command := range commandsIn(strings.Split(c.Examples, "\n")) {
			all = append(all, example{name + " --help", command})
		}
	})
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	shell := regexp.MustCompile(`^(sops|cat|printf|\./|CGO_ENABLED)`)
	for _, page := range append(pages, "../../README.md") {
		if filepath.Base(page) == "reference.md" {
			continue // made from help
		}
		src, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		var block []string
		fence := ""
		for line := range strings.Lines(string(src)) {
			line = strings.TrimSuffix(line, "\n")
			info, isFence := strings.CutPrefix(line, "```")
			switch {
			case isFence && fence == "":
				fence = "=" + info
			case isFence:
				fence = ""
			case fence == "=sh":
				block = append(block, line)
			case fence == "" && strings.HasPrefix(line, "    ") && shell.MatchString(line[4:]):
				block = append(block, line[4:])
			}
		}
		for _, command := range commandsIn(block) {
			all = append(all, example{filepath.Base(page), command})
		}
	}
	return all
}

// TestEveryPrintedExampleRuns types every example as it is printed, in a
// directory that has the files it names.
func TestEveryPrintedExampleRuns(t *testing.T) {
	t.Parallel()
	found := examples(t)
	if len(found) < 40 {
		t.Fatalf("only %d examples were found", len(found))
	}
	vars := exampleVars(t)
	for _, e := range found {
		command := strings.TrimSpace(regexp.MustCompile(`\s+# .*$`).ReplaceAllString(e.command, ""))
		program, _, _ := strings.Cut(command, " ")
		if notRun[command] != "" || foreign[program] || isPlayed(command) {
			continue
		}
		t.Run(e.page+"/"+command, func(t *testing.T) {
			t.Parallel()
			for _, shell := range shellsFor(command) {
				runExample(t, shell, e.command, vars)
			}
		})
	}
}

// shellsFor are the shells in which an example must work.
func shellsFor(command string) []string {
	has := func(name string) bool { _, err := exec.LookPath(name); return err == nil }
	switch {
	case strings.Contains(command, "completion zsh"):
		if !has("zsh") {
			return nil // the script is for zsh alone
		}
		return []string{"zsh"}
	case strings.HasPrefix(command, "source"):
		return []string{"bash"}
	case strings.HasPrefix(command, "eval"):
		all := []string{"sh", "bash"}
		if has("zsh") {
			all = append(all, "zsh")
		}
		return all
	}
	return []string{"sh"}
}

func exampleVars(t *testing.T) []string {
	t.Helper()
	world, err := devkms.ParseWorld("world.yaml", []byte(exampleWorld))
	if err != nil {
		t.Fatal(err)
	}
	vars, err := devkms.Start(t, world).Environ(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := filepath.Abs("../../internal/test/golden/keys/age-main.txt")
	if err != nil {
		t.Fatal(err)
	}
	return append(vars, "SOPS_AGE_KEY_FILE="+keys, "PATH="+os.Getenv("PATH"), "EDITOR=sed -i s/e/E/", "SOPS_DISABLE_VERSION_CHECK=true")
}

func runExample(t *testing.T, shell, text string, vars []string) {
	t.Helper()
	dir := t.TempDir()
	sh := func(shell, line string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "detach", shell, "-c", line)
		cmd.Dir = dir
		cmd.Env = append(vars[:len(vars):len(vars)], "HOME="+dir)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	golden, err := os.ReadFile("../test/golden/keys/age-main.txt")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"prod.yaml": examplePlain, ".env": "A=one\n", "key.pem": "secret\n", "secrets.yaml": examplePlain, "secrets/a.yaml": examplePlain, "prod/db.yaml": examplePlain,
		".sops.yaml": "creation_rules:\n  - kms: " + exampleKey + "," + exampleOld + "\n", "other.yaml": "creation_rules:\n  - age: " + exampleRecipient + "\n",
		"run-tests": "#!/bin/sh\ntest -n \"$AWS_ENDPOINT_URL\"\n", "world.yaml": pageWorld(t), ".config/fish/completions/x": "", "new.pem": "",
		"app.env": "user=admin\n", "key.txt": string(golden), "recipient.txt": exampleRecipient, "server": "#!/bin/sh\nexit 0\n",
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	prepare := "sops encrypt prod.yaml > prod.enc.yaml && sops encrypt -i secrets/a.yaml && sops encrypt -i prod/db.yaml && sops encrypt -i app.env"
	encrypts := strings.Contains(text, "sops encrypt") || strings.Contains(text, "secrets.yaml")
	if !encrypts {
		prepare += " && cp prod.enc.yaml prod.yaml"
	}
	if strings.Contains(text, "groups delete") {
		// Two of three are needed, so that one can go.
		prepare += strings.Repeat(" && sops groups add -i -f prod.yaml --accept-keys --age "+exampleRecipient, 2)
	}
	if out, err := sh("sh", prepare); err != nil {
		t.Fatalf("%s: %v\n%s", prepare, err, out)
	}
	line := strings.ReplaceAll(text, "age1...", exampleRecipient)
	if strings.HasPrefix(line, "eval") {
		line += "\nset -e\nsops encrypt --kms arn:aws:kms:us-east-1:111111111111:alias/sops-dev --config /dev/null secrets.yaml > x.yaml; sops decrypt x.yaml; kill \"$DEVKMS_PID\"\n"
	}
	out, err := sh(shell, line)
	exit := 0
	if err != nil {
		exit = -1
		if e, ok := err.(*exec.ExitError); ok {
			exit = e.ExitCode()
		}
	}
	want := 0
	for begin, code := range exampleExits {
		if strings.HasPrefix(text, begin) {
			want = code
		}
	}
	if exit != want {
		t.Errorf("%s: exit %d, want %d\n%s\n%s", shell, exit, want, text, out)
	}
}

// pageWorld is the world file in docs/devkms.md.
func pageWorld(t *testing.T) string {
	t.Helper()
	src, err := os.ReadFile("../../docs/devkms.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(src), "```yaml\n# world.yaml\n")
	world, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal(fmt.Errorf("docs/devkms.md has no world"))
	}
	return world
}
