package config

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"
)

// FuzzLoadNeverPanics holds the laws of every configuration, good or bad: all
// that is said about it names a line that is there, and a rule is found or
// refused with an error, never half made.
func FuzzLoadNeverPanics(f *testing.F) {
	paths, err := filepath.Glob("testdata/sops/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	for _, src := range []string{
		"", "a: [", "creation_rules: [&r {<<: *r}]", "creation_rules:\n- kms: ARN_A+ROLE\n  encrypted_regex: (\n",
		"creation_rules: [{path_regex: '(?P<a>.)', kms: '${a}', encryption_context: {x: '$${a}'}}]",
		"destination_rules: [{s3_bucket: a, vault_kv_version: 2, recreation_rule: {pgp: FP}}]\nstores: {json: {indent: -1}}\n",
		"x: &x !!binary aGk=\ncreation_rules: [{age: *x, shamir_threshold: 0x2, mac_only_encrypted: on}]\n",
	} {
		f.Add([]byte(fill(src)))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		lines := bytes.Count(bytes.ReplaceAll(src, []byte("\r"), []byte("\n")), []byte("\n")) + 1 + bytes.Count(src, []byte("\u0085")) +
			bytes.Count(src, []byte("\u2028")) + bytes.Count(src, []byte("\u2029"))
		file, err := Parse(under(Name), src)
		if err != nil {
			lawOfErrors(t, err, lines)
			return
		}
		for _, p := range file.Warnings {
			if p.Line < 1 || p.Line > lines || p.Msg == "" {
				t.Errorf("warning %+v in %d lines", p, lines)
			}
		}
		for _, path := range []string{"a.yaml", "prod/a,b.json", ""} {
			r, err := file.RuleFor(under(path))
			if err != nil {
				lawOfErrors(t, err, lines)
			} else {
				lawOfRules(t, r)
			}
			if _, err := file.DestinationFor(under(path)); err != nil {
				lawOfErrors(t, err, lines)
			}
		}
	})
}

func lawOfErrors(t *testing.T, err error, lines int) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("%v is no *Error", err)
		return
	}
	if e.Line < 0 || e.Line > lines || e.Msg == "" || e.Path == "" || e.File() != e.Path || !utf8.ValidString(e.Error()) {
		t.Errorf("error %+q in %d lines", e.Error(), lines)
	}
}

func lawOfRules(t *testing.T, r *Rule) {
	t.Helper()
	if _, err := r.Selection.Compile(); err != nil {
		t.Errorf("selection: %v", err)
	}
	for _, g := range r.Groups {
		if len(g) == 0 {
			t.Error("a group is empty")
		}
		for _, k := range g {
			if k.Identity() == "" {
				t.Errorf("a %s key has no name", k.Kind)
			}
		}
	}
}
