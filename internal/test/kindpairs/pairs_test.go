package kindpairs_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// eachPair goes through all ordered pairs of kinds, the same kind included; a key
// of age can be wrapped for and opened by everyone here. The type of the file and
// the form of the rule turn with the pairs.
func eachPair(t *testing.T, play func(b *bench, one, two keeper.MasterKey, f file, form int)) {
	all := kinds.Names()
	for i, first := range all {
		for j, second := range all {
			turn := i*len(all) + j
			t.Run(first+" beside "+second, func(t *testing.T) {
				t.Parallel()
				one, two := stage.Keys(first)[0], stage.Keys(second)[1]
				play(newBench(t), one, two, files()[turn%len(files())], turn/len(files())%forms)
			})
		}
	}
}

// refusable reports whether a service can refuse the key: age encrypts without an
// identity, and PGP with whatever keyring has the key.
func refusable(m keeper.MasterKey) bool { return m.Kind != keeper.Age }

// without returns what is taken away so that only the key m is left, nil if it
// cannot be: the other one is of the same kind, or of age.
func without(other, m keeper.MasterKey) []string {
	if other.Kind == m.Kind || !refusable(other) {
		return nil
	}
	return []string{other.Kind}
}

func TestEitherOfTwoKeysOpensAFile(t *testing.T) {
	t.Parallel()
	eachPair(t, func(b *bench, one, two keeper.MasterKey, f file, form int) {
		b.write(f.name, f.text)
		b.config(form, 0, []keeper.MasterKey{one, two})
		b.must(nil, "encrypt", "-i", f.name)
		onlyOne, onlyTwo := without(two, one), without(one, two)
		b.reads(onlyOne, f.name, f.text)
		b.reads(onlyTwo, f.name, f.text)

		// A change of a value needs one key, and leaves the entries alone.
		before := b.wrapped(f.name)
		b.must(onlyTwo, "set", f.name, f.path, `"other"`)
		for kind, enc := range b.wrapped(f.name) {
			if enc != before[kind] {
				b.Errorf("set changed the entries of %s", kind)
			}
		}
		b.reads(onlyOne, f.name, f.other)

		// A new data key needs all, or fewer keys.
		if onlyTwo != nil {
			flag := "--rm-" + kinds.ByName(one.Kind).Flag
			b.refused(onlyTwo, f.name, []string{strings.TrimSuffix(one.Identity(), "/"), flag, "--allow-partial"}, "rotate", "-i", f.name)
		}
		b.must(nil, "rotate", "-i", f.name)
		for kind, enc := range b.wrapped(f.name) {
			if enc == before[kind] {
				b.Errorf("rotate left the entries of %s as they were", kind)
			}
		}
		b.reads(onlyOne, f.name, f.other)
		b.reads(onlyTwo, f.name, f.other)
		if onlyTwo != nil {
			b.must(onlyTwo, "rotate", "-i", "--allow-partial", f.name)
			if b.wrapped(f.name)[one.Kind] != "" {
				b.Errorf("the key that cannot be used was not left out")
			}
			b.reads(onlyTwo, f.name, f.other)
		}
	})
}

func TestUpdatekeysCallsOnlyWhatItNeeds(t *testing.T) {
	t.Parallel()
	eachPair(t, func(b *bench, one, two keeper.MasterKey, f file, form int) {
		b.write(f.name, f.text)
		b.config(form, 0, []keeper.MasterKey{one})
		b.must(nil, "encrypt", "-i", f.name)
		before := b.wrapped(f.name)
		b.config(form, 0, []keeper.MasterKey{one, two})
		b.must(nil, "updatekeys", "-y", f.name)
		both := b.wrapped(f.name)
		if !strings.Contains(both[one.Kind], strings.TrimSpace(before[one.Kind])) {
			b.Errorf("the entry of %s was made anew", one.Identity())
		}
		b.reads(without(one, two), f.name, f.text)

		// A key that cannot be used neither comes, nor is it in the way.
		onlyTwo := without(one, two)
		if o := b.must(onlyTwo, "updatekeys", "-y", f.name); !strings.Contains(o.stderr, "up to date") {
			b.Errorf("a second updatekeys: %s", o.stderr)
		}
		b.config(form, 0, []keeper.MasterKey{two})
		b.must(onlyTwo, "updatekeys", "-y", f.name)
		b.reads(onlyTwo, f.name, f.text)
		if onlyTwo != nil {
			b.config(form, 0, []keeper.MasterKey{one, two})
			b.refused(onlyTwo, f.name, []string{strings.TrimSuffix(one.Identity(), "/")}, "updatekeys", "-y", f.name)
			o := b.must(onlyTwo, "updatekeys", "-y", "--allow-partial", f.name)
			if !strings.Contains(o.stderr, "LEFT OUT") {
				b.Errorf("updatekeys --allow-partial: %s", o.stderr)
			}
		}
	})
}

