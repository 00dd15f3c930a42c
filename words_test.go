package sops_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// retired are words that the glossary of ARCHITECTURE.md replaces, each with what
// is written instead.
var retired = map[string]string{
	"stand": "be, mean", "stands": "is, means", "standing": "being", "stood": "was",
	"behind":   "after",
	"somebody": reader, "someone": reader, "nobody": reader, "whom": reader,
	"told": "was given, was reported", "tells": "reports",
	"twig": "node", "twigs": "nodes", "seat": "entry", "seats": "entries", "judge": "referee", "judges": "referees",
	"corridor": layer, "waist": layer, "floor": layer, "floors": layer,
	"peer": reference, "peers": reference,
}

const (
	reader    = "the process, the user or the key that is meant"
	layer     = "layer, package"
	reference = "SOPS, SOPS 3.13.3"
)

// retiredPhrases are the same for what is not one word.
var retiredPhrases = map[string]string{
	"in clear":     "unencrypted, plaintext",
	"comes twice":  "duplicate",
	"in the field": "other programs",
	"of the field": "other programs",
}

// meant are uses of these words that mean something else.
var meant = strings.NewReplacer("stand for", "", "stands for", "")

// aboutUsers are the tests in which "nobody" is a user of UNIX.
var aboutUsers = []string{"internal/cli/exec_theirs_test.go", "internal/cli/testdata/script/exec_env_user.txtar"}

// TestRetiredWordsStayRetired reads everything that is written for people: code,
// scripts of tests, pages.
func TestRetiredWordsStayRetired(t *testing.T) {
	notLetter := func(r rune) bool { return !unicode.IsLetter(r) }
	eachText(t, func(file, text string) {
		for i, line := range strings.Split(text, "\n") {
			line = meant.Replace(strings.ToLower(line))
			report := func(found, instead string) {
				t.Errorf("%s:%d: %q is retired; write: %s", file, i+1, found, instead)
			}
			for word := range strings.FieldsFuncSeq(line, notLetter) {
				if instead, found := retired[word]; found && !(word == "nobody" && slices.Contains(aboutUsers, file)) {
					report(word, instead)
				}
			}
			for phrase, instead := range retiredPhrases {
				if strings.Contains(line, phrase) && !strings.Contains(line, phrase+"s") {
					report(phrase, instead)
				}
			}
		}
	})
}

// eachText calls f for every text of the project that is not data.
func eachText(t *testing.T, f func(file, text string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(file string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := filepath.ToSlash(file)
		if d.IsDir() {
			switch d.Name() {
			case ".git", "bin", "corpus", "fuzz":
				return filepath.SkipDir
			}
			return nil
		}
		script := strings.HasPrefix(name, ".ci/") || strings.HasPrefix(name, "scripts/") || name == "test" || name == "quickstart"
		switch filepath.Ext(name) {
		case ".go", ".md", ".txtar":
		default:
			if !script {
				return nil
			}
		}
		if name == "words_test.go" {
			return nil
		}
		text, err := os.ReadFile(file)
		if err == nil {
			f(name, string(text))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
