package laws_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/formatname"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// fixtureRecipient belongs to the test key keys/age-main.txt.
const fixtureRecipient = "age1ym9y2kmj7n2sw2jmpapp2qvmxa25c6xrmp2e38s4wvw7naq0tskqzu3dsz"

// A realSOPS is a SOPS 3.13.3, run as a child process in a folder of its own.
type realSOPS struct{ program, keys, dir string }

func newSOPS(t *testing.T) realSOPS {
	t.Helper()
	p := realSOPS{program: os.Getenv("SOPS_REFERENCE"), dir: t.TempDir()}
	if p.program == "" {
		t.Skip("SOPS_REFERENCE does not name a real sops 3.13.3; .ci/run installs one")
	}
	var err error
	if p.keys, err = filepath.Abs(filepath.Join(fixtures, "keys/age-main.txt")); err != nil {
		t.Fatal(err)
	}
	return p
}

// run gives SOPS a file and returns what it prints.
func (p realSOPS) run(t *testing.T, ext string, content []byte, args ...string) ([]byte, error) {
	t.Helper()
	dir, err := os.MkdirTemp(p.dir, "run")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "f"+ext)
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), p.program, append(append([]string{"--config", "/dev/null"}, args...), name)...)
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + dir, "SOPS_AGE_KEY_FILE=" + p.keys, "SOPS_DISABLE_VERSION_CHECK=true"}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w: %.300s", err, stderr.String())
	}
	return stdout.Bytes(), nil
}

func (p realSOPS) encrypt(t *testing.T, ext string, plain []byte) ([]byte, error) {
	return p.run(t, ext, plain, "encrypt", "--age", fixtureRecipient)
}

func (p realSOPS) decrypt(t *testing.T, ext string, encrypted []byte) ([]byte, error) {
	return p.run(t, ext, encrypted, "decrypt")
}

// An interop is what came out for one format.
type interop struct {
	files, bothRefuse, onlySOPSRefuses int
	excused                            map[string]int // by reason
	sameBytes, sameData, sopsDamages   int            // what SOPS reads in our file
	readAlike, printsWrong             int            // what we read in SOPS's file
}

func (c *interop) String() string {
	return fmt.Sprintf("%d files; both refuse %d, only SOPS %d; SOPS reads ours: as its own, byte for byte %d, the same data %d, ours right where its own is damaged %d; we read SOPS's as it does %d, and right where what it prints reads back wrong %d; excused: %v",
		c.files, c.bothRefuse, c.onlySOPSRefuses, c.sameBytes, c.sameData, c.sopsDamages, c.readAlike, c.printsWrong, c.excused)
}

// TestTheCorpusGoesBothWaysWithSOPS lets the real SOPS and us encrypt every
// real file: we accept what it accepts, each reads what the other wrote, MAC
// included, and finds the same data.
func TestTheCorpusGoesBothWaysWithSOPS(t *testing.T) {
	t.Parallel()
	p := newSOPS(t)
	count := map[string]*interop{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, 2) // whole processes: more only get into each other's way
	for _, file := range realFiles(t) {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			note, err := bothWays(t, p, file)
			if err != nil {
				t.Errorf("%s: %v", file.name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			c := count[file.format.Name()]
			if c == nil {
				c = &interop{excused: map[string]int{}}
				count[file.format.Name()] = c
			}
			c.files++
			note(c)
		})
	}
	wg.Wait()
	for _, name := range formatname.All() {
		if c := count[name]; c != nil {
			t.Logf("%s: %s", name, c)
		}
	}
}

