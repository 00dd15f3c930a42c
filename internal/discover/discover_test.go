package discover

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	recipient = "age1ym9y2kmj7n2sw2jmpapp2qvmxa25c6xrmp2e38s4wvw7naq0tskqzu3dsz"
	token     = "ENC[AES256_GCM,data:6zgG6VE=,iv:wzycFmhh1S6tDWvYQUFLSXOtWyKcqSdBMzGBTjuFLNk=,tag:Fw9cKyXCDi2hMcTDqLVZlg==,type:str]"
	asYAML    = "a: " + token + "\nsops:\n    age:\n        - recipient: " + recipient + "\n          enc: x\n    lastmodified: \"2024-01-01T00:00:00Z\"\n    mac: " + token + "\n    version: 3.9.0\n"
	asJSON    = `{"a": "` + token + `", "sops": {"age": [{"recipient": "` + recipient + `", "enc": "x"}], "lastmodified": "2024-01-01T00:00:00Z", "mac": "` + token + `", "version": "3.9.0"}}`
	asENV     = "a=" + token + "\nsops_age__list_0__map_recipient=" + recipient + "\nsops_age__list_0__map_enc=x\nsops_lastmodified=2024-01-01T00:00:00Z\nsops_mac=" + token + "\nsops_version=3.9.0\n"
	asINI     = "[x]\na = " + token + "\n\n[sops]\nage__list_0__map_recipient = " + recipient + "\nage__list_0__map_enc = x\nlastmodified = 2024-01-01T00:00:00Z\nmac = " + token + "\nversion = 3.9.0\n"
	asData    = `{"data": "` + token + `", "sops": {"age": [{"recipient": "` + recipient + `", "enc": "x"}], "lastmodified": "2024-01-01T00:00:00Z", "mac": "` + token + `", "version": "3.9.0"}}`
	merged    = "a: 1\n<<<<<<< HEAD\nb: " + token + "\n=======\nb: " + token + "\n>>>>>>> other\nsops:\n    mac: " + token + "\n"
)

func TestContentSaysWhatAFileIs(t *testing.T) {
	t.Parallel()
	wide := func(text string) string { // UTF-16 with its mark
		out := []byte("\xff\xfe")
		for _, c := range []byte(text) {
			out = append(out, c, 0)
		}
		return string(out)
	}
	for _, c := range []struct {
		name, data string
		class      Class
		format     string
	}{
		{"a.yaml", asYAML, Encrypted, "yaml"},
		{"a.json", asJSON, Encrypted, "json"},
		{"a.env", asENV, Encrypted, "dotenv"},
		{"a.ini", asINI, Encrypted, "ini"},
		{"a.bin", asData, Encrypted, "binary"},
		{"secret", asYAML, Encrypted, "yaml"},
		{"secret", asJSON, Encrypted, "json"},
		{"secret.txt", asENV, Encrypted, "dotenv"},
		{"secret.conf", asINI, Encrypted, "ini"},
		{"a.json", asYAML, Encrypted, "yaml"},
		{"a.env", asJSON, Encrypted, "json"},
		{"wide.yaml", wide(asYAML), Encrypted, "yaml"},
		{"a.yaml", "a: b\n", Plain, ""},
		{"a.yaml", "sops: true\n", Plain, ""},
		{"a.yaml", "", Plain, ""},
		{"README.md", "A file of sops:\n\n    a: " + token + "\n    sops: ...\n", Mentions, ""},
		{"README.md", "# sops\n\n" + asYAML + "\ntext: [\n", Mentions, ""},
		{"a_test.go", "package a // sops\n\nconst t = `" + token + "`\n", Mentions, ""},
		{"lost.yaml", "a: " + token + " # sops\n", Mentions, ""},
		{"merged.yaml", merged, Broken, "yaml"},
		{"merged", merged, Broken, "binary"},
		{"cut.json", asJSON[:len(asJSON)-20], Broken, "json"},
		{"cut.bin", asData[:len(asData)-20], Broken, "binary"},
		{"bad.yaml", "a: [\n" + asYAML, Broken, "yaml"},
	} {
		got := Classify(c.name, []byte(c.data))
		if got.Class != c.class || got.Format != c.format {
			t.Errorf("%s: class %d, format %q, error %v; want class %d, format %q\n%s", c.name, got.Class, got.Format, got.Err, c.class, c.format, c.data)
		}
		if (got.Err != nil) != (c.class == Broken) || (got.Meta != nil) != (c.class == Encrypted) {
			t.Errorf("%s: error %v, metadata %v; want an error for broken files alone and metadata for encrypted ones", c.name, got.Err, got.Meta)
		}
	}
}

