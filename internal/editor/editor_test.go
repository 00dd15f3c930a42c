package editor_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	discreet := []string{"-n", "-i", "NONE", "-c", "silent! set noswapfile nobackup nowritebackup viminfo= noundofile"}
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
		{"vim as the user calls it", map[string]string{"EDITOR": "vim -u NONE"}, everything, append(append([]string{"vim"}, discreet...), "-u", "NONE"), ""},
		{"nano next", nil, installed("/bin/nano", realVi), []string{"nano", "--ignorercfiles"}, ""},
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
			if !strings.Contains(strings.Join(choice.Hints(), ""), "EDITOR=nano") {
				t.Errorf("hints %q", choice.Hints())
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

// What an editor is given must not depend on how the user calls it.
func TestKnownEditorsKeepNoCopiesAndWait(t *testing.T) {
	t.Parallel()
	vim := []string{"-n", "-i", "NONE", "-c", "silent! set noswapfile nobackup nowritebackup viminfo= noundofile"}
	emacs := []string{"--eval", "(setq make-backup-files nil version-control nil auto-save-default nil auto-save-list-file-prefix nil create-lockfiles nil undo-tree-auto-save-history nil)"}
	micro := []string{"-backup", "false", "-permbackup", "false", "-savehistory", "false", "-saveundo", "false", "-savecursor", "false"}
	kinds := map[string]struct {
		added []string // whatever the user's arguments are
		wait  []string // added unless the user has one of says
		says  []string
	}{
		"vim": {vim, nil, nil}, "nvim": {vim, nil, nil}, "vim.nox": {vim, nil, nil}, "view": {vim, nil, nil},
		"gvim": {vim, []string{"-f"}, []string{"-f", "--nofork"}}, "mvim": {vim, []string{"-f"}, []string{"-f", "--nofork"}},
		"emacs": {emacs, nil, nil}, "emacs-nox": {emacs, nil, nil}, "emacs-29.1": {emacs, nil, nil}, "emacs30": {emacs, nil, nil},
		"nano": {[]string{"--ignorercfiles"}, nil, nil}, "rnano": {[]string{"--ignorercfiles"}, nil, nil},
		"micro": {micro, nil, nil}, "joe": {[]string{"-nobackups"}, nil, nil},
		"code": {nil, []string{"--wait"}, []string{"--wait", "-w"}}, "code.cmd": {nil, []string{"--wait"}, []string{"--wait", "-w"}},
		"codium": {nil, []string{"--wait"}, []string{"--wait", "-w"}}, "cursor": {nil, []string{"--wait"}, []string{"--wait", "-w"}},
		"subl": {nil, []string{"--wait"}, []string{"--wait", "-w"}}, "zed": {nil, []string{"--wait"}, []string{"--wait", "-w"}},
		"kate": {nil, []string{"--block"}, []string{"--block", "-b"}},
		"ed":   {nil, nil, nil}, "emacsclient": {nil, nil, nil}, "vi": {nil, nil, nil}, "nanomachine": {nil, nil, nil},
	}
	for name, kind := range kinds {
		calls := [][]string{{}, {"-x"}, {"-x", "--y=z", "--", "+3"}}
		for _, word := range kind.says {
			calls = append(calls, []string{word}, []string{"-x", word})
		}
		for _, before := range [][]string{{name}, {"/opt/bin/" + name}, {"env", "A=1", name}, {"sudo", "-E", name}, {"nice", "-n", "5", "/usr/bin/" + name}} {
			for _, args := range calls {
				want := append(slices.Clone(before), kind.added...)
				if !slices.ContainsFunc(args, func(a string) bool { return slices.Contains(kind.says, a) }) {
					want = append(want, kind.wait...)
				}
				want = append(want, args...)
				line := strings.Join(slices.Concat(before, args), " ")
				got, err := editor.Choose(getenv(map[string]string{"EDITOR": line}), func(string) (string, error) { return "/nowhere/" + before[0], nil })
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Errorf("EDITOR=%q: %v (-want +got):\n%s", line, err, diff)
				}
			}
		}
	}
}
