package kindpairs_test

import (
	"crypto/rand"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// The tests of this file run one after the other, before all that are parallel:
// the faults would strike those as well.

// services are the kinds whose keys a service has.
func services() []string {
	return slices.DeleteFunc(kinds.Names(), func(kind string) bool { return kind == keeper.Age || kind == keeper.PGP })
}

// TestAHealthyKeyAnswersWhateverBefallsAService measures the rows that
// internal/test/bench/faults prints of whole processes. The bound is far above
// what is promised (300 ms and 250 ms), and below the first limit for one key.
func TestAHealthyKeyAnswersWhateverBefallsAService(t *testing.T) {
	const soon = 2500 * time.Millisecond
	modes := []httpfault.Mode{
		httpfault.Hang, httpfault.HangAfterHeaders, httpfault.Refuse, httpfault.Drop, httpfault.Reset,
		httpfault.Throttle, httpfault.InternalError, httpfault.Garbage, httpfault.Unavailable,
	}
	healthy := stage.Keys(keeper.Age)[0]
	var mu sync.Mutex
	table := map[string]time.Duration{}
	t.Run("services", func(t *testing.T) {
		for _, kind := range services() {
			t.Run(kind, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				b.write("f.yaml", "a: secret\n")
				b.config(groupsForm, 0, []keeper.MasterKey{stage.Keys(kind)[0], healthy})
				b.must(nil, "encrypt", "-i", "f.yaml")
				measure := func(fault string) {
					o := b.sops(nil, "decrypt", "--decryption-order", kind+",age", "f.yaml")
					if o.status != 0 || o.stdout != "a: secret\n" || o.took > soon {
						t.Errorf("%s: exit %d after %v\n%s", fault, o.status, o.took, o.stderr)
					}
					mu.Lock()
					defer mu.Unlock()
					table[kind+" "+fault] = o.took
				}
				measure("well")
				for _, mode := range modes {
					stage.Break(kind, mode)
					measure(string(mode))
					stage.Mend(kind)
				}
				b.spoil("f.yaml", kind)
				measure("wrong data key")
			})
		}
	})
	for _, row := range slices.Sorted(maps.Keys(table)) {
		t.Logf("%-30s %v", row, table[row].Round(time.Millisecond))
	}
}

