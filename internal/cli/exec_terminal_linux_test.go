package cli_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal opens a new one: the side of the person and that of programs.
func terminal(t *testing.T) (person, programs *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	programs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return person, programs
}

// A typed Ctrl-C reaches all programs of the terminal. sops must not hand it on
// too: many programs drop everything at the second one. A signal that is sent
// to sops alone it hands on.
func TestTypedInterruptReachesTheProgramOnce(t *testing.T) {
	t.Parallel()
	const program = `trap 'echo INT' INT; trap 'echo TERM; exit 9' TERM
echo ready
while :; do sleep 0.02; done`
	for _, command := range []string{"exec-file", "exec-env"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			person, programs := terminal(t)
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "f.yaml"), []byte("a: canary\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if status, _, stderr := runIn(t, dir, "encrypt", "-i", "--age", recipient1, "f.yaml"); status != 0 {
				t.Fatal(stderr)
			}
			key, err := filepath.Abs("../../internal/test/golden/keys/age-main.txt")
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "sops", command, "f.yaml", program)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "SOPS_AGE_KEY_FILE="+key)
			cmd.Stdin, cmd.Stdout, cmd.Stderr = programs, programs, programs
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			programs.Close()
			var said []string
			for lines := bufio.NewScanner(person); lines.Scan(); {
				line := strings.TrimPrefix(strings.TrimSpace(lines.Text()), "^C")
				said = append(said, line)
				switch line {
				case "ready":
					_, err = person.WriteString("\x03")
				case "INT":
					err = cmd.Process.Signal(syscall.SIGTERM)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			_ = cmd.Wait()
			if got := strings.Join(said, " "); got != "ready INT TERM" || cmd.ProcessState.ExitCode() != 9 {
				t.Errorf("the program said %q, and ended with %v", got, cmd.ProcessState)
			}
		})
	}
}
