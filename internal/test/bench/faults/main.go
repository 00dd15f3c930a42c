// Command faults measures how soon a file is decrypted when one of its two keys
// is out of reach, and prints the figures as Markdown:
//
//	go run ./internal/test/bench/faults [-sops /path/to/sops-3.13.3] [-bound 20s]
//
// Figures are of whole processes. Ours is the median of three; a SOPS that does
// not answer in the bound is ended. The exit status is 1 if ours breaks a
// promise. Everything happens on 127.0.0.1.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/test/faulttest"
)

// What we promise.
const (
	hedge   = 300 * time.Millisecond // the silence after which another key is asked
	margin  = 250 * time.Millisecond // to start the program and to ask
	overall = 20 * time.Second       // the limit for all keys
)

func main() {
	reference := flag.String("sops", os.Getenv("SOPS_REFERENCE"), "a real sops 3.13.3 to compare with")
	bound := flag.Duration("bound", 20*time.Second, "how long to wait for the real sops")
	flag.Parse()
	ok, err := measure(*reference, *bound)
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// A bench has the programs side by side.
type bench struct {
	ours, sops string // sops, the real one, may be ""
	bound      time.Duration
	kept       bool // whether all promises were
}

func measure(reference string, bound time.Duration) (bool, error) {
	dir, err := os.MkdirTemp("", "sops-faults-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	b := &bench{ours: filepath.Join(dir, "sops"), sops: reference, bound: bound, kept: true}
	build := exec.Command("go", "build", "-trimpath", "-o", b.ours, "./cmd/sops")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return false, fmt.Errorf("build: %w", err)
	}
	for _, table := range []func(dir string) error{b.oneBroken, b.allBroken, b.allSlow} {
		work, err := os.MkdirTemp(dir, "")
		if err != nil {
			return false, err
		}
		if err := table(work); err != nil {
			return false, err
		}
	}
	return b.kept, nil
}

// stage sets up a stage with encrypted files.
func (b *bench) stage(dir string) (*faulttest.Stage, error) {
	s, err := faulttest.New(dir)
	if err != nil {
		return nil, err
	}
	for _, file := range []string{"two.yaml", "three.yaml"} {
		if r := run(s, overall, b.ours, "encrypt", "-i", file); !r.ok {
			return nil, errors.Join(fmt.Errorf("encrypt %s: %s", file, r.stderr), s.Close())
		}
	}
	return s, nil
}

// oneBroken breaks the first of two keys.
func (b *bench) oneBroken(dir string) error {
	s, err := b.stage(dir)
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Print("| key 1, while key 2 is well | ours | SOPS 3.13.3 |\n|---|---|---|\n")
	for _, f := range slices.Concat([]faulttest.Fault{{Name: "well, too"}}, faulttest.Faults()) {
		if err := s.Break(f, 1); err != nil {
			return err
		}
		ours := median(func() result { return run(s, overall, b.ours, "decrypt", "two.yaml") })
		b.keep(ours.ok && ours.took <= hedge+margin)
		fmt.Printf("| %s | %s | %s |\n", f.Name, ours, b.sopsRun(s, b.bound, "decrypt", "two.yaml"))
	}
	return nil
}

// allBroken breaks both keys.
func (b *bench) allBroken(dir string) error {
	s, err := b.stage(dir)
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Print("\n| both keys | ours | names both keys |\n|---|---|---|\n")
	for _, f := range faulttest.Faults() {
		if err := s.Break(f, 1, 2); err != nil {
			return err
		}
		r := run(s, 2*overall, b.ours, "decrypt", "two.yaml")
		names := "yes"
		for _, arn := range faulttest.Keys()[:2] {
			if !strings.Contains(r.stderr, arn) {
				names = "no"
			}
		}
		if f.Passes {
			names = "not needed"
		}
		b.keep(r.took <= overall+margin && r.ok == f.Passes && names != "no")
		fmt.Printf("| %s | %s | %s |\n", f.Name, r, names)
	}
	return nil
}

// allSlow lets every key answer after five seconds.
func (b *bench) allSlow(dir string) error {
	s, err := b.stage(dir)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Break(faulttest.Slow(), 1, 2, 3, 4); err != nil {
		return err
	}
	fmt.Print("\n| every key answers after 5 s | ours | SOPS 3.13.3 |\n|---|---|---|\n")
	const round = 5 * time.Second
	for _, row := range []struct {
		name   string
		rounds time.Duration
		args   []string
	}{
		{"encrypt for 4 keys", 1, []string{"encrypt", "four.yaml"}},
		{"decrypt, 3 of 3 groups", 1, []string{"decrypt", "three.yaml"}},
		{"rotate, 2 keys", 2, []string{"rotate", "two.yaml"}},
	} {
		ours := run(s, 2*overall, b.ours, row.args...)
		b.keep(ours.ok && ours.took < row.rounds*round+time.Second)
		fmt.Printf("| %s | %s | %s |\n", row.name, ours, b.sopsRun(s, 2*b.bound, row.args...))
	}
	return nil
}

func (b *bench) keep(kept bool) {
	if !kept {
		fmt.Fprintln(os.Stderr, "faults: the next row breaks a promise")
	}
	b.kept = b.kept && kept
}

// sopsRun runs the real sops once, if there is one.
func (b *bench) sopsRun(s *faulttest.Stage, bound time.Duration, args ...string) string {
	if b.sops == "" {
		return "–"
	}
	return run(s, bound, b.sops, args...).String()
}

// A result is what came of one process.
type result struct {
	ok     bool
	took   time.Duration
	bound  time.Duration // the one that ended it, or 0
	stderr string
}

func (r result) String() string {
	text := fmt.Sprintf("%.2f s", r.took.Seconds())
	switch {
	case r.bound > 0:
		return fmt.Sprintf("> %.0f s", r.bound.Seconds())
	case !r.ok:
		return text + ", an error"
	}
	return text
}

func run(s *faulttest.Stage, bound time.Duration, program string, args ...string) result {
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = s.Dir, append(s.Environ(), "PATH="+os.Getenv("PATH"))
	cmd.WaitDelay = time.Second
	var stderr strings.Builder
	cmd.Stderr = &stderr
	start := time.Now()
	err := cmd.Run()
	r := result{ok: err == nil, took: time.Since(start), stderr: stderr.String()}
	if ctx.Err() != nil {
		r.bound = bound
	}
	return r
}

// median runs three times and returns the middle one.
func median(run func() result) result {
	all := []result{run(), run(), run()}
	slices.SortFunc(all, func(a, b result) int { return int(a.took - b.took) })
	return all[1]
}
