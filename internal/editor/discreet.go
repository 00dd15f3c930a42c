package editor

import (
	"path/filepath"
	"slices"
	"strings"
)

// A habit is what a kind of editor has to be given: vimrc files and the like
// collect swap, backup and undo files in one directory, on disk, and an editor
// with windows gives control back at once.
type habit struct {
	names []string
	args  []string   // that switch off copies of the text elsewhere
	wait  [][]string // words for "wait", of which the first is added if none is there
}

// habits are in the order in which they are tried.
func habits() []habit {
	// The commands of -c run after the vimrc, and have the last word; silent,
	// since a small vim does not know every option.
	vim := []string{"-n", "-i", "NONE", "-c", "silent! set noswapfile nobackup nowritebackup viminfo= noundofile"}
	return []habit{
		{names: []string{"gvim", "mvim", "gview", "rgvim", "vim-gtk3"}, args: vim, wait: [][]string{{"-f"}, {"--nofork"}}},
		{names: []string{"vim", "nvim", "rvim", "view", "vimx", "vimdiff", "nvim-qt"}, args: vim},
		{names: []string{"emacs", "xemacs"}, args: []string{"--eval", emacsSettings}},
		// The settings files of nano have no opposite on its command line.
		{names: []string{"nano", "rnano"}, args: []string{"--ignorercfiles"}},
		{names: []string{"micro"}, args: []string{
			"-backup", "false", "-permbackup", "false", "-savehistory", "false", "-saveundo", "false", "-savecursor", "false",
		}},
		{names: []string{"joe", "jmacs", "jpico", "jstar", "rjoe"}, args: []string{"-nobackups"}},
		{names: []string{"code", "code-insiders", "codium", "vscodium", "code-oss", "cursor", "windsurf", "positron"}, wait: [][]string{{"--wait"}, {"-w"}}},
		{names: []string{"subl", "sublime_text", "mate", "zed", "zeditor"}, wait: [][]string{{"--wait"}, {"-w"}}},
		{names: []string{"gedit", "xed", "pluma"}, wait: [][]string{{"--wait"}, {"-w"}}},
		{names: []string{"kate"}, wait: [][]string{{"--block"}, {"-b"}}},
	}
}

// emacsSettings are evaluated after the init file and before the text is
// visited. The last one is of a package that many have.
const emacsSettings = "(setq make-backup-files nil version-control nil auto-save-default nil" +
	" auto-save-list-file-prefix nil create-lockfiles nil undo-tree-auto-save-history nil)"

// launchers run the program that their arguments name.
func launchers() []string {
	return []string{"env", "sudo", "doas", "nice", "ionice", "nohup", "setsid", "stdbuf", "time", "exec", "command"}
}

// discreet adds arguments that keep copies of the text out of other places, and
// that make the editor wait, to those of the user: in front of them, so that
// what the user says about the same still counts. Program is where the command
// was found: a vi that is really a vim counts, any other vi would not
// understand.
func discreet(argv []string, program string) []string {
	at := 0
	if slices.Contains(launchers(), programName(argv[0])) {
		for i, word := range argv[1:] {
			if _, known := habitOf(word, ""); known {
				at, program = i+1, ""
				break
			}
		}
	}
	h, known := habitOf(argv[at], program)
	if !known {
		return argv
	}
	extra := slices.Clone(h.args)
	said := func(words []string) bool { return slices.Contains(argv[at+1:], words[0]) }
	if len(h.wait) > 0 && !slices.ContainsFunc(h.wait, said) {
		extra = append(extra, h.wait[0]...)
	}
	return slices.Insert(slices.Clone(argv), at+1, extra...)
}

// habitOf returns the habit of the editor that is called name and found at
// program.
func habitOf(name, program string) (habit, bool) {
	candidates := []string{programName(name)}
	if real, err := filepath.EvalSymlinks(program); err == nil && program != "" {
		candidates = append(candidates, programName(real))
	}
	for _, c := range candidates {
		for _, h := range habits() {
			if slices.Contains(h.names, c) {
				return h, true
			}
		}
	}
	return habit{}, false
}

// programName returns the name of a program without its directory, the ending
// of Windows and what a distribution adds: vim.basic, emacs-29.1.
func programName(path string) string {
	name := strings.ToLower(filepath.Base(path))
	for _, ending := range []string{".exe", ".cmd", ".bat"} {
		name = strings.TrimSuffix(name, ending)
	}
	switch {
	case strings.HasPrefix(name, "vim."):
		return "vim"
	case strings.HasPrefix(name, "emacs-"), strings.HasPrefix(name, "emacs2"), strings.HasPrefix(name, "emacs3"):
		return "emacs"
	}
	return name
}
