package integrity

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/tree"
	"github.com/seed-1f7fdfb8/sops/internal/deflate"
)

// Seals older than sealVersion are digests of the lines of a structure, master
// keys among them. That encoding is not injective: a line break in a version
// makes two lines, keys that are no UTF-8 look alike, encryption contexts run
// into each other. A file with such a seal is read until it gets a new one,
// unless it holds a text by which its lines could say two things.

// checkOldSeal compares a file with a seal that is older than sealVersion.
func checkOldSeal(content sealContent, m *meta.Metadata, trees []*tree.Map) (*Finding, error) {
	if err := ambiguous(m, trees); err != nil {
		return nil, sealError(err)
	}
	found := describe(&structure{reading: AsRead{}, lines: true, limit: maxDescribed}, m, trees)
	f := &Finding{}
	text, err := deflate.Unpack(content.Text)
	known := func(keeper.MasterKey, int) bool { return true }
	if !bytes.Equal(content.Digest, found.digest) {
		if err != nil || text == "" || found.text == "" || withoutKeys(text) != withoutKeys(found.text) {
			return nil, structureError(text, found.text)
		}
		f.Keys = keysError(text, found.text)
		lines := keyLines(text)
		present := keyLines(found.text)
		f.Removed = slices.ContainsFunc(lines, func(line string) bool { return !slices.Contains(present, line) })
		known = func(k keeper.MasterKey, group int) bool { return slices.Contains(lines, keyLine(lineName(k), group)) }
	}
	for i, g := range m.MasterKeys() {
		for _, k := range g {
			injected := !known(k, i)
			f.note(k, injected || slices.Contains(content.OldUnverified, lineName(k)), injected)
		}
	}
	return f, nil
}

// ambiguous refuses texts by which lines can say two things. What a program
// writes holds none: they are a forger's.
func ambiguous(m *meta.Metadata, trees []*tree.Map) error {
	if strings.ContainsFunc(m.Version, unicode.IsControl) {
		return fmt.Errorf("the version is %q", m.Version)
	}
	bad := false
	for _, t := range trees {
		tree.Each(t, func(n tree.Node) {
			if m, ok := n.(*tree.Map); ok {
				bad = bad || slices.ContainsFunc(m.Items, func(it tree.Item) bool { return it.Key != strings.ToValidUTF8(it.Key, "") })
			}
		})
	}
	if bad {
		return errors.New("a key is no UTF-8, and the seal is an old one that cannot distinguish such keys")
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
