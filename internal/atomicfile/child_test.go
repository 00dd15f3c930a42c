package atomicfile_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
)

// childVariable names the role that this test binary plays when a test has
// started it again.
const childVariable = "ATOMICFILE_TEST_ROLE"

func TestMain(m *testing.M) {
	role := os.Getenv(childVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := roles()[role](os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// roles is what a child can do.
func roles() map[string]func(args []string) error {
	all := map[string]func([]string) error{
		"rewrite": rewriteForever,
		"append":  appendLine,
		"lock":    lockForever,
	}
	for name, role := range unixRoles() {
		all[name] = role
	}
	return all
}

// child returns the command that plays role in a process of its own.
func child(t *testing.T, role string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, args...)
	cmd.Env = append(os.Environ(), childVariable+"="+role)
	return cmd
}

// version is content number n: its length differs from that of its neighbours,
// and a mixture of two is no version.
func version(n int) []byte {
	return bytes.Repeat([]byte(strconv.Itoa(n)+"\n"), 20_000+n%7*3_000)
}

// versionOf returns n if content is version(n), whole.
func versionOf(content []byte) (int, error) {
	first, _, _ := strings.Cut(string(content[:min(len(content), 20)]), "\n")
	n, err := strconv.Atoi(first)
	if err != nil || !bytes.Equal(content, version(n)) {
		return 0, fmt.Errorf("%d bytes beginning %q are no whole version", len(content), first)
	}
	return n, nil
}

// rewriteForever writes the next version again and again, and prints the number
// of each that was written.
func rewriteForever(args []string) error {
	f, err := atomicfile.Read(context.Background(), args[0])
	if err != nil {
		return err
	}
	n, err := versionOf(f.Data)
	if err != nil {
		return err
	}
	for {
		n++
		if err := f.Write(version(n), nil); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// appendLine adds the line args[1] to the file, args[2] times.
func appendLine(args []string) error {
	times, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	for i := range times {
		if err := underLock(args[0], func(old []byte) []byte {
			return fmt.Appendf(old, "%s.%d\n", args[1], i)
		}); err != nil {
			return err
		}
	}
	return nil
}

func underLock(path string, change func([]byte) []byte) error {
	unlock, err := atomicfile.Lock(context.Background(), path, nil)
	if err != nil {
		return err
	}
	defer unlock()
	f, err := atomicfile.Read(context.Background(), path)
	if err != nil {
		return err
	}
	return f.Write(change(f.Data), nil)
}

// lockForever locks the file, says so, and waits for the end of its input.
func lockForever(args []string) error {
	if _, err := atomicfile.Lock(context.Background(), args[0], nil); err != nil {
		return err
	}
	fmt.Println("locked")
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}
