package merges

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"testing"
)

func TestMergesOfGit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Fatal("git is not installed, and merges are to be tested with it")
	}
	for seed := range *rounds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			c := newClone(t, seed)
			base := c.begin()
			c.git("checkout", "-qb", "other")
			theirs := c.change(base)
			c.git("checkout", "-q", "main")
			ours := c.change(base)
			kind := []string{"merge", "rebase", "cherry-pick", "criss-cross"}[seed%4]
			t.Log(kind, c.format)
			switch kind {
			case "merge":
				_, err := c.tryGit("merge", "--no-edit", "other")
				want, conflicts := merge(base, ours, theirs)
				c.settle(err == nil, want, conflicts, ours, theirs, "commit", "-qm", "merged")
			case "rebase": // ours is what the commit comes to, theirs the commit
				_, err := c.tryGit("rebase", "other")
				want, conflicts := merge(base, theirs, ours)
				c.settle(err == nil, want, conflicts, theirs, ours, "-c", "core.editor=true", "rebase", "--continue")
			case "cherry-pick":
				_, err := c.tryGit("cherry-pick", "--allow-empty", "other")
				want, conflicts := merge(base, ours, theirs)
				c.settle(err == nil, want, conflicts, ours, theirs, "commit", "--allow-empty", "-qm", "picked")
			default:
				c.crissCross(base, ours, theirs)
			}
		})
	}
}

// crissCross merges each side into the other, changes both again and merges once
// more: git makes the base of two, and the driver merges those first.
func (c *clone) crissCross(base, ours, theirs state) {
	c.git("branch", "ours-before")
	_, err := c.tryGit("merge", "--no-edit", "other")
	want, conflicts := merge(base, ours, theirs)
	a := c.settle(err == nil, want, conflicts, ours, theirs, "commit", "-qm", "merged")
	c.git("checkout", "-q", "other")
	_, err = c.tryGit("merge", "--no-edit", "ours-before")
	want, conflicts = merge(base, theirs, ours)
	b := c.settle(err == nil, want, conflicts, theirs, ours, "commit", "-qm", "merged")
	b = c.change(b)
	c.git("checkout", "-q", "main")
	a = c.change(a)
	out, err := c.tryGit("merge", "--no-edit", "other")
	c.noPlaintext()
	if err != nil {
		if code, _, _ := c.trySops("decrypt", c.file); code != 51 {
			c.Fatalf("git says %v, and the file has no conflicts:\n%s", err, out)
		}
		c.sops("merge", "--ours")
		c.git("commit", "-qm", "merged")
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(c.sops("decrypt", "--output-type", "json", c.file)), &got); err != nil {
		c.Fatal(err)
	}
	if c.format == "ini" {
		got, _ = got["s"].(map[string]any)
	}
	for i := range 9 {
		key := fmt.Sprintf("k%d", i)
		value, _ := got[key].(string)
		if a.values[key] == b.values[key] && value != a.values[key] {
			c.Errorf("%s is %q, and %q on both sides", key, value, a.values[key])
		}
		if !slices.Contains([]string{a.values[key], b.values[key]}, value) {
			c.Errorf("%s is %q, which is on neither side", key, value)
		}
	}
}
