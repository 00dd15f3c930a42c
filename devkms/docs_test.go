package devkms_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/kms"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/kmsadmin"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/sts"
)

// userPage is the documentation that users read.
func userPage(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../docs/devkms.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func operations() []string {
	all := kms.Operations()
	maps.Copy(all, kmsadmin.Operations())
	return append(slices.Sorted(maps.Keys(all)), sts.Operations()...)
}

// conditionKeys finds the condition keys that the source sets.
func conditionKeys(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("internal/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`(?:Set|Fact|Replace)\("((?:kms|aws|sts|iam):[A-Za-z:/]+)"`)
	var out []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range form.FindAllStringSubmatch(string(src), -1) {
			out = append(out, m[1])
		}
	}
	return out
}

func TestTheReferenceNamesEverything(t *testing.T) {
	t.Parallel()
	text := userPage(t)
	all := map[string][]string{
		"operation":     operations(),
		"operator":      iam.Operators(),
		"condition key": conditionKeys(t),
		"element":       iam.Elements()[3:],
	}
	for _, m := range devkms.FaultModes() {
		all["fault"] = append(all["fault"], string(m))
	}
	for kind, names := range all {
		if len(names) < 5 {
			t.Errorf("only %d names of kind %s", len(names), kind)
		}
		for _, n := range names {
			if !strings.Contains(text, "`"+n+"`") {
				t.Errorf("docs/devkms.md does not name the %s `%s`", kind, n)
			}
		}
	}
}

func TestTheReferenceNamesEveryWorldKey(t *testing.T) {
	t.Parallel()
	text := userPage(t)
	src, err := os.ReadFile("internal/world/fields.go")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?:Name: |\w\()"(\w+)", `).FindAllStringSubmatch(string(src), -1)
	if len(found) < 30 {
		t.Errorf("only %d keys found in the parser", len(found))
	}
	for _, m := range found {
		if !strings.Contains(text, "`"+m[1]+"`") {
			t.Errorf("docs/devkms.md does not name the world key `%s`", m[1])
		}
	}
}

func TestTheReferencePromisesNothingThatIsNotThere(t *testing.T) {
	t.Parallel()
	_, section, _ := strings.Cut(userPage(t), "\n## Operations\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, m := range regexp.MustCompile("`([A-Z][A-Za-z]+)`").FindAllStringSubmatch(section, -1) {
		if !slices.Contains(operations(), m[1]) && m[1] != "DryRun" {
			t.Errorf("docs/devkms.md names the operation %s, which is not there", m[1])
		}
	}
	known := strings.ToLower(strings.Join(conditionKeys(t), " ") + " ")
	for _, m := range regexp.MustCompile("`((?:kms|sts|aws|iam):[A-Za-z]+[:/]?)`").FindAllStringSubmatch(userPage(t), -1) {
		if !strings.Contains(known, strings.ToLower(m[1])+" ") {
			t.Errorf("docs/devkms.md names the condition key %s, which is not there", m[1])
		}
	}
}

// TestTheExampleOfThePageIsAWorld keeps the first thing that people copy true.
func TestTheExampleOfThePageIsAWorld(t *testing.T) {
	t.Parallel()
	_, src, _ := strings.Cut(userPage(t), "```yaml\n")
	src, _, ok := strings.Cut(src, "```")
	if !ok {
		t.Fatal("the page has no example")
	}
	w, err := devkms.ParseWorld("world.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	p, err := iam.ParsePolicy(w.Accounts[0].Keys[0].Policy.JSON())
	if err != nil {
		t.Fatal(err)
	}
	const account = "111122223333"
	who := &iam.Principal{
		Kind: iam.RoleSession, Account: account, RoleARN: awsname.IAMARN(account, "role", "/", "RoleForExampleApp"),
		ARN: "arn:aws:sts::" + account + ":assumed-role/RoleForExampleApp/x",
	}
	for value, want := range map[string]bool{"ExampleApp": true, "Other": false} {
		facts := iam.Fact("kms:EncryptionContext:AppName", value)
		facts.Set("kms:EncryptionContext:FilePath", "/var/opt/secrets/")
		q := iam.Question{Who: who, Action: "kms:Decrypt", Resource: awsname.KeyARN("us-east-1", account, w.Accounts[0].Keys[0].ID), Owner: account, Facts: facts}
		if got := iam.Decide(q, p, false); got.Allowed != want {
			t.Errorf("AppName %s: %+v", value, got)
		}
	}
}