// spoil gives the entry of a kind the data key of another file, as a merge gone
// wrong does.
func (b *bench) spoil(name, kind string) {
	b.Helper()
	text := b.read(name)
	b.write("other.yaml", "a: secret\n")
	b.must(nil, "encrypt", "-i", "other.yaml")
	foreign := b.wrapped("other.yaml")[kind]
	s := b.encrypted(name)
	groups := s.Meta.Keys()
	for i, w := range groups[0] {
		if w.Kind == kind {
			groups[0][i].Enc = strings.TrimSuffix(foreign, "\n")
		}
	}
	out, err := s.SetKeys(groups, s.Meta.Threshold, rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	if b.write(name, string(out)); b.read(name) == text {
		b.Fatal("nothing was spoiled")
	}
}

// TestThreeOfFiveGroupsAskThreeServices has groups of five services, and any
// three of them open the file.
func TestThreeOfFiveGroupsAskThreeServices(t *testing.T) {
	b := newBench(t)
	var groups [][]keeper.MasterKey
	for _, kind := range services() {
		groups = append(groups, stage.Keys(kind)[:1])
	}
	b.write("f.yaml", "a: secret\n")
	b.config(groupsForm, 3, groups...)
	b.must(nil, "encrypt", "-i", "f.yaml")
	asked := func(args ...string) map[string]int {
		t.Helper()
		stage.Unwraps()
		// A slow machine is not silence.
		if o := b.must(nil, append([]string{"decrypt", "--hedge", "1m", "f.yaml"}, args...)...); o.stdout != "a: secret\n" {
			t.Errorf("%q, %s", o.stdout, o.stderr)
		}
		return stage.Unwraps()
	}
	for order, want := range map[string][]string{
		"":                                 {keeper.KMS, keeper.GCP, keeper.HCKMS},
		"hc_vault,azure_kv,hckms,gcp_kms":  {keeper.Vault, keeper.Azure, keeper.HCKMS},
		"azure_kv,kms,hc_vault,pgp,age":    {keeper.Azure, keeper.KMS, keeper.Vault},
		"hckms,kms,gcp_kms,azure_kv,pgp":   {keeper.HCKMS, keeper.KMS, keeper.GCP},
		"gcp_kms,hc_vault,hckms,age,kms":   {keeper.GCP, keeper.Vault, keeper.HCKMS},
		"age,pgp,kms,azure_kv,hc_vault":    {keeper.KMS, keeper.Azure, keeper.Vault},
		" hc_vault , gcp_kms , azure_kv, ": {keeper.Vault, keeper.GCP, keeper.Azure},
	} {
		calls := map[string]int{}
		for _, kind := range want {
			calls[kind] = 1
		}
		if diff := cmp.Diff(calls, asked("--decryption-order", order)); diff != "" {
			t.Errorf("order %q (-want +got):\n%s", order, diff)
		}
	}
	// One that refuses brings the next one in, and no other.
	stage.Unwraps()
	b.reads([]string{keeper.GCP}, "f.yaml", "a: secret\n")
	if got := stage.Unwraps(); got[keeper.Azure] != 1 || got[keeper.Vault] != 0 {
		t.Errorf("gcp_kms refuses: %v", got)
	}
	// Two may be silent, three not.
	for _, kind := range []string{keeper.KMS, keeper.GCP} {
		stage.Break(kind, httpfault.Hang)
		defer stage.Mend(kind)
	}
	b.reads(nil, "f.yaml", "a: secret\n")
	b.refused([]string{keeper.Vault}, "f.yaml", []string{"3 successful groups required, got 2"}, "decrypt", "--timeout", "2s", "f.yaml")
	if all := stage.Complaints(); len(all) > 0 {
		t.Errorf("requests were not as they must be: %q", all)
	}
}

// TestAKeyThatStaysCostsNoCall holds that updatekeys makes one call of a file's
// services, to open it, and that set does the same.
func TestAKeyThatStaysCostsNoCall(t *testing.T) {
	for _, kind := range services() {
		t.Run(kind, func(t *testing.T) {
			b := newBench(t)
			all := []keeper.MasterKey{stage.Keys(kind)[0]}
			b.write("f.yaml", "a: secret\n")
			b.config(lists, 0, all)
			b.must(nil, "encrypt", "-i", "f.yaml")
			stage.Unwraps()
			b.config(lists, 0, append(all, stage.Keys(keeper.Age)[0]))
			b.must(nil, "updatekeys", "-y", "f.yaml")
			if diff := cmp.Diff(map[string]int{kind: 1}, stage.Unwraps()); diff != "" {
				t.Errorf("a key comes: unwraps (-want +got):\n%s", diff)
			}
			b.must(nil, "updatekeys", "-y", "f.yaml")
			b.must(nil, "set", "f.yaml", `["a"]`, `"other"`)
			if diff := cmp.Diff(map[string]int{}, stage.Unwraps()); diff != "" {
				t.Errorf("age opens it: unwraps (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDoctorKnowsEveryKind examines a file with keys of all kinds, which all
// work, and then each alone with a service that refuses.
func TestDoctorKnowsEveryKind(t *testing.T) {
	b := newBench(t)
	var all []keeper.MasterKey
	for _, kind := range kinds.Names() {
		all = append(all, stage.Keys(kind)[0])
	}
	b.write("f.yaml", "a: secret\n")
	b.config(groupsForm, 0, all)
	b.must(nil, "encrypt", "-i", "f.yaml")
	o := b.must(nil, "doctor", "f.yaml")
	if !strings.Contains(o.stdout, "f.yaml: ok") || strings.Contains(o.stdout, "FAILED") {
		t.Errorf("doctor:\n%s", o.stdout)
	}
	for _, kind := range kinds.Names() {
		if kind == keeper.Age {
			continue
		}
		o := b.sops([]string{kind}, "doctor", "--json", "f.yaml")
		report := b.report(o.stdout)
		for _, k := range report {
			if want := k.Kind != kind; k.Opens != want || want != (k.Error == "" && len(k.Hints) == 0) {
				t.Errorf("without %s: %s works: %v, in %d steps\n%s", kind, k.Kind, k.Opens, len(k.Steps), o.stdout)
			}
		}
		if len(report) != len(all) {
			t.Errorf("without %s: %d keys are examined\n%s", kind, len(report), o.stdout)
		}
	}
}

// examined is what doctor says of one key.
type examined struct {
	Kind  string
	Opens bool
	Error string
	Hints []string
	Steps []keeper.Step
}

func (b *bench) report(text string) []examined {
	b.Helper()
	var r struct{ Keys []examined }
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		b.Fatalf("doctor --json: %v\n%s", err, text)
	}
	return r.Keys
}