// bothWays returns how to count a file.
func bothWays(t *testing.T, p realSOPS, file realFile) (func(*interop), error) {
	t.Helper()
	ext := filepath.Ext(file.name)
	ours, encrypted, ourErr := encryptForReference(t, file)
	theirs, theirErr := p.encrypt(t, ext, file.src)
	switch {
	case ourErr != nil && theirErr != nil:
		return func(c *interop) { c.bothRefuse++ }, nil
	case ourErr != nil:
		if reason := refusedByUs(file, ourErr); reason != "" {
			return func(c *interop) { c.excused[reason]++ }, nil
		}
		return func(*interop) {}, fmt.Errorf("SOPS takes it, we refuse it: %w", ourErr)
	}
	printed, err := p.decrypt(t, ext, encrypted)
	if err != nil {
		return func(*interop) {}, fmt.Errorf("SOPS does not read our file: %w", err)
	}
	if theirErr != nil {
		err := sameAs(file.format, printed, ours.Trees())
		return func(c *interop) { c.onlySOPSRefuses++ }, err
	}
	reference, err := p.decrypt(t, ext, theirs)
	if err != nil {
		return func(c *interop) { c.excused["SOPS does not read its own file"]++ }, sameAs(file.format, printed, ours.Trees())
	}
	noteTheirs, err := readTheirs(t, file.format, theirs, reference, ours.Trees())
	if err != nil {
		return func(*interop) {}, err
	}
	noteOurs, err := compareReadings(file.format, printed, reference, ours.Trees())
	return func(c *interop) { noteOurs(c); noteTheirs(c) }, err
}

func encryptForReference(t *testing.T, file realFile) (*envelope.Decrypted, []byte, error) {
	t.Helper()
	plan := envelope.Plan{Groups: [][]keeper.MasterKey{{keeper.Undescribed(keeper.Age, "recipient", fixtureRecipient)}}, Random: zeros{}}
	o, err := envelope.New(t.Context(), file.src, file.format, plan, fixtureKeeper(nil))
	if err != nil {
		return nil, nil, err
	}
	encrypted, err := o.Encrypt(encryptOptions())
	return o, encrypted, err
}

// compareReadings compares what SOPS prints of our file with what it prints
// of its own, and both with the source.
func compareReadings(f format.Format, printed, reference []byte, source []*tree.Map) (func(*interop), error) {
	if bytes.Equal(printed, reference) {
		return func(c *interop) { c.sameBytes++ }, nil
	}
	a, errA := f.Parse(printed)
	b, errB := f.Parse(reference)
	if errA == nil && errB == nil && sameData(f, a.Trees(), b.Trees()) == nil {
		return func(c *interop) { c.sameData++ }, nil
	}
	if errA == nil && (sameData(f, a.Trees(), source) == nil || errB == nil && eachIsOneOf(a.Trees(), b.Trees(), source)) {
		return func(c *interop) { c.sopsDamages++ }, nil
	}
	return func(*interop) {}, fmt.Errorf("SOPS reads other data in our file than in its own (%v, %v)", errA, errB)
}

// sameAs compares what SOPS prints of our file with what we encrypted. It may
// print what does not read back: then it must be what we would print.
func sameAs(f format.Format, printed []byte, want []*tree.Map) error {
	if rendered, err := f.Render(want); err == nil && bytes.Equal(rendered, printed) {
		return nil
	}
	if slices.ContainsFunc(keysIn(want), func(k string) bool { return strings.HasPrefix(k, "#") }) && f.Name() == "ini" {
		return nil // the key of a line "- = x" in memory is #1, which SOPS prints as a comment
	}
	d, err := f.Parse(printed)
	if err == nil {
		err = sameData(f, want, d.Trees())
	}
	if err != nil {
		return fmt.Errorf("what SOPS prints of our file: %w", err)
	}
	return nil
}

