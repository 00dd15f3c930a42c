package cli_test

import (
	"bytes"
	"crypto/rand"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/cli"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/term"
	"github.com/seed-1f7fdfb8/sops/internal/test/faulttest"
)

// An outcome is what came of one run of the program.
type outcome struct {
	status         int
	stdout, stderr string
	took           time.Duration
}

// onStage runs the program in this process, in the world of the stage.
func onStage(t *testing.T, s *faulttest.Stage, args ...string) outcome {
	t.Helper()
	vars := map[string]string{}
	for _, v := range s.Environ() {
		name, value, _ := strings.Cut(v, "=")
		vars[name] = value
	}
	var stdout, stderr bytes.Buffer
	start := time.Now()
	status := cli.Run(t.Context(), append([]string{"sops"}, args...), &app.App{
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Env: env.Map(vars), Dir: s.Dir,
		Now: time.Now, Random: rand.Reader, Terminal: func() (*term.Terminal, error) { return nil, os.ErrNotExist },
	})
	return outcome{status, stdout.String(), stderr.String(), time.Since(start)}
}

// newStage returns a stage on which some files are encrypted.
func newStage(t *testing.T, files ...string) *faulttest.Stage {
	t.Helper()
	s, err := faulttest.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, file := range files {
		if o := onStage(t, s, "encrypt", "-i", file); o.status != 0 {
			t.Fatalf("encrypt %s: %s", file, o.stderr)
		}
	}
	return s
}

// eachFault plays all faults at once: most of the time they only wait.
func eachFault(t *testing.T, play func(*testing.T, faulttest.Fault)) {
	t.Helper()
	var wg sync.WaitGroup
	for _, f := range faulttest.Faults() {
		wg.Go(func() { t.Run(f.Name, func(t *testing.T) { play(t, f) }) })
	}
	wg.Wait()
}

// TestAHealthyKeyAnswersWhateverBefallsAnother proves what internal/test/bench/faults
// measures. The bound is far above what is needed, and below the first of our
// own time limits; in the silent rows the real sops waits for ever.
func TestAHealthyKeyAnswersWhateverBefallsAnother(t *testing.T) {
	t.Parallel()
	const soon = 4 * time.Second
	eachFault(t, func(t *testing.T, f faulttest.Fault) {
		s := newStage(t, "two.yaml")
		if err := s.Break(f, 1); err != nil {
			t.Fatal(err)
		}
		o := onStage(t, s, "decrypt", "two.yaml")
		if o.status != 0 || o.stdout != "a: 1\n" {
			t.Errorf("status %d, %q\n%s", o.status, o.stdout, o.stderr)
		}
		if o.took > soon {
			t.Errorf("it took %v", o.took)
		}
	})
}

func TestAFileThatNoKeyOpensSaysInTimeWhatIsWrongWithEach(t *testing.T) {
	t.Parallel()
	eachFault(t, func(t *testing.T, f faulttest.Fault) {
		s := newStage(t, "two.yaml")
		if err := s.Break(f, 1, 2); err != nil {
			t.Fatal(err)
		}
		o := onStage(t, s, "decrypt", "--attempt-timeout", "1s", "--timeout", "5s", "two.yaml")
		if o.status != 128 || o.stdout != "" {
			t.Errorf("status %d, %q\n%s", o.status, o.stdout, o.stderr)
		}
		// The tree of the error breaks its lines.
		said := strings.Join(strings.Fields(strings.ReplaceAll(o.stderr, "|", "")), " ")
		for _, arn := range faulttest.Keys()[:2] {
			if !strings.Contains(said, "AWS KMS key "+arn+": cannot decrypt the data key") {
				t.Errorf("what is wrong with %s is not said:\n%s", arn, o.stderr)
			}
		}
		if o.took > 10*time.Second {
			t.Errorf("it took %v", o.took)
		}
	})
}

// TestSlowKeysAreWaitedForAtOnce plays keys that answer after five seconds,
// which is slow but right: all commands wait, and for all keys together. The
// real sops takes 20 s and 15 s.
func TestSlowKeysAreWaitedForAtOnce(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		args []string
	}{
		{"encrypt for four keys", []string{"encrypt", "four.yaml"}},
		{"decrypt with three groups", []string{"decrypt", "three.yaml"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, "three.yaml")
			if err := s.Break(faulttest.Slow(), 1, 2, 3, 4); err != nil {
				t.Fatal(err)
			}
			o := onStage(t, s, test.args...)
			if o.status != 0 {
				t.Errorf("status %d\n%s", o.status, o.stderr)
			}
			if o.took > 10*time.Second {
				t.Errorf("it took %v", o.took)
			}
		})
	}
}

func TestAFileCostsOneDecrypt(t *testing.T) {
	t.Parallel()
	const files = 200
	s := newStage(t, "one.yaml")
	for range files {
		if o := onStage(t, s, "decrypt", "one.yaml"); o.status != 0 {
			t.Fatal(o.stderr)
		}
	}
	if n := s.Calls("Decrypt"); n != files {
		t.Errorf("%d calls of Decrypt for %d files", n, files)
	}
}
