package editor_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/internal/editor"
)

// installed returns a lookPath that finds the given programs.
func installed(programs ...string) func(string) (string, error) {
	return func(name string) (string, error) {
		for _, p := range programs {
			if filepath.Base(p) == filepath.Base(name) {
				return p, nil
			}
		}
		return "", &exec.Error{Name: name, Err: exec.ErrNotFound}
	}
}

func getenv(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func TestEditorIsChosen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	realVim, vi, realVi := filepath.Join(dir, "vim.basic"), filepath.Join(dir, "vi"), filepath.Join(dir, "bin", "vi")
	if err := errors.Join(os.WriteFile(realVim, nil, 0o755), os.Symlink(realVim, vi)); err != nil {
		t.Fatal(err)
	}
	discreet := []string{"-n", "-i", "NONE", "-c", "set noswapfile nobackup nowritebackup noundofile"}
	everything := installed("/bin/ed", "/bin/code", "/bin/my editor", "/opt/vim", "/bin/nano", realVi)
	tests := []struct {
		name     string
		env      map[string]string
		lookPath func(string) (string, error)
		want     []string
		err      string
	}{
		{"ours before the common one", map[string]string{"SOPS_EDITOR": "ed", "EDITOR": "code"}, everything, []string{"ed"}, ""},
		{"the common one", map[string]string{"EDITOR": "code --wait"}, everything, []string{"code", "--wait"}, ""},
		{"blank is unset", map[string]string{"SOPS_EDITOR": " ", "EDITOR": "\t"}, everything, append([]string{"vim"}, discreet...), ""},
		{"quotes", map[string]string{"EDITOR": `"/bin/my editor" -c 'a  b' "c\"d"`}, everything, []string{"/bin/my editor", "-c", "a  b", `c"d`}, ""},
		{"escapes", map[string]string{"EDITOR": `/bin/my\ editor x\\y`}, everything, []string{"/bin/my editor", `x\y`}, ""},
		{"nothing is expanded", map[string]string{"EDITOR": "ed $HOME *; `x`"}, everything, []string{"ed", "$HOME", "*;", "`x`"}, ""},
		{"vim as the user calls it", map[string]string{"EDITOR": "vim -u NONE"}, everything, []string{"vim", "-u", "NONE"}, ""},
		{"nano next", nil, installed("/bin/nano", realVi), []string{"nano"}, ""},
		{"a true vi", nil, installed(realVi), []string{"vi"}, ""},
		{"a vi that is vim", nil, installed(vi), append([]string{"vi"}, discreet...), ""},
		{"nvim", map[string]string{"EDITOR": "/opt/nvim"}, installed("/opt/nvim"), append([]string{"/opt/nvim"}, discreet...), ""},
		{"none", nil, installed(), nil, "no editor found: neither SOPS_EDITOR nor EDITOR is set, and neither vim nor nano nor vi is installed"},
		{"a missing one", map[string]string{"EDITOR": "vmi x"}, everything, nil, `EDITOR: exec: "vmi": executable file not found in $PATH`},
		{"an open quote", map[string]string{"SOPS_EDITOR": "ed 'x", "EDITOR": "ed"}, everything, nil, `SOPS_EDITOR: "ed 'x" is not a command line: EOF found when expecting closing quote`},
		{"an empty word", map[string]string{"EDITOR": "'' x"}, everything, nil, `EDITOR: "'' x" names no program`},
		{"a comment", map[string]string{"EDITOR": "# ed"}, everything, nil, `EDITOR: "# ed" names no program`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := editor.Choose(getenv(test.env), test.lookPath)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("command (-want +got):\n%s", diff)
			}
			if test.err == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var choice *editor.ChoiceError
			if !errors.As(err, &choice) || err.Error() != test.err {
				t.Fatalf("error %v, want %s", err, test.err)
			}
			if choice.ExitCode() != 201 || !strings.Contains(strings.Join(choice.Hints(), ""), "EDITOR=nano") {
				t.Errorf("exit code %d, hints %q", choice.ExitCode(), choice.Hints())
			}
		})
	}
}

func TestEditorIsNotTakenFromTheWorkingDirectory(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "vim"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	t.Setenv("PATH", ".")
	if argv, err := editor.Choose(getenv(nil), exec.LookPath); err == nil {
		t.Errorf("got %q", argv)
	}
	if argv, err := editor.Choose(getenv(map[string]string{"EDITOR": "vim"}), exec.LookPath); !errors.Is(err, exec.ErrDot) {
		t.Errorf("got %q, %v", argv, err)
	}
}
