package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// plant makes empty files below a new directory and returns it.
func plant(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		f = filepath.Join(dir, filepath.FromSlash(f))
		if err := os.MkdirAll(filepath.Dir(f), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestTheNearestConfigurationIsFound(t *testing.T) {
	t.Parallel()
	dir := plant(t, "repo/.sops.yaml", "repo/app/.sops.yaml", "repo/app/deep/er/x", "repo/other/x", "work/.sops.yaml", "work/sub/x", "bare/x")
	for _, c := range []struct{ file, work, want string }{
		{"repo/app/deep/er", "work", "repo/app/.sops.yaml"},
		{"repo/app", "", "repo/app/.sops.yaml"},
		{"repo/other", "repo/app", "repo/.sops.yaml"},
		{"repo/not/yet/there", "work", "repo/.sops.yaml"},
		{"bare", "work/sub", "work/.sops.yaml"},
		{"", "work/sub", "work/.sops.yaml"},
	} {
		abs := func(p string) string {
			if p == "" {
				return ""
			}
			return filepath.Join(dir, filepath.FromSlash(p))
		}
		got, warnings, err := Find(abs(c.file), abs(c.work))
		if err != nil || got != abs(c.want) || warnings != nil {
			t.Errorf("Find(%q, %q) = %q, %q, %v, want %q", c.file, c.work, got, warnings, err, c.want)
		}
	}
}

func TestNoDirectoryNoConfiguration(t *testing.T) {
	t.Parallel()
	if got, warnings, err := Find("", ""); got != "" || warnings != nil || err != nil {
		t.Errorf("got %q, %q, %v", got, warnings, err)
	}
}

func TestTheOtherExtensionIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	dir := plant(t, "a/b/.sops.yml", "a/.sops.yml", "a/.sops.yaml", "c/.sops.yml")
	got, warnings, err := Find(filepath.Join(dir, "a/b"), filepath.Join(dir, "c"))
	if err != nil || got != filepath.Join(dir, "a/.sops.yaml") {
		t.Errorf("got %q, %v", got, err)
	}
	want := filepath.Join(dir, "a/b/.sops.yml") + " is not read: rename it to .sops.yaml"
	if len(warnings) != 1 || warnings[0] != want {
		t.Errorf("got %q, want %q", warnings, want)
	}
}

func TestTheSearchEndsAfterAHundredLevels(t *testing.T) {
	t.Parallel()
	dir := plant(t, ".sops.yaml")
	deep := func(levels int) string { return filepath.Join(dir, strings.Repeat("d/", levels)) }
	if found, _ := upward(deep(99)); found == "" {
		t.Error("not found 99 levels up")
	}
	if found, _ := upward(deep(100)); found != "" {
		t.Errorf("found %q, 100 levels up", found)
	}
}

func TestADanglingConfigurationIsFound(t *testing.T) {
	t.Parallel()
	dir := plant(t, ".sops.yaml", "sub/x")
	link := filepath.Join(dir, "sub", Name)
	if err := os.Symlink("nowhere", link); err != nil {
		t.Fatal(err)
	}
	if got, _, _ := Find(filepath.Join(dir, "sub"), ""); got != link {
		t.Errorf("got %q, want %q", got, link)
	}
}
