package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/audit"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/term"
	"github.com/seed-1f7fdfb8/sops/internal/test/publishtest"
)

// recorded says, for each command, what is to be recorded of it. A command line
// without actions uses no secret of a file.
func recorded() map[string][]use {
	both := []string{audit.Decrypt, audit.Encrypt}
	return map[string][]use{
		"encrypt":    {{"encrypt p.yaml", []string{audit.Encrypt}}, {"encrypt --onto f.yaml p.yaml", both}},
		"decrypt":    {{"decrypt f.yaml", both[:1]}, {"decrypt --extract [\"a\"] f.yaml", both[:1]}, {"decrypt -i f.yaml", both[:1]}, {"-d f.yaml", both[:1]}},
		"set":        {{"set f.yaml [\"a\"] \"v\"", both}},
		"unset":      {{"unset f.yaml [\"a\"]", both}},
		"edit":       {{"edit f.yaml", both}, {"f.yaml", both}, {"edit new.yaml", both[1:]}},
		"rotate":     {{"rotate -i f.yaml", []string{audit.Rotate, audit.Decrypt, audit.Encrypt}}},
		"updatekeys": {{"updatekeys -y f.yaml", both[:1]}},
		"sync":       {{"sync -y f.yaml", both[:1]}},
		"merge":      {{"merge -o merged.yaml f.yaml ours.yaml theirs.yaml", both[:1]}},
		"log":        {{"log f.yaml", both[:1]}},
		"git":        {{"git diff --values", both[:1]}},
		"groups":     {{"groups add --accept-keys -f f.yaml --age " + ageSecond, both[:1]}, {"groups delete --accept-keys --shamir-secret-sharing-threshold 1 -f f.yaml 1", both[:1]}},
		"publish":    {{"publish -y f.yaml", both[:1]}},
		"exec-env":   {{"exec-env f.yaml true", both[:1]}},
		"exec-file":  {{"exec-file f.yaml true", both[:1]}},
		"doctor":     {{"doctor f.yaml", both[:1]}},
		"filestatus": {{"filestatus f.yaml", nil}},
		"check":      {{"check f.yaml", nil}},
		"config":     {{"config check", nil}},
		"keygen":     {{"keygen", nil}},
		"kms":        {{"kms policy --kms arn:aws:kms:us-east-1:111111111111:alias/a", nil}},
		"completion": {{"completion bash", nil}},
		"man":        {{"man", nil}},
		// These use no file.
		"keyservice": nil, "devkms": nil,
		// git runs these: as merge and git diff.
		"merge-driver": nil, "textconv": nil,
	}
}

type use struct {
	line    string
	actions []string
}

// Every command that decrypts or encrypts a file records it, under its name and with
// the file and its keys; and does nothing where that cannot be recorded.
func TestEveryCommandRecordsItsUseOfAFile(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Log("the editor is a script of a shell: nothing was tried")
		return
	}
	for _, c := range (&run{app: &app.App{}}).root().Commands {
		uses, known := recorded()[c.Name]
		if !known {
			t.Errorf("sops %s: this test does not know what it uses", c.Name)
		}
		for _, u := range uses {
			t.Run(u.line, func(t *testing.T) {
				t.Parallel()
				recordsUse(t, c.Name, u)
			})
		}
	}
}

