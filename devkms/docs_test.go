package devkms

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
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

// conditionKeys finds the condition keys that the source sets.
func conditionKeys(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`(?:set|fact|replace)\("((?:kms|aws|sts|iam):[A-Za-z:/]+)"`)
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
		"operation":     append(keysOf(kmsOperations()), keysOf(stsOperations())...),
		"operator":      operatorNames(),
		"condition key": conditionKeys(t),
		"element":       statementElements()[3:],
	}
	for _, m := range FaultModes() {
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
	src, err := os.ReadFile("world_parse.go")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`\{"(\w+)", func`).FindAllStringSubmatch(string(src), -1)
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
	_, operations, _ := strings.Cut(userPage(t), "\n## Operations\n")
	operations, _, _ = strings.Cut(operations, "\n## ")
	for _, m := range regexp.MustCompile("`([A-Z][A-Za-z]+)`").FindAllStringSubmatch(operations, -1) {
		_, isKMS := kmsOperations()[m[1]]
		_, isSTS := stsOperations()[m[1]]
		if !isKMS && !isSTS && m[1] != "DryRun" {
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
	w, err := ParseWorld("world.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	who := newPeople(w).roles["arn:aws:iam::111122223333:role/RoleForExampleApp"].session("x")
	key := w.Accounts[0].Keys[0]
	for value, want := range map[string]bool{"ExampleApp": true, "Other": false} {
		facts := fact("kms:EncryptionContext:AppName", value)
		facts.set("kms:EncryptionContext:FilePath", "/var/opt/secrets/")
		q := question{who: who, action: "kms:Decrypt", resource: keyARN("us-east-1", "111122223333", key.ID), owner: "111122223333", facts: facts}
		if got := decide(q, key.Policy, false); got.allowed != want {
			t.Errorf("AppName %s: %+v", value, got)
		}
	}
}
