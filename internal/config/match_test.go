package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reached returns the line of the rule that path reaches, 0 if there is none.
func reached(t *testing.T, f *File, path string) int {
	t.Helper()
	r, err := f.RuleFor(path)
	if errors.Is(err, ErrNoRule) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return r.Line
}

func TestTheFirstMatchingRuleWins(t *testing.T) {
	t.Parallel()
	f := parse(t, `creation_rules:
  - {path_regex: ^prod/, age: AGE_A}
  - {path_regex: 'secret', age: AGE_A}
  - {path_regex: '(?i)\.YAML$', age: AGE_A}
  - {path_regex: '', age: AGE_A}
`)
	for path, want := range map[string]int{
		"prod/secret.yaml":         2,
		"dev/prod/a.json":          5,
		"dev/my-secrets/a.json":    3,
		"a.yaml":                   4,
		"a.json":                   5,
		"../outside/secret":        3,
		"../repo-sibling/prod/a.b": 5,
	} {
		if got := reached(t, f, under(path)); got != want {
			t.Errorf("%s reaches line %d, want %d", path, got, want)
		}
	}
}

func TestPathsOutsideAreMatchedWhole(t *testing.T) {
	t.Parallel()
	f := parse(t, "creation_rules: [{path_regex: ^a, age: AGE_A}, {path_regex: 'nowhere.elsewhere', age: AGE_A}]\n")
	if got := reached(t, f, filepath.Join(filepath.Dir(root()), "elsewhere", "a")); got != 1 {
		t.Error("the absolute path does not match")
	}
	if _, err := f.RuleFor(filepath.Join(filepath.Dir(root()), "a")); !errors.Is(err, ErrNoRule) {
		t.Errorf("got %v", err)
	}
}

func TestWindowsPathsMatchInBothForms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		native    string
		separator rune
		want      []string
	}{
		{`prod\a.yaml`, '\\', []string{`prod\a.yaml`, "prod/a.yaml"}},
		{`a.yaml`, '\\', []string{`a.yaml`}},
		{`prod/a.yaml`, '/', []string{`prod/a.yaml`}},
		{`odd\name`, '/', []string{`odd\name`}},
	} {
		if diff := cmp.Diff(c.want, slashed(c.native, c.separator)); diff != "" {
			t.Errorf("%q: %s", c.native, diff)
		}
	}
}

// linked makes repo/prod/a.yaml and links around it.
func linked(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{"repo/prod", "home"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "repo/prod/a.yaml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{
		"checkout":         filepath.Join(dir, "repo"),
		"repo/link.yaml":   "prod/a.yaml",
		"home/outer.yaml":  "../repo/prod/a.yaml",
		"home/dangle.yaml": "../repo/none",
		"home/loop":        "loop",
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLinksOnEitherSideDoNotHideThePath(t *testing.T) {
	t.Parallel()
	dir := linked(t)
	for _, c := range []struct{ config, path, want string }{
		{"repo", "repo/prod/a.yaml", "prod/a.yaml"},
		{"checkout", "repo/prod/a.yaml", "prod/a.yaml"},
		{"repo", "checkout/prod/a.yaml", "prod/a.yaml"},
		{"checkout", "checkout/prod/a.yaml", "prod/a.yaml"},
		{"repo", "checkout/prod/new/b.yaml", "prod/new/b.yaml"}, // not there yet
		{"repo", "repo/link.yaml", "link.yaml"},                 // known by its own name
		{"repo", "checkout/link.yaml", "link.yaml"},
		{"repo", "home/outer.yaml", "prod/a.yaml"},
		{"repo", "home/dangle.yaml", filepath.Join(dir, "home/dangle.yaml")},
		{"repo", "home/loop", filepath.Join(dir, "home/loop")},
	} {
		got := relative(filepath.Join(dir, c.config), filepath.Join(dir, c.path))
		if got != filepath.FromSlash(c.want) {
			t.Errorf("%s below %s is %q, want %q", c.path, c.config, got, c.want)
		}
	}
}

func TestCapturesOfThePathAreExpanded(t *testing.T) {
	t.Parallel()
	f := parse(t, `
creation_rules:
  - path_regex: ^(?P<env>[^/]+)/(?P<account>\d+)/(?P<app>.+?)(\.(?P<kind>secret))?\.yaml$
    kms: ['arn:aws:kms:eu-west-1:${account}:alias/${env}-sops', 'ARN_A+arn:aws:iam::${account}:role/${env}/writer']
    aws_profile: ${env}-admin
    encryption_context: {app: "${app}", literal: "$${env} ${} $x {env}", both: "${env}:${env}"}
  - path_regex: (?P<env>.+)
    key_groups:
      - kms: [{arn: "arn:aws:kms:eu-west-1:1:alias/${env}", role: "arn:aws:iam::1:role/${env}", aws_profile: "p-${env}", context: {e: "${env}"}}]
`)
	if f.Warnings != nil {
		t.Errorf("warnings: %q", texts(f.Warnings))
	}
	r, err := f.RuleFor(under("prod/123/web api.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	context := `app:web api,both:prod:prod,literal:${env} ${} $x {env}`
	want := []string{
		"0 kms arn:aws:kms:eu-west-1:123:alias/prod-sops|" + context + "|prod-admin",
		"0 kms ARN_A+arn:aws:iam::123:role/prod/writer|" + context + "|prod-admin",
	}
	if diff := cmp.Diff(want, printed(r.Groups)); diff != "" {
		t.Error(diff)
	}
	r, err = f.RuleFor(under("dev"))
	if err != nil {
		t.Fatal(err)
	}
	want = []string{"0 kms arn:aws:kms:eu-west-1:1:alias/dev+arn:aws:iam::1:role/dev|e:dev|p-dev"}
	if diff := cmp.Diff(want, printed(r.Groups)); diff != "" {
		t.Error(diff)
	}
}

// Who may name a file must not thereby name a key.
func TestAPathCannotBringKeysOfItsOwn(t *testing.T) {
	t.Parallel()
	f := parse(t, `
creation_rules:
  - path_regex: ^(?P<env>.+)\.yaml$
    kms: arn:aws:kms:eu-west-1:1:alias/${env}
`)
	for _, path := range []string{"a,arn:aws:kms:eu-west-1:666:alias/x.yaml", "a+arn:aws:iam::666:role/x.yaml", "a:b.yaml", "a b.yaml", "\u00e9.yaml"} {
		_, err := f.RuleFor(under(path))
		if err == nil || !strings.Contains(err.Error(), "may come from a path") {
			t.Errorf("%q: got %v", path, err)
		}
	}
}

func TestACaptureThatTookNoPartIsAnError(t *testing.T) {
	t.Parallel()
	f := parse(t, "creation_rules: [{path_regex: '^(?P<env>prod)?', encryption_context: {env: '${env}'}, kms: ARN_A}]\n")
	if _, err := f.RuleFor(under("prod.yaml")); err != nil {
		t.Error(err)
	}
	_, err := f.RuleFor(under("dev.yaml"))
	if err == nil || !strings.Contains(err.Error(), "line 1: ${env} has no text") {
		t.Errorf("got %v", err)
	}
}