// A tree makes a directory with these files.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// find returns the names that Find gives for the directory below dir.
func find(t *testing.T, dir, root string, o Options) (*Found, string) {
	t.Helper()
	o.Dir = dir
	f, err := Find(t.Context(), root, o)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range f.Files {
		names = append(names, filepath.ToSlash(file.Path))
	}
	return f, strings.Join(names, " ")
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func TestOnlyEncryptedFilesAreFoundSortedByPath(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{
		"b.yaml": asYAML, "a/z.json": asJSON, "a-b.env": asENV, "plain.yaml": "a: 1\n", "doc.md": "sops: " + token,
		"large.yaml": "a: |\n    " + strings.Repeat("x", 2*whole) + "\n" + asYAML, ".git-not/c.ini": asINI,
		"end.json": asJSON[:len(asJSON)-1] + `, "x": "` + strings.Repeat("x", 2*whole) + `"}`,
		// What a write in another process makes for a while is gone in the next moment.
		".b.yaml.sops-tmp0": asYAML, "a/.z.json.sops-backup": asJSON, "a/.z.json.sops-backup-0a1b-c": asJSON,
		".hg/x.yaml": asYAML, ".jj/x.yaml": asYAML, ".svn/x.yaml": asYAML,
	})
	f, names := find(t, dir, ".", Options{})
	if want := ".git-not/c.ini a-b.env a/z.json b.yaml end.json large.yaml"; names != want {
		t.Errorf("found %s; want %s", names, want)
	}
	if f.Mentions != 1 || f.Seen != 8 {
		t.Errorf("%d files only mention tokens, %d were seen; want 1 and 8", f.Mentions, f.Seen)
	}
	if _, names = find(t, dir, "a", Options{}); names != "a/z.json" {
		t.Errorf("below a: %s", names)
	}
	if _, names = find(t, filepath.Join(dir, "a"), "..", Options{Plain: true}); !strings.HasPrefix(names, "../.git-not/c.ini ../a-b.env ../a/z.json") || !strings.Contains(names, "../plain.yaml") {
		t.Errorf("with plain files: %s", names)
	}
	if _, names = find(t, dir, ".", Options{Unread: true}); strings.Count(names, " ") != 7 {
		t.Errorf("unread: %s; want all eight", names)
	}
}

