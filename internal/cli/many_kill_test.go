//go:build unix

package cli_test

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// kills is how many runs TestKilledRunsDamageNoFile kills: a few in every run of
// the tests, hundreds by hand.
var kills = flag.Int("kills", 6, "how many runs over many files are killed")

// A tree of files that real processes of the program work on.
type manyFiles struct {
	dir     string
	environ []string
}

const manyRecipient = "age1ym9y2kmj7n2sw2jmpapp2qvmxa25c6xrmp2e38s4wvw7naq0tskqzu3dsz"

// newManyFiles makes n files of four formats under the rule.
func newManyFiles(t *testing.T, n int, rule string, vars ...string) *manyFiles {
	t.Helper()
	keys, err := filepath.Abs("../../internal/test/golden/keys/age-all-three.txt")
	if err != nil {
		t.Fatal(err)
	}
	m := &manyFiles{dir: t.TempDir()}
	m.environ = append(os.Environ(), append([]string{"HOME=" + m.dir, "SOPS_AGE_KEY_FILE=" + keys}, vars...)...)
	m.write(t, ".sops.yaml", "creation_rules:\n  - "+rule+"\n")
	for i := range n {
		form := []struct{ name, text string }{
			{"f%03d.yaml", "n: %d\ntext: canary\n"},
			{"f%03d.json", "{\"n\": %d, \"text\": \"canary\"}\n"},
			{"f%03d.env", "N=%d\nTEXT=canary\n"},
			{"f%03d.ini", "[s]\nn = %d\ntext = canary\n"},
		}[i%4]
		m.write(t, filepath.Join("s", fmt.Sprintf(form.name, i)), fmt.Sprintf(form.text, i))
	}
	return m
}