// readTheirs opens a file of SOPS and compares with what SOPS prints,
// or with the source where its printing does not read back, or as other data.
func readTheirs(t *testing.T, f format.Format, theirs, printed []byte, source []*tree.Map) (func(*interop), error) {
	t.Helper()
	s, err := envelope.Parse(theirs, f)
	if err != nil {
		return nil, fmt.Errorf("SOPS's file: %w", err)
	}
	o, err := s.Decrypt(t.Context(), fixtureKeeper(nil), envelope.DecryptOptions{})
	if err != nil {
		return nil, fmt.Errorf("SOPS's file: %w", err)
	}
	d, err := f.Parse(printed)
	if err != nil && sameData(f, source, o.Trees()) == nil {
		return func(c *interop) { c.printsWrong++ }, nil
	}
	if err == nil {
		err = sameData(f, d.Trees(), o.Trees())
	}
	if err == nil {
		return func(c *interop) { c.readAlike++ }, nil
	}
	if d != nil && eachIsOneOf(o.Trees(), d.Trees(), source) {
		return func(c *interop) { c.printsWrong++ }, nil
	}
	return nil, fmt.Errorf("we read SOPS's file differently: %w", err)
}

// eachIsOneOf reports whether each value of got is at its place in a or b.
func eachIsOneOf(got, a, b []*tree.Map) bool {
	g, x, y := placed(normal(got)), placed(normal(a)), placed(normal(b))
	if len(g) != len(x) || len(g) != len(y) {
		return false
	}
	for i := range g {
		if g[i] != x[i] && g[i] != y[i] {
			return false
		}
	}
	return true
}

// placed lists the values of trees with their places.
func placed(trees []*tree.Map) []string {
	var out []string
	for i, m := range trees {
		for _, at := range addresses([]*tree.Map{m}) {
			if n, err := tree.Find(m, at); err == nil {
				out = append(out, fmt.Sprint(i, at, " ", n.(*tree.Scalar).Value.Canonical()))
			}
		}
	}
	return out
}

// sameData compares trees as far as the format can tell values apart.
func sameData(f format.Format, a, b []*tree.Map) error {
	a, b = normal(a), normal(b)
	diff := tree.Diff(a, b)
	if diff == "" {
		return nil
	}
	x, err := f.Render(a)
	if err != nil {
		return errors.New(diff)
	}
	y, err := f.Render(b)
	if err != nil || !bytes.Equal(x, y) {
		return errors.New(diff)
	}
	return nil
}

// normal returns copies with whole floats as integers, as which they are
// written, and without the byte order mark that SOPS takes for a part of
// the first key of a dotenv file.
func normal(trees []*tree.Map) []*tree.Map {
	var walk func(n tree.Node)
	walk = func(n tree.Node) {
		switch n := n.(type) {
		case *tree.Map:
			for i, it := range n.Items {
				n.Items[i].Key = strings.TrimPrefix(it.Key, "\uFEFF")
				walk(it.Value)
			}
		case *tree.List:
			for _, it := range n.Items {
				walk(it)
			}
		case *tree.Scalar:
			if f := n.Value.Float(); n.Value.Kind() == tree.Float && f == math.Trunc(f) && math.Abs(f) < 1<<63 {
				n.Value = tree.IntValue(int64(f))
			}
		}
	}
	out := make([]*tree.Map, len(trees))
	for i, m := range trees {
		out[i] = tree.Clone(m).(*tree.Map)
		walk(out[i])
	}
	return out
}

// refusedByUs gives the reason why a file that SOPS takes may be refused,
// "" if there is none.
func refusedByUs(file realFile, err error) string {
	for _, r := range refusals {
		if file.format.Name() == r.format && strings.Contains(err.Error(), r.message) {
			return r.reason
		}
	}
	return ""
}

// refusals lists what we refuse and SOPS takes.
var refusals = []struct{ format, message, reason string }{
	{"json", "there is text after the object", "text after the object, which SOPS loses"},
	{"json", "the text is cut off", "an object that is not closed, which SOPS takes for what came so far"},
	{"yaml", "appears twice in one map", "a key twice in a later document, of which SOPS keeps both and other readers one"},
	{"yaml", "does not fit its tag", "a value that does not fit its tag, which SOPS looks at in the first document only"},
	{"yaml", "an alias is a key here", "a secret that is a key elsewhere, where SOPS leaves it unencrypted"},
}