// prepareHistory makes what commands of git need: sides of a merge, or a commit and a
// change after it.
func prepareHistory(t *testing.T, b *bench, command string) {
	t.Helper()
	change := func(name, value string) {
		if code, _, complaints := b.run("set", name, `["a"]`, value); code != 0 {
			t.Fatal(complaints)
		}
	}
	switch command {
	case "merge":
		text, err := os.ReadFile(filepath.Join(b.dir, "f.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"ours.yaml", "theirs.yaml"} {
			if err := os.WriteFile(filepath.Join(b.dir, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
			change(name, "8") // both sides say the same
		}
	case "log", "git":
		for _, args := range [][]string{{"init", "-q"}, {"add", "f.yaml"}, {"-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one"}} {
			cmd := exec.Command("git", args...)
			cmd.Dir = b.dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("git %q: %v: %s", args, err, out)
			}
		}
		change("f.yaml", "8")
	}
}

func recordsUse(t *testing.T, command string, u use) {
	t.Helper()
	b := newBench(t, []byte("a: 1\nb: 2\n"))
	log := filepath.Join(b.dir, "audit.jsonl")
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	groups := "creation_rules: [{key_groups: [{age: ['" + ageMain + "']}, {age: ['" + ageThird + "']}]}]\n"
	write(".sops.yaml", groups)
	write("p.yaml", "a: 2\n")
	if code, _, complaints := b.run("encrypt", "-i", "f.yaml"); code != 0 {
		t.Fatal(complaints)
	}
	prepareHistory(t, b, command)
	if command == "updatekeys" || command == "sync" {
		write(".sops.yaml", strings.ReplaceAll(groups, ageThird, ageSecond))
	}
	if command == "publish" {
		s := publishtest.New()
		t.Cleanup(s.Close)
		b.vars["AWS_ENDPOINT_URL_SECRETS_MANAGER"], b.vars["AWS_REGION"] = s.URL, publishtest.Region
		b.vars["AWS_ACCESS_KEY_ID"], b.vars["AWS_SECRET_ACCESS_KEY"] = publishtest.AccessKey, publishtest.SecretKey
		write(".sops.yaml", groups+"destination_rules: [{aws_secrets_manager_path: prod, aws_region: "+publishtest.Region+"}]\n")
	}
	run := func(target string) (int, string) {
		write("audit.yaml", "backends: {file: [{path: "+target+"}]}\n")
		trail := &audit.Trail{Configs: []string{filepath.Join(b.dir, "audit.yaml")}, PID: 1, Now: time.Now}
		defer trail.Close()
		var out, complaints bytes.Buffer
		code := Run(context.Background(), append([]string{"sops"}, strings.Split(u.line, " ")...), &app.App{
			Stdin: strings.NewReader(""), Stdout: &out, Stderr: &complaints, Env: env.Map(b.vars), Dir: b.dir, Audit: trail,
			Now: time.Now, Random: rand.Reader, Terminal: func() (*term.Terminal, error) { return nil, term.ErrNone },
		})
		return code, out.String() + complaints.String()
	}
	if len(u.actions) > 0 {
		before := files(t, b.dir)
		if code, text := run("/nowhere/audit.jsonl"); code == 0 || !strings.Contains(text, "cannot be recorded") {
			t.Errorf("where nothing can be recorded: exit status %d\n%s", code, text)
		}
		if after := files(t, b.dir); !slices.Equal(before, after) {
			t.Errorf("it changed files although that could not be recorded:\n%q\n%q", before, after)
		}
	}
	if code, text := run(log); code != 0 {
		t.Fatalf("exit status %d\n%s", code, text)
	}
	text, _ := os.ReadFile(log)
	var actions []string
	for line := range strings.Lines(string(text)) {
		var e audit.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		actions = append(actions, e.Action)
		if first, _, _ := strings.Cut(e.Command, " "); first != command || len(e.Keys) == 0 || !strings.HasPrefix(e.File, b.dir) || e.UID == "" {
			t.Errorf("got %+v", e)
		}
		if e.Action == audit.Decrypt && len(e.OpenedBy) == 0 {
			t.Errorf("it does not say which key opened the file: %s", line)
		}
	}
	if !slices.Equal(actions, u.actions) {
		t.Errorf("got %q, want %q", actions, u.actions)
	}
}

// files returns the content of the files of a directory, without what the test
// itself writes.
func files(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() || strings.HasPrefix(e.Name(), "audit") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e.Name()+": "+string(text))
	}
	return all
}
