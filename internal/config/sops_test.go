package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// groupFile is one key group as a file has it: the fields of the keys by kind.
type groupFile map[string][]map[string]any

// testdata/sops has configurations, each with what the original program wrote
// into a file under it.
func TestConfigurationsMeanWhatTheyMeantToTheOriginal(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/sops/*.yaml")
	if err != nil || len(paths) < 8 {
		t.Fatalf("%d configurations, %v", len(paths), err)
	}
	for _, path := range paths {
		f, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if f.Warnings != nil {
			t.Errorf("%s: %q", path, texts(f.Warnings))
		}
		r, err := f.RuleFor(filepath.Join(filepath.Dir(f.Path), "in.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		src, err := os.ReadFile(strings.TrimSuffix(path, "yaml") + "json")
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]any{}
		if err := json.Unmarshal(src, &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, asFile(t, r)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

// asFile returns what a file under r has, through JSON so that types agree.
func asFile(t *testing.T, r *Rule) map[string]any {
	t.Helper()
	threshold := r.Threshold
	if threshold == 0 && len(r.Groups) > 1 {
		threshold = len(r.Groups)
	}
	all := map[string]any{"shamir_threshold": threshold, "mac_only_encrypted": r.MACOnlyEncrypted}
	fields := r.Selection.Fields()
	if len(fields) == 0 {
		fields = []rule.Field{{Name: "unencrypted_suffix", Text: rule.DefaultSuffix}}
	}
	for _, f := range fields {
		all[f.Name] = f.Text
	}
	var groups []groupFile
	for _, g := range r.Groups {
		groups = append(groups, asGroup(g))
	}
	all["groups"] = groups
	src, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	again := map[string]any{}
	if err := json.Unmarshal(src, &again); err != nil {
		t.Fatal(err)
	}
	return again
}

func asGroup(keys []keeper.MasterKey) groupFile {
	g := groupFile{}
	for _, k := range keys {
		fields := map[string]any{}
		for _, f := range k.Fields {
			fields[f.Name] = f.Text
			if f.Map != nil {
				fields[f.Name] = f.Map
			}
		}
		g[k.Kind] = append(g[k.Kind], fields)
	}
	return g
}
