package laws_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format"
)

// A reading is what another program makes of a file.
type reading struct {
	File  string
	Value any
	Error string
}

// A reader decrypts files: sops-age of npm, or mise.
type reader struct {
	name string
	read func(t *testing.T, files []string) map[string]reading
}

// TestOtherReadersReadWhatWeWrite: a program that takes a file of SOPS takes ours
// of the same source. .ci/readers installs the programs.
func TestOtherReadersReadWhatWeWrite(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("SOPS_READERS")
	if dir == "" {
		t.Skip("SOPS_READERS does not name a folder with sops-age and mise; .ci/readers makes one")
	}
	p := newSOPS(t)
	var files, flat [][2]string
	for i, src := range readerTexts(t) {
		pair, ok := bothWrite(t, p, i, src)
		if !ok {
			continue
		}
		files = append(files, pair)
		if src.flat {
			flat = append(flat, pair)
		}
	}
	compareReaders(t, reader{"sops-age", func(t *testing.T, files []string) map[string]reading {
		return readWithSOPSAge(t, dir, p.keys, files)
	}}, files)
	compareReaders(t, reader{"mise", func(t *testing.T, files []string) map[string]reading {
		return readWithMise(t, dir, p.keys, files)
	}}, flat)
}

// A readerText is a source for both writers. Flat ones hold texts below keys and
// nothing else, which is all that mise takes.
type readerText struct {
	realFile
	flat bool
}

// readerTexts are real files, and texts with one form of value after the other.
func readerTexts(t *testing.T) []readerText {
	t.Helper()
	var out []readerText
	for _, file := range realFiles(t) {
		// What the YAML specification refuses, other readers refuse in any form, and
		// the key of {?k: v} is k to SOPS and ?k to them.
		invalid := strings.Contains(file.name, ".fail.") || bytes.Contains(file.src, []byte("{ ?"))
		if name := file.format.Name(); name != "ini" && name != "binary" && !invalid {
			out = append(out, readerText{realFile: file})
		}
	}
	yaml, js, dotenv := formatFor(t, "x.yaml"), formatFor(t, "x.json"), formatFor(t, "x.env")
	add := func(f format.Format, name, src string) {
		out = append(out, readerText{realFile{name, f, []byte(src)}, f != dotenv})
	}
	for i, head := range []string{"|", "|+", "|-", ">", ">+", "|2", "|2+", "!x |", "&a >+", "| # why", "!x", "&a", "!!str", "!<x>", "! ", ""} {
		for j, body := range []string{"  x\n", "  x\n  y\n", "  x\n\n\n", "\n  x\n"} {
			add(yaml, fmt.Sprintf("form%d-%d.yaml", i, j), "a: "+head+"\n"+body+"b: c\n")
		}
	}
	add(yaml, "quotes.yaml", "# c\na: \"x\\ty\"\nb: 'x''y' # d\nc: plain text\n\"d e\": f\n")
	add(yaml, "types.yaml", "a: 1\nb: 1.50\nc: true\nd: 0x1F\ne: 2001-12-14\nf: \"12\"\n")
	add(yaml, "alias.yaml", "a: &x y\nb: *x\n")
	add(js, "forms.json", "{\"a\": \"x\\u0041\\n\", \"b\": 1.50, \"c\": true, \"d\": 7}\n")
	add(dotenv, "forms.env", "# c\nA=x y\nB=\"q\"\nC=a\\nb\n")
	for i, text := range seedTexts["yaml"] {
		out = append(out, readerText{realFile: realFile{fmt.Sprintf("seed%d.yaml", i), yaml, []byte(text)}})
	}
	return out
}

// bothWrite encrypts a text with SOPS and with us; false if SOPS refuses it.
func bothWrite(t *testing.T, p realSOPS, i int, src readerText) (pair [2]string, ok bool) {
	t.Helper()
	ext := filepath.Ext(src.name)
	theirs, err := p.encrypt(t, ext, src.src)
	if err != nil {
		return pair, false
	}
	_, ours, err := encryptForReference(t, src.realFile)
	if err != nil {
		return pair, false // the corpus tests see to that
	}
	base := strings.TrimSuffix(filepath.Base(src.name), ext)
	for k, content := range [][]byte{theirs, ours} {
		name := filepath.Join(p.dir, fmt.Sprintf("%d-%s-%s%s", i, base, []string{"theirs", "ours"}[k], ext))
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
		pair[k] = name
	}
	return pair, true
}

