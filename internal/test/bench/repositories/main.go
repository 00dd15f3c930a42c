// Command repositories measures commands over whole repositories, beside a loop
// over a real SOPS, and prints the figures as Markdown:
//
//	go run ./internal/test/bench/repositories [-sops /path/to/sops-3.13.3] [-files 200] [-local 10000] [-seen 100000]
//
// Figures are of whole processes. The exit status is 1 if ours breaks a promise.
// Everything happens on 127.0.0.1.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// What we promise for 200 files, at 40 ms a request and 40 ms a connection.
const (
	delay       = 40 * time.Millisecond
	readTime    = 1300 * time.Millisecond
	rotateTime  = 2500 * time.Millisecond
	cpuShare    = 0.1 // of that of a loop over SOPS
	flatMemory  = 1.5 // times that of a fifth of the files
	findTime    = 3 * time.Second
	formatCount = 5
)

func main() {
	b := &bench{kept: true}
	flag.StringVar(&b.sops, "sops", os.Getenv("SOPS_REFERENCE"), "a real sops 3.13.3 to compare with")
	flag.IntVar(&b.files, "files", 200, "how many files under AWS KMS")
	flag.IntVar(&b.local, "local", 10000, "how many files under age")
	flag.IntVar(&b.seen, "seen", 100000, "how many files to look through")
	flag.Parse()
	if err := b.measure(); err != nil {
		fmt.Fprintln(os.Stderr, "repositories:", err)
		os.Exit(2)
	}
	if !b.kept {
		os.Exit(1)
	}
}

// A bench has the programs side by side.
type bench struct {
	dir, ours, sops    string
	files, local, seen int
	kept               bool // whether all promises were
}

func (b *bench) measure() (err error) {
	if b.dir, err = os.MkdirTemp("", "sops-repositories-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	b.ours = filepath.Join(b.dir, "sops")
	build := exec.Command("go", "build", "-trimpath", "-o", b.ours, "./cmd/sops")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	return errors.Join(b.underKMS(), b.underAge(), b.search())
}

// keep notes whether a promise was kept.
func (b *bench) keep(ok bool) string {
	b.kept = b.kept && ok
	if ok {
		return "yes"
	}
	return "**no**"
}

// A figure is what one command took.
type figure struct {
	wall, cpu time.Duration
	memory    float64 // bytes, of the largest process
}

func (f figure) String() string {
	return fmt.Sprintf("%.2f s, cpu %.2f s", f.wall.Seconds(), f.cpu.Seconds())
}

// run runs a program that must succeed.
func run(dir string, environ []string, argv ...string) (figure, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, environ
	var out strings.Builder
	cmd.Stderr = &out
	start := time.Now()
	err := cmd.Run()
	f := figure{wall: time.Since(start)}
	if s := cmd.ProcessState; s != nil {
		f.cpu, f.memory = s.UserTime()+s.SystemTime(), peak(s)
	}
	if err != nil {
		text := out.String()
		return f, fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, text[:min(len(text), 2000)])
	}
	return f, nil
}

// make writes n files, of one format after the other.
func (b *bench) make(dir string, n int, formats int) error {
	texts := []struct{ name, text string }{
		{"yaml", "db:\n    user: admin\n    password: \"s3cret\" # change me\nhosts: [a, b]\nport: 5432\n"},
		{"json", "{\"db\": {\"user\": \"admin\", \"password\": \"s3cret\"}, \"port\": 5432}\n"},
		{"env", "USER=admin\nPASSWORD=s3cret\nPORT=5432\n"},
		{"ini", "[db]\nuser = admin\npassword = s3cret\nport = 5432\n"},
		{"pem", "-----BEGIN THING-----\nabcdef\n-----END THING-----\n"},
	}
	for i := range n {
		t := texts[i%formats]
		name := filepath.Join(dir, fmt.Sprintf("d%02d", i%50), fmt.Sprintf("f%05d.%s", i, t.name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(t.text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// underAge measures many files under a key of this machine, and memory.
func (b *bench) underAge() error {
	fmt.Printf("\n| %d files of five formats under age | time | files a second | memory | memory of a fifth |\n|---|---|---|---|---|\n", b.local)
	few, many := filepath.Join(b.dir, "few"), filepath.Join(b.dir, "many")
	key := filepath.Join(b.dir, "key.txt")
	recipient, err := exec.Command(b.ours, "keygen", key).Output()
	if err != nil {
		return err
	}
	environ := append(os.Environ(), "SOPS_AGE_KEY_FILE="+key)
	rule := "creation_rules:\n  - path_regex: ^d\n    age: " + string(recipient)
	for dir, n := range map[string]int{few: b.local / 5, many: b.local} {
		if err := errors.Join(b.make(dir, n, formatCount), os.WriteFile(filepath.Join(dir, ".sops.yaml"), []byte(rule), 0o644)); err != nil {
			return err
		}
	}
	for _, args := range [][]string{
		{"encrypt", "-i", "-r", "."},
		{"filestatus", "-r", "."},
		{"decrypt", "-r", "--dry-run", "."},
		{"rotate", "-i", "-r", "."},
		{"sync", "--check", "-r", "."},
	} {
		argv := append([]string{b.ours}, args...)
		small, err := run(few, environ, argv...)
		if err != nil {
			return err
		}
		f, err := run(many, environ, argv...)
		if err != nil {
			return err
		}
		b.keep(f.memory < flatMemory*small.memory)
		fmt.Printf("| `sops %s` | %s | %.0f | %.0f MB | %.0f MB |\n", strings.Join(args, " "), f, float64(b.local)/f.wall.Seconds(), f.memory/1e6, small.memory/1e6)
	}
	return nil
}

// search measures how long it takes to find a few encrypted files among many,
// in a work tree of git and outside.
func (b *bench) search() error {
	dir := filepath.Join(b.dir, "tree")
	text := []byte(strings.Repeat("package main // some text of a source file, as long as such files are\n", 125))
	for i := range b.seen {
		name := filepath.Join(dir, fmt.Sprintf("d%03d", i%500), fmt.Sprintf("f%06d.go", i))
		if i < 500 {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				return err
			}
		}
		if err := os.WriteFile(name, text, 0o644); err != nil {
			return err
		}
	}
	few, err := filepath.Glob(filepath.Join(b.dir, "many", "d*", "f*"))
	if err != nil {
		return err
	}
	for i, name := range few[:min(500, len(few))] {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("d%03d", i), filepath.Base(name)), data, 0o644); err != nil {
			return err
		}
	}
	fmt.Printf("\n| 500 encrypted files among %d | time | kept |\n|---|---|---|\n", b.seen)
	for _, where := range []string{"outside git", "in a work tree, not added", "in a work tree, added"} {
		switch where {
		case "in a work tree, not added":
			_, err = run(dir, os.Environ(), "git", "init", "-q")
		case "in a work tree, added":
			_, err = run(dir, os.Environ(), "git", "add", ".")
		}
		if err != nil {
			return err
		}
		best := figure{wall: time.Hour}
		for range 3 {
			f, err := run(dir, os.Environ(), b.ours, "filestatus", "-r", ".")
			if err != nil {
				return err
			}
			if f.wall < best.wall {
				best = f
			}
		}
		fmt.Printf("| %s | %s | %s |\n", where, best, b.keep(best.wall < findTime))
	}
	return nil
}
