// Command compare measures sops beside a real SOPS, as whole processes:
//
//	go run ./internal/test/bench/compare [-runs 5] [-shapes nested,flat] [-formats yaml,json] SOPS [SIZE...]
//
// SOPS is the binary of SOPS 3.13.3, or - for none. Runs are in turns, and after
// one that does not count. What is printed is the median: of cpu (user and
// system), of wall time, of peak memory, and of the ratios of cpu, pair by pair. For
// two or more sizes the exponent of growth follows, of cpu less that of a start.
// With -tsv it prints what tools/plot draws.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/test/bench/shapes"
)

const recipient = "age1ym9y2kmj7n2sw2jmpapp2qvmxa25c6xrmp2e38s4wvw7naq0tskqzu3dsz"

func main() {
	runs := flag.Int("runs", 5, "counted runs of each program")
	names := flag.String("shapes", "nested,binary", "shapes of data, or all")
	formats := flag.String("formats", "", "formats, the default is all that a shape has")
	bound := flag.Duration("bound", time.Minute, "how long one run of SOPS may take")
	tsv := flag.Bool("tsv", false, "print lines for tools/plot")
	flag.Parse()
	if err := run(*runs, *names, *formats, *bound, *tsv, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func run(runs int, names, formats string, bound time.Duration, tsv bool, args []string) error {
	if len(args) == 5 && args[0] == "generate" {
		return generate(args[1:])
	}
	if len(args) == 0 {
		return fmt.Errorf("name the binary of SOPS 3.13.3, or - for none")
	}
	sizes, err := numbers(args[1:])
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "sops-compare-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	m := &machine{dir: dir, ours: filepath.Join(dir, "sops"), runs: runs, bound: bound, report: report{tsv: tsv, to: os.Stdout}}
	if args[0] != "-" {
		if m.theirs, err = filepath.Abs(args[0]); err != nil {
			return err
		}
	}
	if err := m.prepare(); err != nil {
		return err
	}
	return m.all(names, formats, sizes)
}

// generate writes a file. It is a process of its own, since the memory of this
// one counts as that of all it starts.
func generate(args []string) error {
	s, err := shapes.Named(args[0])
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	return os.WriteFile(args[3], s.Make(args[1], n), 0o600)
}

func numbers(words []string) ([]int, error) {
	if len(words) == 0 {
		return []int{10, 1000, 10_000}, nil
	}
	out := make([]int, len(words))
	for i, w := range words {
		var err error
		if out[i], err = strconv.Atoi(w); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// A machine has both programs and a directory.
type machine struct {
	dir, ours, theirs string // theirs is "" for none
	runs              int
	bound             time.Duration
	env               []string
	start             float64 // cpu seconds of ours, to do nothing
	report            report
}

// prepare builds ours, as it is released, and measures its start.
func (m *machine) prepare() error {
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", m.ours, "./cmd/sops")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	keys, err := filepath.Abs("internal/test/golden/keys/age-main.txt")
	if err != nil {
		return err
	}
	m.env = append(os.Environ(), "HOME="+m.dir, "SOPS_AGE_KEY_FILE="+keys, "SOPS_DISABLE_VERSION_CHECK=true")
	m.report.head()
	r, err := m.measure(row{work: "start", shape: "-", format: "-"}, "--version")
	m.start = r.ours.cpu
	m.report.row(r)
	return err
}

// all measures shapes in formats.
func (m *machine) all(names, formats string, sizes []int) error {
	var growth []row
	for _, s := range shapes.All() {
		if names != "all" && !slices.Contains(strings.Split(names, ","), s.Name) {
			continue
		}
		for _, f := range s.Formats {
			if formats != "" && !slices.Contains(strings.Split(formats, ","), f) {
				continue
			}
			rows, err := m.series(s.Name, f, sizes)
			if err != nil {
				return err
			}
			growth = append(growth, rows...)
		}
	}
	m.report.growth(growth, m.start)
	return nil
}

// series measures one shape in one format, at all sizes.
func (m *machine) series(shape, format string, sizes []int) ([]row, error) {
	var rows []row
	for _, n := range sizes {
		suffix := "." + format
		if format == "dotenv" {
			suffix = ".env"
		}
		plain, encrypted := filepath.Join(m.dir, "plain"+suffix), filepath.Join(m.dir, "encrypted"+suffix)
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		if out, err := exec.Command(self, "generate", shape, format, strconv.Itoa(n), plain).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%w: %s", err, out)
		}
		encrypt := []string{"encrypt", "--age", recipient, "--output", encrypted, plain}
		if _, err := m.once(m.ours, encrypt); err != nil {
			return nil, err
		}
		info, err := os.Stat(encrypted)
		if err != nil {
			return nil, err
		}
		for _, work := range []string{"encrypt", "decrypt"} {
			args := []string{"encrypt", "--age", recipient, plain}
			if work == "decrypt" {
				args = []string{"decrypt", encrypted}
			}
			r, err := m.measure(row{work: work, shape: shape, format: format, n: n, bytes: info.Size()}, args...)
			if err != nil {
				return nil, err
			}
			m.report.row(r)
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// measure runs both programs in turns.
func (m *machine) measure(r row, args ...string) (row, error) {
	var ours, theirs []cost
	for i := range m.runs + 1 {
		mine, err := m.once(m.ours, args)
		if err != nil {
			return r, err
		}
		var other cost
		if m.theirs != "" && !r.beyond {
			if other, err = m.once(m.theirs, args); err != nil {
				r.beyond = true
			}
		}
		if i > 0 {
			ours, theirs = append(ours, mine), append(theirs, other)
		}
	}
	r.ours, r.theirs = middle(ours), middle(theirs)
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = theirs[i].cpu / ours[i].cpu
	}
	slices.Sort(ratios)
	r.ratio = ratios[len(ratios)/2]
	if m.theirs == "" || r.beyond {
		r.theirs, r.ratio = cost{}, 0
	}
	return r, nil
}

// once runs a program.
func (m *machine) once(program string, args []string) (cost, error) {
	c := exec.Command(program, args...)
	c.Env, c.Dir = m.env, m.dir
	var said strings.Builder
	c.Stdout, c.Stderr = nil, &said
	began := time.Now()
	if err := c.Start(); err != nil {
		return cost{}, err
	}
	stop := time.AfterFunc(m.bound, func() { c.Process.Kill() })
	defer stop.Stop()
	if err := c.Wait(); err != nil {
		return cost{}, fmt.Errorf("%s %s: %w: %s", program, args[0], err, said.String())
	}
	s := c.ProcessState
	return cost{(s.UserTime() + s.SystemTime()).Seconds(), time.Since(began).Seconds(), peak(s)}, nil
}

// A cost is that of one run: seconds and bytes.
type cost struct{ cpu, wall, memory float64 }

// middle returns the median of each figure.
func middle(all []cost) cost {
	median := func(of func(cost) float64) float64 {
		v := make([]float64, len(all))
		for i, c := range all {
			v[i] = of(c)
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	return cost{
		median(func(c cost) float64 { return c.cpu }),
		median(func(c cost) float64 { return c.wall }),
		median(func(c cost) float64 { return c.memory }),
	}
}
