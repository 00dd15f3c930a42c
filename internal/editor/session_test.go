//go:build unix

package editor_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/editor"
)

const childVariable = "EDITOR_TEST_TEMP"

// The test binary, started again, edits a text with the script that is its
// first argument.
func TestMain(m *testing.M) {
	temp := os.Getenv(childVariable)
	if temp == "" {
		os.Exit(m.Run())
	}
	if err := edit(temp, os.Args[1]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

func edit(temp, script string) error {
	s, err := editor.NewSession("f", []byte("secret"), editor.Places{Temp: temp})
	if err != nil {
		return err
	}
	fmt.Println(s.Path())
	if err := s.Run(context.Background(), shell(script), os.Stdin, os.Stdout, os.Stderr); err != nil {
		return errors.Join(err, s.Close())
	}
	b, err := s.Read()
	fmt.Printf("%s\n", b)
	return errors.Join(err, s.Close())
}

// shell returns an editor that runs the script with the file as $1.
func shell(script string) []string { return []string{"sh", "-c", script, "editor"} }

func child(t *testing.T, temp, script string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, script)
	cmd.Env = append(os.Environ(), childVariable+"="+temp)
	return cmd
}

func session(t *testing.T, name, content string) *editor.Session {
	t.Helper()
	s, err := editor.NewSession(name, []byte(content), editor.Places{Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestSessionIsPrivate(t *testing.T) {
	t.Parallel()
	s := session(t, "prod.yaml", "secret")
	dir := filepath.Dir(s.Path())
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != "prod.yaml" {
		t.Errorf("the directory holds %v", entries)
	}
	modes := map[string]fs.FileMode{dir: 0o700 | fs.ModeDir, s.Path(): 0o600}
	for path, want := range modes {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s: mode %v, want %v", path, info.Mode(), want)
		}
	}
	if got, err := s.Read(); err != nil || string(got) != "secret" {
		t.Errorf("Read: %q, %v", got, err)
	}
}

func TestNamesOfPathsAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", ".", "..", "/", "a/b", "../f", "f/"} {
		if s, err := editor.NewSession(name, nil, editor.Places{Temp: t.TempDir()}); err == nil {
			t.Errorf("%q was accepted as %s", name, s.Path())
			_ = s.Close()
		}
	}
}

func TestUnusablePlaceIsAnErrorWithAHint(t *testing.T) {
	t.Parallel()
	// Nothing holds a file whose name is that long.
	_, err := editor.NewSession(strings.Repeat("x", 300), nil, editor.Places{Temp: t.TempDir()})
	var place *editor.PlaceError
	if !errors.As(err, &place) || len(place.Hints()) != 1 || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}

func TestEditorChangesTheText(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"in place":            `printf new >"$1"`,
		"by rename":           `printf new >"$1.swp" && mv "$1.swp" "$1"`,
		"with what it reads":  `cat >"$1"`,
		"and leaves children": `printf new >"$1"; sleep 100 >/dev/null 2>&1 & `,
	}
	for name, script := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := session(t, "a file", "old")
			var out strings.Builder
			if err := s.Run(t.Context(), shell(script), strings.NewReader("new"), &out, &out); err != nil {
				t.Fatalf("%v: %s", err, &out)
			}
			if got, err := s.Read(); err != nil || string(got) != "new" {
				t.Errorf("Read: %q, %v", got, err)
			}
		})
	}
}

func TestFailedEditorIsAnError(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		argv []string
		want string
	}{
		"status":  {shell(`printf new >"$1"; exit 3`), "Could not run editor: sh: exit status 3"},
		"signal":  {shell("kill -KILL $$"), "Could not run editor: sh: signal: killed"},
		"missing": {[]string{"/nonexistent/editor"}, "Could not run editor: /nonexistent/editor: no such file or directory"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := session(t, "f", "old").Run(t.Context(), test.argv, nil, nil, nil)
			var exit *editor.ExitError
			if !errors.As(err, &exit) || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestEndOfContextEndsTheEditor(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"obedient":  `exec 3>&1; echo ready; exec sleep 100`,
		"obstinate": `trap "" TERM; echo ready; sleep 100`,
	}
	for name, script := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := session(t, "f", "old")
			out, in, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			defer in.Close()
			ctx, cancel := context.WithCancelCause(t.Context())
			hangUp := errors.New("hang-up")
			go func() {
				_, _ = bufio.NewReader(out).ReadString('\n')
				cancel(hangUp)
			}()
			err = s.Run(ctx, shell(script), nil, in, nil)
			if !errors.Is(err, hangUp) || err.Error() != "editor sh was stopped: hang-up" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCloseRemovesWhatTheEditorLeft(t *testing.T) {
	t.Parallel()
	s := session(t, "f", "old")
	script := `cd "$(dirname "$1")" && touch f~ .f.swp .f.un~ && mkdir -p undo/deep && touch undo/deep/x && rm f && chmod 500 undo/deep undo .`
	if err := s.Run(t.Context(), shell(script), nil, os.Stderr, os.Stderr); err != nil {
		t.Fatal(err)
	}
	var lost *editor.LostError
	if _, err := s.Read(); !errors.As(err, &lost) {
		t.Errorf("Read of a removed file: %v", err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if dir := filepath.Dir(s.Path()); exists(dir) {
		t.Errorf("%s is left", dir)
	}
}

func TestInterruptsBelongToTheEditor(t *testing.T) {
	t.Parallel()
	cmd := child(t, t.TempDir(), `kill -INT $PPID; kill -QUIT $PPID; printf survived >"$1"`)
	out, err := cmd.Output()
	if err != nil || !strings.HasSuffix(string(out), "\nsurvived\n") {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestEditorGetsInterrupts(t *testing.T) {
	t.Parallel()
	out, err := child(t, t.TempDir(), `kill -INT $$; echo deaf`).Output()
	if err == nil || !strings.HasSuffix(string(out), "Could not run editor: sh: signal: interrupt\n") {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestMemoryIsPreferred(t *testing.T) {
	t.Parallel()
	onDisk := t.TempDir()
	s, err := editor.NewSession("f", nil, editor.Places{Runtime: onDisk, Temp: onDisk})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.InMemory() != isMemory(filepath.Dir(s.Path())) {
		t.Errorf("%s: InMemory is %v", s.Path(), s.InMemory())
	}
	if isMemory("/dev/shm") && !isMemory(onDisk) && strings.HasPrefix(s.Path(), onDisk) {
		t.Errorf("the text is on disk, at %s", s.Path())
	}
	if !isMemory("/dev/shm") {
		return
	}
	runtime, err := os.MkdirTemp("/dev/shm", "runtime")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(runtime)
	r, err := editor.NewSession("f", nil, editor.Places{Runtime: runtime, Temp: onDisk})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if !strings.HasPrefix(r.Path(), runtime) || !r.InMemory() {
		t.Errorf("the runtime directory is not used: %s", r.Path())
	}
}