func TestTwoGroupsNeedAKeyOfEach(t *testing.T) {
	t.Parallel()
	eachPair(t, func(b *bench, one, two keeper.MasterKey, f file, _ int) {
		b.write(f.name, f.text)
		b.config(groupsForm, 2, []keeper.MasterKey{one}, []keeper.MasterKey{two})
		b.must(nil, "encrypt", "-i", f.name)
		b.reads(nil, f.name, f.text)
		for _, m := range []keeper.MasterKey{one, two} {
			if refusable(m) {
				b.refused([]string{m.Kind}, f.name, []string{"Failed to get the data key"}, "decrypt", f.name)
			}
		}
		b.must(nil, "set", f.name, f.path, `"other"`)
		b.must(nil, "rotate", "-i", f.name)
		b.reads(nil, f.name, f.other)

		// A third group, of the other key of the first kind: two of three are enough.
		third := stage.Keys(one.Kind)[1]
		if keeper.Same(third, two) {
			third = stage.Keys(keeper.Age)[1]
			if one.Kind == keeper.Age {
				third = stage.Keys(keeper.KMS)[1]
			}
		}
		b.must(nil, "groups", "add", "-i", "-f", f.name, "--accept-keys", "--"+kinds.ByName(third.Kind).Flag, strings.TrimSuffix(third.Identity(), "/"))
		b.reads(nil, f.name, f.other)
		if two.Kind != one.Kind && two.Kind != third.Kind && refusable(two) {
			b.reads([]string{two.Kind}, f.name, f.other)
		}
		b.must(nil, "groups", "delete", "-i", "-f", f.name, "--accept-keys", "0")
		b.reads(nil, f.name, f.other)
		if got := len(b.encrypted(f.name).Meta.Groups); got != 2 {
			b.Errorf("%d groups", got)
		}
		b.must(nil, "updatekeys", "-y", f.name)
		b.reads(nil, f.name, f.other)
	})
}

// TestRotateAddsAndRemovesKeysOfEachKind goes by the flags of each kind, on a file
// that a key of the next kind opens as well.
func TestRotateAddsAndRemovesKeysOfEachKind(t *testing.T) {
	t.Parallel()
	all := kinds.Names()
	for i, kind := range all {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			b, f := newBench(t), files()[i%len(files())]
			k, keys, base := kinds.ByName(kind), stage.Keys(kind), stage.Keys(all[(i+1)%len(all)])[0]
			name := func(m keeper.MasterKey) string { return strings.TrimSuffix(m.Identity(), "/") }
			baseFlag := "--" + kinds.ByName(base.Kind).Flag
			b.write(f.name, f.text)
			b.must(nil, "encrypt", "-i", baseFlag, name(base), f.name)
			b.must(nil, "rotate", "-i", "--accept-keys", "--add-"+k.Flag, name(keys[0])+","+name(keys[1]), f.name)
			b.reads(without(base, keys[0]), f.name, f.text)
			b.must(nil, "rotate", "-i", "--accept-keys", "--rm-"+k.Flag, name(keys[0]), f.name)
			left := slices.Concat(b.encrypted(f.name).Meta.MasterKeys()...)
			if len(left) != 2 || slices.ContainsFunc(left, func(m keeper.MasterKey) bool { return keeper.Same(keys[0].Settled([]keeper.MasterKey{m}), m) }) {
				t.Errorf("the file has %v", left)
			}
			b.reads(without(base, keys[1]), f.name, f.text)
			b.reads(without(keys[1], base), f.name, f.text)

			// The variable of the kind, as a list.
			b.write(f.name, f.text)
			b.vars = []string{k.Variable() + "=" + name(keys[0]) + "," + name(keys[1])}
			b.must(nil, "encrypt", "-i", f.name)
			if got := len(b.encrypted(f.name).Meta.Keys()[0]); got != 2 {
				t.Errorf("%s names %d keys", k.Variable(), got)
			}
			b.reads(nil, f.name, f.text)
		})
	}
}
