package envelope

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Seals of before sealVersion are digests of the lines of a structure, master
// keys among them. That encoding is not injective: a line break in a version
// makes two lines, keys that are no UTF-8 look alike, encryption contexts run
// into each other. A file with such a seal is read until it is sealed anew,
// unless it holds a text by which its lines could say two things.

// checkOldSeal compares the file with a seal of before.
func (s *Encrypted) checkOldSeal(content sealContent) (*finding, error) {
	if err := s.ambiguous(); err != nil {
		return nil, sealFailure(err)
	}
	found := describe(&structure{reading: asItStands{}, lines: true}, s.Meta, s.doc.Trees())
	f := &finding{}
	text, err := inflate(content.Text)
	known := func(keeper.MasterKey, int) bool { return true }
	if !bytes.Equal(content.Digest, found.digest) {
		if err != nil || text == "" || found.text == "" || withoutKeys(text) != withoutKeys(found.text) {
			return nil, structureFailure(text, found.text)
		}
		f.keys = keysFailure(text, found.text)
		lines := keyLines(text)
		present := keyLines(found.text)
		f.removed = slices.ContainsFunc(lines, func(line string) bool { return !slices.Contains(present, line) })
		known = func(m keeper.MasterKey, group int) bool { return slices.Contains(lines, keyLine(lineName(m), group)) }
	}
	for i, g := range s.Meta.MasterKeys() {
		for _, m := range g {
			injected := !known(m, i)
			f.note(m, injected || slices.Contains(content.Unverified, lineName(m)), injected)
		}
	}
	return f, nil
}

// ambiguous refuses texts by which lines can say two things. What a program
// writes holds none: they are a forger's.
func (s *Encrypted) ambiguous() error {
	if strings.ContainsFunc(s.Meta.Version, unicode.IsControl) {
		return fmt.Errorf("the version is %q", s.Meta.Version)
	}
	bad := false
	for _, t := range s.doc.Trees() {
		tree.Each(t, func(n tree.Node) {
			if m, ok := n.(*tree.Map); ok {
				bad = bad || slices.ContainsFunc(m.Items, func(it tree.Item) bool { return it.Key != strings.ToValidUTF8(it.Key, "") })
			}
		})
	}
	if bad {
		return errors.New("a key is no UTF-8, and the seal is one of before that cannot tell such keys apart")
	}
	return nil
}

// lineName names a key in a line.
func lineName(m keeper.MasterKey) string { return m.Kind + " " + m.WithoutRoute().RawIdentity() }

// withoutKeys returns the lines of a structure that are about no master key.
func withoutKeys(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, keyWord) {
			b.WriteString(line)
		}
	}
	return b.String()
}

// keyLines returns the others.
func keyLines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, keyWord) {
			out = append(out, strings.TrimSuffix(line, "\n"))
		}
	}
	return out
}