func (m *manyFiles) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(m.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// files returns everything below s.
func (m *manyFiles) files(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(filepath.Join(m.dir, "s"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[filepath.Base(path)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (m *manyFiles) command(args ...string) *exec.Cmd {
	cmd := exec.Command("sops", args...)
	cmd.Dir, cmd.Env = m.dir, m.environ
	return cmd
}

// must runs the program, which succeeds.
func (m *manyFiles) must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := m.command(args...).CombinedOutput()
	if err != nil {
		t.Fatalf("sops %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// plain returns the decrypted content of all files.
func (m *manyFiles) plain(t *testing.T) map[string]string {
	t.Helper()
	copied := &manyFiles{dir: t.TempDir(), environ: m.environ}
	for name, text := range m.files(t) {
		copied.write(t, filepath.Join("s", name), text)
	}
	copied.must(t, "decrypt", "-i", "-r", "s")
	return copied.files(t)
}

// A run over many files that is killed at any moment leaves each file as it was
// or as it was to be, and what it left beside them the next run removes.
func TestKilledRunsDamageNoFile(t *testing.T) {
	t.Parallel()
	const files = 24
	m := newManyFiles(t, files, "age: "+manyRecipient)
	want := m.files(t)
	m.must(t, "encrypt", "-i", "-r", "s")
	start := time.Now()
	m.must(t, "rotate", "-i", "-r", "s")
	whole := time.Since(start)
	commands := [][]string{
		{"rotate", "-i", "-r", "s"},
		{"set", "-r", "s", `["new"]`, `"1"`}, // fails for INI files, which have sections
		{"rotate", "-i", "-r", "--add-age", "age15xqkuy709wy2qcrczm4h97t8dzfhktftnzyt4c5qdky0jdkq9pvq99kwyc", "s"},
		{"sync", "-y", "-r", "s"},
		{"unset", "--idempotent", "-r", "s", `["new"]`},
	}
	ended := 0
	for i := range *kills {
		args := commands[i%len(commands)]
		cmd := m.command(args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.Int64N(int64(whole)))) // any moment will do
		if err := cmd.Process.Kill(); err != nil {
			ended++ // it was done already
		}
		_ = cmd.Wait()
		if out, err := m.command("decrypt", "-r", "--dry-run", "s").CombinedOutput(); err != nil {
			t.Fatalf("after %v was killed, not every file can be decrypted: %v\n%s", args, err, out)
		}
	}
	t.Logf("%d of %d runs were done before they were killed", ended, *kills)
	m.must(t, "unset", "--idempotent", "-r", "s", `["new"]`)
	m.must(t, "sync", "-y", "-r", "s")
	m.must(t, "rotate", "-i", "-r", "s")
	got := m.plain(t)
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s holds %q, want %q", name, got[name], text)
		}
	}
	for name := range m.files(t) {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is left over", name)
		}
	}
}

// The first Ctrl-C lets the files that are in work be finished and begins no
// other; the shell sees that the run was interrupted.
func TestCtrlCFinishesTheFilesInWork(t *testing.T) {
	t.Parallel()
	server := devkms.Start(t, nil)
	home := t.TempDir()
	vars, err := server.Environ(home)
	if err != nil {
		t.Fatal(err)
	}
	const files = 120
	m := newManyFiles(t, files, "kms: arn:aws:kms:us-east-1:111111111111:alias/sops-dev", vars...)
	want := m.files(t)
	m.must(t, "encrypt", "-i", "-r", "s")
	before := m.files(t)
	server.SetFault(devkms.Fault{Operation: "Decrypt", Mode: devkms.Slow, Delay: 200 * time.Millisecond})
	cmd := m.command("rotate", "-i", "-r", "s")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stderr)
	first, err := lines.ReadString('\n')
	if err != nil || !strings.HasSuffix(first, ": rotated\n") {
		t.Fatalf("the first line is %q (%v)", first, err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGINT {
		t.Errorf("the run ended with %v, want by SIGINT\n%s", cmd.ProcessState, rest)
	}
	server.ClearFaults()
	said := strings.Count(first+string(rest), ": rotated\n")
	changed := 0
	for name, text := range m.files(t) {
		if text != before[name] {
			changed++
		}
	}
	if changed != said || said == files || !strings.Contains(string(rest), fmt.Sprintf("sops: %d rotated, %d not done in", said, files-said)) {
		t.Errorf("%d files were changed and %d reported, of %d; the summary must say so\n%s", changed, said, files, rest)
	}
	if got := m.plain(t); len(got) != files {
		t.Errorf("%d files are left of %d", len(got), files)
	} else {
		for name, text := range want {
			if got[name] != text {
				t.Errorf("%s holds %q, want %q", name, got[name], text)
			}
		}
	}
}

// The second signal ends calls that hang, at once and without a trace.
func TestTheSecondSignalEndsARunAtOnce(t *testing.T) {
	t.Parallel()
	server := devkms.Start(t, nil)
	home := t.TempDir()
	vars, err := server.Environ(home)
	if err != nil {
		t.Fatal(err)
	}
	m := newManyFiles(t, 40, "kms: arn:aws:kms:us-east-1:111111111111:alias/sops-dev", vars...)
	m.must(t, "encrypt", "-i", "-r", "s")
	before := m.files(t)
	server.SetFault(devkms.Fault{Operation: "Decrypt", Mode: devkms.Hang})
	server.ResetCalls()
	cmd := m.command("rotate", "-i", "-r", "s")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for len(server.Calls()) == 0 {
		time.Sleep(time.Millisecond)
	}
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	_ = cmd.Wait()
	if cmd.ProcessState.Success() || !strings.Contains(stderr.String(), "40 not done") {
		t.Errorf("the run ended with %v\n%s", cmd.ProcessState, stderr.String())
	}
	after := m.files(t)
	if len(after) != len(before) {
		t.Errorf("there are %d files, want %d", len(after), len(before))
	}
	for name, text := range before {
		if after[name] != text {
			t.Errorf("%s was changed", name)
		}
	}
}