// compareReaders fails for a file of ours that r refuses or reads otherwise
// though it reads that of SOPS.
func compareReaders(t *testing.T, r reader, pairs [][2]string) {
	t.Helper()
	var all []string
	for _, p := range pairs {
		all = append(all, p[0], p[1])
	}
	got := r.read(t, all)
	both, refused, better, others := 0, 0, 0, 0
	for _, p := range pairs {
		theirs, ours := got[p[0]], got[p[1]]
		switch {
		case theirs.Error != "" && ours.Error != "":
			refused++
		case theirs.Error != "":
			better++
		case ours.Error != "":
			t.Errorf("%s refuses %s, and takes that of SOPS: %s", r.name, p[1], ours.Error)
		case !reflect.DeepEqual(theirs.Value, ours.Value):
			others++
			if differs := differingValue("", theirs.Value, ours.Value); differs != "" {
				t.Errorf("%s reads %s otherwise than that of SOPS: %s", r.name, p[1], differs)
			}
		default:
			both++
		}
	}
	t.Logf("%s: %d sources; the same of both writers %d, ours only %d, neither %d, other data that is known to differ %d",
		r.name, len(pairs), both, better, refused, others)
	if both < len(pairs)/4 {
		t.Errorf("%s reads %d of %d files: it does not work", r.name, both, len(pairs))
	}
}

// differingValue names a place at which b is not a, "" if there is none but
// those where SOPS changes the data: it makes an element of an empty comment, and
// spells unencrypted values anew.
func differingValue(at string, a, b any) string {
	if strings.Contains(at, "_unencrypted") {
		return ""
	}
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			return at
		}
		for k := range x {
			if d := differingValue(at+"/"+k, x[k], y[k]); d != "" {
				return d
			}
		}
		return ""
	case []any:
		y, ok := b.([]any)
		if !ok {
			return at
		}
		if len(x) != len(y) {
			return "" // an empty comment is an element with SOPS
		}
		for i := range x {
			if d := differingValue(fmt.Sprintf("%s/%d", at, i), x[i], y[i]); d != "" {
				return d
			}
		}
		return ""
	}
	if reflect.DeepEqual(a, b) {
		return ""
	}
	return at
}

func readWithSOPSAge(t *testing.T, dir, keys string, files []string) map[string]reading {
	t.Helper()
	key, err := os.ReadFile(keys)
	if err != nil {
		t.Fatal(err)
	}
	secret := regexp.MustCompile(`AGE-SECRET-KEY-\S+`).Find(key)
	cmd := exec.CommandContext(t.Context(), "node", "--no-warnings", "testdata/readers/read.cjs", dir)
	cmd.Env = append(os.Environ(), "AGE_KEY="+string(secret))
	cmd.Stdin = strings.NewReader(strings.Join(files, "\n"))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("sops-age: %v", err)
	}
	got := map[string]reading{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var r reading
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		got[r.File] = r
	}
	return got
}

func readWithMise(t *testing.T, dir, keys string, files []string) map[string]reading {
	t.Helper()
	program := filepath.Join(dir, "node_modules/@jdxcode/mise/bin/mise")
	home := t.TempDir()
	got := map[string]reading{}
	for _, file := range files {
		config := fmt.Sprintf("[env]\n_.file = %q\n", file)
		if err := os.WriteFile(filepath.Join(home, "mise.toml"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), program, "env", "--json")
		cmd.Dir = home
		cmd.Env = []string{
			"HOME=" + home, "PATH=/usr/bin:/bin", "MISE_OFFLINE=1", "MISE_EXPERIMENTAL=1",
			"MISE_TRUSTED_CONFIG_PATHS=" + home, "MISE_SOPS_AGE_KEY_FILE=" + keys,
		}
		var out, problem bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &problem
		r := reading{File: file}
		if err := cmd.Run(); err != nil {
			r.Error = fmt.Sprintf("%.300s", problem.String())
		} else if err := json.Unmarshal(out.Bytes(), &r.Value); err != nil {
			t.Fatal(err)
		}
		got[file] = r
	}
	return got
}
