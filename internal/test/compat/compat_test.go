// Package compat runs command lines under SOPS 3.13.3 and under ours and
// compares what a caller sees: the exit status, standard output, the files, and
// silence on standard error at success.
//
// The rows are in testdata/rows, one command line each, and run in a fresh copy
// of the files of testdata/files.txtar. An indented line below a row says that
// the two differ, and why:
//
//	sops decrypt -i e.yaml other.yaml
//		Q01 0 100 SOPS decrypts the second file over itself
//
// Q01 is the number of the quirk, or - where the difference has none; then come
// the exit status of SOPS, ours, and the reason. A row with such a line must
// differ, so none outlives its reason. Paragraphs begin with "# TITLE", by which
// testdata/proof.txt names them.
package compat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/cli"
)

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "sops" { // as the rows call us
		os.Exit(cli.Main(context.Background(), os.Args, os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// reference returns the path of the real SOPS.
func reference(t *testing.T) string {
	t.Helper()
	path := os.Getenv("SOPS_REFERENCE")
	if path == "" {
		t.Skip("left out: SOPS_REFERENCE does not name a real sops 3.13.3; .ci/run installs one")
	}
	return path
}

func TestACallerSeesWhatSOPSShows(t *testing.T) {
	t.Parallel()
	b := newBench(t, reference(t))
	for _, r := range readRows(t) {
		t.Run(r.name(), func(t *testing.T) {
			t.Parallel()
			theirs, ours := b.run(t, b.theirs, r.line), b.run(t, b.ours, r.line)
			found := b.differences(t, theirs, ours)
			switch {
			case r.reason == "" && len(found) > 0:
				t.Errorf("%s\nSOPS exits with %d, we with %d\n%s\n%s", r.line, theirs.exit, ours.exit, strings.Join(found, "\n"), ours.stderr)
			case r.reason != "" && len(found) == 0:
				t.Errorf("%s\nno difference any more: %s", r.line, r.reason)
			case r.reason != "" && (theirs.exit != r.theirs || ours.exit != r.ours):
				t.Errorf("%s\nSOPS exits with %d and not %d, we with %d and not %d (%s)\n%s", r.line, theirs.exit, r.theirs, ours.exit, r.ours, r.reason, ours.stderr)
			}
		})
	}
}

// An outcome is what a caller sees of a command line.
type outcome struct {
	exit           int
	stdout, stderr string
	files          map[string]string // those that were made, changed or removed
}

// run runs a command line in a fresh directory with the files that it names,
// and with the sops of a directory in PATH.
func (b *bench) run(t *testing.T, bin, line string) outcome {
	t.Helper()
	dir, before := t.TempDir(), map[string]string{}
	for _, name := range []string{"conf", "made", "sub"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range b.files {
		if !strings.Contains(line, filepath.Base(name)) {
			continue
		}
		before[name] = text
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := b.shell(t, bin, dir, line)
	got.files = changed(before, readFiles(t, dir))
	place := strings.NewReplacer(dir, "$DIR")
	got.stdout, got.stderr = place.Replace(got.stdout), place.Replace(got.stderr)
	return got
}

// shell runs a command line in a directory.
func (b *bench) shell(t *testing.T, bin, dir, line string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Dir = dir
	cmd.Env = append(b.vars[:len(b.vars):len(b.vars)], "HOME="+dir, "PATH="+bin+":"+os.Getenv("PATH"))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = 5 * time.Second // what a program leaves running holds the pipes
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", line, err)
	}
	return outcome{exit: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
}

// gone is in the place of the content of a file that was removed.
const gone = "(removed)"

// changed returns the files that are not as they were before.
func changed(before, after map[string]string) map[string]string {
	files := map[string]string{}
	for name, text := range after {
		if was, ok := before[name]; !ok || was != text {
			files[name] = text
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			files[name] = gone
		}
	}
	return files
}

func readFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if d != nil && d.Name() == ".gnupg" { // what gpg makes when it is asked for a key
			return filepath.SkipDir
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// differences compares two outcomes.
func (b *bench) differences(t *testing.T, theirs, ours outcome) (found []string) {
	t.Helper()
	differ := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	if theirs.exit != ours.exit {
		differ("the exit status")
	}
	if err := b.same(t, theirs.stdout, ours.stdout); err != nil {
		differ("standard output: %v", err)
	}
	if ours.exit == 0 && theirs.exit == 0 && theirs.stderr == "" && ours.stderr != "" {
		differ("standard error, where SOPS is silent: %s", ours.stderr)
	}
	for name, text := range theirs.files {
		if mine, ok := ours.files[name]; !ok {
			differ("%s: SOPS writes %s", name, text)
		} else if err := b.same(t, text, mine); err != nil {
			differ("%s: %v", name, err)
		}
	}
	for name, text := range ours.files {
		if _, ok := theirs.files[name]; !ok {
			differ("%s: we write %s", name, text)
		}
	}
	return found
}
