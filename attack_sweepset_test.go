package sops_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// set of a new key, then unset: what comes back must be the author's text.
func TestSweepSetUnset(t *testing.T) {
	n, bad, bad2 := 0, 0, 0
	for _, file := range realFiles(t) {
		src := file.src
		c, err := sealText(t, file.format, src)
		if err != nil || file.format.Name() == "binary" {
			continue
		}
		back, err := c.open(c.sealed)
		if err != nil {
			t.Error(err)
			continue
		}
		n++
		at := tree.Address{{Key: "zz_new", IsKey: true}}
		if file.format.Name() == "ini" {
			at = append(tree.Address{{Key: "DEFAULT", IsKey: true}}, at...)
		}
		if err := back.Set(at, tree.Text("v")); err != nil {
			t.Errorf("%s: set: %v", file.name, err)
			continue
		}
		want := bytes.Clone(back.Plain())
		out, err := back.Seal(sealOptions())
		if err != nil {
			t.Errorf("%s: %v", file.name, err)
			continue
		}
		again, err := c.open(out)
		if err != nil {
			t.Errorf("%s: %v", file.name, err)
			continue
		}
		if !bytes.Equal(again.Plain(), want) {
			bad++
			t.Errorf("%s: set: text is not what Plain said\n%s", file.name, cmp.Diff(string(want), string(again.Plain())))
		}
		if l, _ := leaks(file.format, again, out); len(l) > 0 {
			t.Errorf("%s: leak %q", file.name, l)
		}
		if err := again.Unset(at); err != nil {
			t.Errorf("%s: unset: %v", file.name, err)
			continue
		}
		out, err = again.Seal(sealOptions())
		if err != nil {
			t.Errorf("%s: %v", file.name, err)
			continue
		}
		last, err := c.open(out)
		if err != nil {
			t.Errorf("%s: %v", file.name, err)
			continue
		}
		if !bytes.Equal(last.Plain(), src) {
			bad2++
			t.Errorf("%s: set and unset: another text", file.name)
		}
	}
	t.Logf("%d files, %d, %d bad", n, bad, bad2)
}
