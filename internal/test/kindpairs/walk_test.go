package kindpairs_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// A state is what the keys of a file are to be.
type state struct {
	groups    [][]keeper.MasterKey
	threshold int
}

// TestUpdatekeysWalksThroughSetsOfAllKinds goes from one list of groups to the
// next, each drawn from two keys of each of the seven kinds, while the keys of one
// kind cannot be used. The same draws come in every run.
func TestUpdatekeysWalksThroughSetsOfAllKinds(t *testing.T) {
	t.Parallel()
	const walks, steps = 10, 8
	for walk := range walks {
		t.Run(fmt.Sprint(walk), func(t *testing.T) {
			t.Parallel()
			b, f := newBench(t), files()[walk%len(files())]
			draw := rand.New(rand.NewPCG(13, uint64(walk)))
			from := drawState(draw)
			b.write(f.name, f.text)
			b.config(groupsForm, from.threshold, from.groups...)
			b.must(nil, "encrypt", "-i", f.name)
			for range steps {
				to := drawState(draw)
				b.step(f, from, to, kinds.Names()[draw.IntN(len(kinds.Names()))])
				from = to
			}
		})
	}
}

// drawState draws groups. A key is in one of them at most.
func drawState(draw *rand.Rand) state {
	const mostGroups = 3
	s := state{groups: make([][]keeper.MasterKey, 1+draw.IntN(mostGroups))}
	for _, kind := range kinds.Names() {
		for _, m := range stage.Keys(kind) {
			if i := draw.IntN(2 * len(s.groups)); i < len(s.groups) {
				s.groups[i] = append(s.groups[i], m)
			}
		}
	}
	s.groups = slices.DeleteFunc(s.groups, func(g []keeper.MasterKey) bool { return len(g) == 0 })
	if len(s.groups) == 0 {
		s.groups = [][]keeper.MasterKey{stage.Keys(keeper.Vault)}
	}
	if len(s.groups) > 1 {
		s.threshold = 2 + draw.IntN(len(s.groups)-1)
	}
	return s
}

// step updates a file first without the keys of a kind, and with all keys where
// that cannot be.
func (b *bench) step(f file, from, to state, kind string) {
	b.Helper()
	form := groupsForm
	if len(to.groups) == 1 {
		form = len(to.groups[0]) % forms
	}
	b.config(form, to.threshold, to.groups...)
	var but []string
	if kind != keeper.Age {
		but = []string{kind}
	}
	before := b.read(f.name)
	o := b.sops(but, "updatekeys", "-y", f.name)
	if want := len(but) == 0 || possible(from, to, kind); want != (o.status == 0) {
		b.Fatalf("without %v: %v to %v: exit %d, want success: %v\n%s%s", but, names(from), names(to), o.status, want, o.stdout, o.stderr)
	}
	if o.status != 0 {
		if b.read(f.name) != before {
			b.Errorf("without %v: %v to %v: it failed and changed the file", but, names(from), names(to))
		}
		b.must(nil, "updatekeys", "-y", f.name)
	}
	now := state{b.encrypted(f.name).Meta.MasterKeys(), to.threshold}
	if diff := cmp.Diff(names(to), names(now)); diff != "" {
		b.Errorf("%v to %v (-want +got):\n%s", names(from), names(to), diff)
	}
	b.reads(nil, f.name, f.text)
}

// names lists the keys of each group, without versions, which a rule leaves open.
func names(s state) [][]string {
	out := make([][]string, len(s.groups))
	for i, g := range s.groups {
		for _, m := range g {
			out[i] = append(out[i], named(m))
		}
		slices.Sort(out[i])
	}
	return out
}

func named(m keeper.MasterKey) string {
	name := m.Kind + " " + m.Identity()
	if m.Kind == keeper.Azure {
		return name[:strings.LastIndex(name, "/")]
	}
	return name
}

// possible reports whether a file comes from one state to another without any
// key of a kind: it has to be opened, and to be wrapped for none of them.
func possible(from, to state, kind string) bool {
	if cmp.Equal(names(from), names(to)) && from.threshold == to.threshold {
		return true
	}
	open := 0
	for _, g := range from.groups {
		if slices.ContainsFunc(g, func(m keeper.MasterKey) bool { return m.Kind != kind }) {
			open++
		}
	}
	if open < max(1, from.threshold) {
		return false
	}
	split := len(from.groups) != len(to.groups) || from.threshold != to.threshold
	for i, g := range to.groups {
		for _, m := range g {
			if m.Kind == kind && (split || !slices.ContainsFunc(from.groups[i], func(n keeper.MasterKey) bool { return named(n) == named(m) })) {
				return false
			}
		}
	}
	return true
}