func TestLinksAreNotFollowedAndAFileIsFoundOnce(t *testing.T) {
	t.Parallel()
	outside := tree(t, map[string]string{"secret.yaml": asYAML})
	dir := tree(t, map[string]string{"a.yaml": asYAML, "sub/b.yaml": asYAML})
	for to, name := range map[string]string{"a.yaml": "link.yaml", outside: "away", filepath.Join(outside, "secret.yaml"): "away.yaml", "sub": "again"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	if err := os.Link(filepath.Join(dir, "a.yaml"), filepath.Join(dir, "z.yaml")); err != nil {
		t.Fatal(err)
	}
	if _, names := find(t, dir, ".", Options{}); names != "a.yaml sub/b.yaml" {
		t.Errorf("found %s; want a.yaml sub/b.yaml", names)
	}
	git(t, dir, "init", "-q")
	git(t, dir, "add", ".")
	// git lists what was below a directory that a link has replaced.
	if err := os.RemoveAll(filepath.Join(dir, "sub")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "sub")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(outside, "b.yaml"), []byte(asYAML), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, names := find(t, dir, ".", Options{}); names != "a.yaml" {
		t.Errorf("found %s; want a.yaml alone", names)
	}
}

func TestGitSaysWhatIsIgnored(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{
		".gitignore": "*.tmp.yaml\n/out/\n!keep.tmp.yaml\n", "a.yaml": asYAML, "x.tmp.yaml": asYAML, "keep.tmp.yaml": asYAML,
		"out/a.yaml": asYAML, "sub/.gitignore": "b.*\n", "sub/b.yaml": asYAML, "sub/c.yaml": asYAML, "tracked.tmp.yaml": asYAML,
		"gone.yaml": asYAML, "ä ö\n.yaml": asYAML, "nested/.git/config": "", "nested/x.yaml": asYAML,
	})
	git(t, dir, "init", "-q")
	git(t, dir, "add", "gone.yaml", "a.yaml")
	git(t, dir, "add", "-f", "tracked.tmp.yaml")
	if err := os.Remove(filepath.Join(dir, "gone.yaml")); err != nil {
		t.Fatal(err)
	}
	git(t, filepath.Join(dir, "nested"), "init", "-q")
	f, names := find(t, dir, ".", Options{})
	if want := "a.yaml keep.tmp.yaml sub/c.yaml tracked.tmp.yaml ä ö\n.yaml"; names != want {
		t.Errorf("found %q; want %q", names, want)
	}
	if !slices.Equal(f.Nested, []string{"nested"}) {
		t.Errorf("nested repositories: %q; want nested", f.Nested)
	}
	if _, names = find(t, dir, "sub", Options{}); names != "sub/c.yaml" {
		t.Errorf("below sub: %s", names)
	}
	if _, names = find(t, dir, "sub", Options{Ignored: true}); names != "sub/b.yaml sub/c.yaml" {
		t.Errorf("below sub with what is ignored: %s", names)
	}
}

func TestUnmergedPathsComeOnceAndSparseOnesAreNamed(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"a.yaml": asYAML, "far/b.yaml": asYAML, "near/c.yaml": asYAML})
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"},
		{"config", "user.email", "a@example.com"},
		{"config", "user.name", "a"},
		{"add", "."},
		{"commit", "-qm", "1"},
		{"switch", "-qc", "other"},
	} {
		git(t, dir, args...)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		git(t, dir, "commit", "-qam", "2")
	}
	write("b: 1\n" + asYAML)
	git(t, dir, "switch", "-q", "main")
	write("c: 1\n" + asYAML)
	cmd := exec.Command("git", "merge", "-q", "other")
	cmd.Dir = dir
	if err := cmd.Run(); err == nil {
		t.Fatal("the merge has no conflict")
	}
	f, names := find(t, dir, ".", Options{})
	if want := "a.yaml far/b.yaml near/c.yaml"; names != want {
		t.Errorf("found %s; want %s", names, want)
	}
	if f.Files[0].Class != Broken || f.Files[1].Class != Encrypted {
		t.Errorf("classes %d and %d; the merged file is broken, the other is not", f.Files[0].Class, f.Files[1].Class)
	}
	git(t, dir, "checkout", "-q", "--ours", "a.yaml")
	git(t, dir, "add", "a.yaml")
	git(t, dir, "commit", "-qm", "3")
	git(t, dir, "sparse-checkout", "set", "near")
	f, names = find(t, dir, ".", Options{})
	if names != "a.yaml near/c.yaml" || !slices.Equal(f.Sparse, []string{filepath.Join("far", "b.yaml")}) {
		t.Errorf("found %s, left out %v; want a.yaml near/c.yaml, and far/b.yaml left out", names, f.Sparse)
	}
}

func TestAFileThatCannotBeReadIsFound(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"a.yaml": asYAML})
	if err := os.Chmod(filepath.Join(dir, "a.yaml"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile(filepath.Join(dir, "a.yaml")); err == nil {
		t.Skip("this user can read every file")
	}
	f, names := find(t, dir, ".", Options{})
	if names != "a.yaml" || f.Files[0].Class != Broken {
		t.Errorf("found %q; want a.yaml, as broken", names)
	}
}

func BenchmarkFind(b *testing.B) {
	dir := os.Getenv("DISCOVER_DIR")
	if dir == "" {
		b.Skip("DISCOVER_DIR names no directory")
	}
	for b.Loop() {
		f, err := Find(b.Context(), dir, Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(f.Files)), "found")
		b.ReportMetric(float64(f.Seen), "seen")
	}
}
