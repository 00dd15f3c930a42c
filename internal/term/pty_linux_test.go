package term_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/seed-1f7fdfb8/sops/internal/term"
)

const childVariable = "TERM_TEST_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) == "" {
		os.Exit(m.Run())
	}
	if err := askOnTheTerminal(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// askOnTheTerminal is what the child does: its standard streams lead elsewhere.
func askOnTheTerminal() error {
	tty, err := term.Open()
	if err != nil {
		return err
	}
	defer tty.Close()
	secret, err := tty.ReadSecret(context.Background(), "PIN: ")
	if err != nil {
		return err
	}
	fmt.Printf("got %s\n", secret)
	return nil
}

// pty returns the two ends of a new terminal: keyboard and screen of the
// person, and what the program sees.
func pty(t *testing.T) (person, program *os.File) {
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
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return person, program
}

// see reads from the screen up to and including text.
func see(t *testing.T, screen *bufio.Reader, text string) string {
	t.Helper()
	var seen strings.Builder
	for !strings.HasSuffix(seen.String(), text) {
		b, err := screen.ReadByte()
		if err != nil {
			t.Fatalf("the screen ends after %q: %v", seen.String(), err)
		}
		seen.WriteByte(b)
	}
	return seen.String()
}

func state(t *testing.T, tty *os.File) unix.Termios {
	t.Helper()
	s, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *s
}

type answer struct {
	text string
	err  error
}

func TestSecretsAreNotEchoed(t *testing.T) {
	t.Parallel()
	person, program := pty(t)
	before := state(t, program)
	tty := term.New(program, program)
	answers := make(chan answer)
	ask := func() {
		b, err := tty.ReadSecret(t.Context(), "PIN: ")
		answers <- answer{string(b), err}
	}
	screen := bufio.NewReader(person)

	go ask()
	see(t, screen, "PIN: ")
	fmt.Fprint(person, "12x\x7f34\r")
	if got := <-answers; got != (answer{"1234", nil}) {
		t.Errorf("got %+v", got)
	}
	if seen := see(t, screen, "\n"); seen != "\r\n" {
		t.Errorf("the screen showed %q", seen)
	}

	go ask()
	see(t, screen, "PIN: ")
	fmt.Fprint(person, "\x04") // Ctrl-D
	if got := <-answers; got.err == nil {
		t.Errorf("the end of input gave %+v", got)
	}
	if after := state(t, program); after != before {
		t.Errorf("the terminal was left in state %+v, want %+v", after, before)
	}
}

func TestCancelledQuestionRestoresTheTerminal(t *testing.T) {
	t.Parallel()
	person, program := pty(t)
	before := state(t, program)
	tty := term.New(program, program)
	ctx, cancel := context.WithCancelCause(t.Context())
	answers := make(chan answer)
	go func() {
		b, err := tty.ReadSecret(ctx, "PIN: ")
		answers <- answer{string(b), err}
	}()
	screen := bufio.NewReader(person)
	see(t, screen, "PIN: ")
	fmt.Fprint(person, "half a sec")
	enough := errors.New("enough")
	cancel(enough)
	if got := <-answers; !errors.Is(got.err, enough) || got.text != "" {
		t.Errorf("got %+v, want the cause", got)
	}
	if after := state(t, program); after != before {
		t.Errorf("the terminal was left in state %+v, want %+v", after, before)
	}
	if _, err := tty.ReadLine(ctx, ""); !errors.Is(err, enough) {
		t.Errorf("a question after the end: %v", err)
	}
	go func() {
		line, err := tty.ReadLine(t.Context(), "next: ")
		answers <- answer{line, err}
	}()
	see(t, screen, "next: ")
	fmt.Fprint(person, "fresh\r")
	if got := <-answers; got != (answer{"fresh", nil}) {
		t.Errorf("got %+v: what was typed before must be gone", got)
	}
}

// inTerminal returns the child in a session of its own, whose terminal is tty.
func inTerminal(t *testing.T, tty *os.File) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), childVariable+"=ask")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if tty != nil {
		cmd.ExtraFiles = []*os.File{tty}
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 3}
	}
	return cmd
}

func TestQuestionsGoToTheTerminalWhereverTheStreamsLead(t *testing.T) {
	t.Parallel()
	person, program := pty(t)
	cmd := inTerminal(t, program)
	var out strings.Builder
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	see(t, bufio.NewReader(person), "PIN: ")
	fmt.Fprint(person, "s3cret\r")
	if err := cmd.Wait(); err != nil || out.String() != "got s3cret\n" {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

func TestInterruptRestoresTheEcho(t *testing.T) {
	t.Parallel()
	person, program := pty(t)
	before := state(t, program)
	cmd := inTerminal(t, program)
	var out strings.Builder
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	see(t, bufio.NewReader(person), "PIN: ")
	fmt.Fprint(person, "\x03") // Ctrl-C
	if err := cmd.Wait(); err == nil || !strings.Contains(out.String(), "interrupt") {
		t.Errorf("got %q, %v", out.String(), err)
	}
	if after := state(t, program); after != before {
		t.Errorf("the terminal was left in state %+v, want %+v", after, before)
	}
}

func TestWithoutTerminalNobodyIsAsked(t *testing.T) {
	t.Parallel()
	out, err := inTerminal(t, nil).Output()
	if err == nil || !strings.HasPrefix(string(out), term.ErrNone.Error()) {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestColorIsDecidedByStreamAndEnvironment(t *testing.T) {
	t.Parallel()
	_, program := pty(t)
	tests := []struct {
		env  map[string]string
		want bool
	}{
		{nil, true},
		{map[string]string{"TERM": "xterm", "NO_COLOR": ""}, true},
		{map[string]string{"NO_COLOR": "1"}, false},
		{map[string]string{"TERM": "dumb"}, false},
	}
	for _, test := range tests {
		if got := term.Color(program, lookup(test.env)); got != test.want {
			t.Errorf("%v: %v, want %v", test.env, got, test.want)
		}
	}
}
