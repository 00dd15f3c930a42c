package laws_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/cli"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
)

type tampering struct {
	File, Change string
	Args         []string
	Accepted     bool // by SOPS 3.13.3
}

// harmless lists the changes that mean nothing, or that a user asked to be
// allowed, with the reason.
var harmless = map[string]string{
	"01-baseline":                           "nothing was changed",
	"11-list-reordered-ignore-mac":          "--ignore-mac was given",
	"32-sops-key-moved-first":               "where the metadata is means nothing",
	"34-recipient-injected":                 "read with a warning; the key gets no data key without a yes",
	"40-same-with-ignore-mac":               "--ignore-mac was given",
	"42-mac-only-baseline":                  "nothing was changed",
	"43-mac-only-unencrypted-value-changed": "mac_only_encrypted allows to edit plain values",
	"44-mac-only-unencrypted-subtree-added": "mac_only_encrypted allows to edit plain values",
	"y01-untouched":                         "nothing was changed",
	"y07-plain-comment-injected":            "comments are not protected",
	"y08-encrypted-comment-deleted":         "comments are not protected",
	"y09-encrypted-comment-duplicated":      "comments are not protected",
}

// sealLines finds the fields of the metadata that a rewrite renews.
var sealLines = regexp.MustCompile(`(?m)^(\s*)("?)(mac|lastmodified)("?: )(.*?)(,?)$`)

// baseline returns the file that a tampering was made from.
func baseline(file string) string {
	switch {
	case strings.HasPrefix(file, "tamper/y"):
		return "tamper/y01-untouched.yaml"
	case file >= "tamper/42" && file < "tamper/47":
		return "tamper/42-mac-only-baseline.json"
	}
	return "tamper/01-baseline.json"
}

// resealed decrypts a file of the real SOPS and encrypts it again: the same tokens,
// but a seal, and a MAC that goes with it.
func resealed(t *testing.T, file string) map[string]string {
	t.Helper()
	o, err := decryptFixture(t, formatFor(t, file), file, nil, envelope.DecryptOptions{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := o.Encrypt(envelope.EncryptOptions{Now: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC), Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{}
	for _, name := range []string{"mac", "lastmodified", "seal"} {
		m := regexp.MustCompile(`(?m)^\s*"?` + name + `"?: (.*?),?$`).FindSubmatch(out)
		if m == nil {
			t.Fatalf("%s: no %s in\n%s", file, name, out)
		}
		fields[name] = string(m[1])
	}
	return fields
}

// graft makes the tampering again on a file with a seal: it gives the tampered
// file the renewed fields. Where the tampering was in one of these, it stays.
func graft(text, original string, fields map[string]string) string {
	kept := map[string]bool{}
	for _, m := range sealLines.FindAllStringSubmatch(original, -1) {
		kept[m[3]+m[5]] = true
	}
	return sealLines.ReplaceAllStringFunc(text, func(line string) string {
		m := sealLines.FindStringSubmatch(line)
		indent, quote, name, colon, value, comma := m[1], m[2], m[3], m[4], m[5], m[6]
		if kept[name+value] {
			value = fields[name]
		}
		out := indent + quote + name + colon + value + comma
		if name == "mac" {
			out = indent + quote + "seal" + colon + fields["seal"] + strings.TrimSuffix(comma, "\n")
			if quote != "" {
				out = strings.TrimSuffix(out, ",") + ","
			}
			out += "\n" + indent + quote + name + colon + value + comma
		}
		return out
	})
}

func TestTheSealNoticesEveryTamperingOfMeaning(t *testing.T) {
	t.Parallel()
	var all []tampering
	readJSON(t, "tamper-manifest.json", &all)
	if len(all) != 57 {
		t.Fatalf("%d tamperings, want 57", len(all))
	}
	fields := map[string]map[string]string{}
	var table strings.Builder
	table.WriteString("| change | SOPS 3.13.3 | ours, with a seal |\n|---|---|---|\n")
	for _, x := range all {
		base := baseline(x.File)
		if fields[base] == nil {
			fields[base] = resealed(t, base)
		}
		text := graft(string(readFixture(t, x.File)), string(readFixture(t, base)), fields[base])
		verdict := decryptTampered(t, x, text)
		name := strings.TrimPrefix(x.File, "tamper/")
		name = name[:strings.LastIndexByte(name, '.')]
		reason, allowed := harmless[name]
		if (verdict == nil) != allowed {
			t.Errorf("%s (%s): %v, want accepted = %t", x.File, x.Change, verdict, allowed)
		}
		theirs := "refused"
		if x.Accepted {
			theirs = "**accepted**"
		}
		ours := "accepted: " + reason
		if verdict != nil {
			ours = "refused: " + strings.ReplaceAll(verdict.Error(), "|", "\\|")
		}
		fmt.Fprintf(&table, "| %s | %s | %s |\n", strings.ReplaceAll(x.Change, "|", "\\|"), theirs, ours)
	}
	compareTable(t, table.String())
}

func decryptTampered(t *testing.T, x tampering, text string) error {
	t.Helper()
	f := formatFor(t, x.File)
	s, err := envelope.Parse([]byte(text), f)
	if err != nil {
		return err
	}
	_, err = s.Decrypt(t.Context(), fixtureKeeper(nil), envelope.DecryptOptions{IgnoreMAC: len(x.Args) > 0})
	if err != nil && cli.ExitStatus(err) == 1 {
		t.Logf("%s: exit code 1: %v", x.File, err)
	}
	return err
}

// compareTable holds the table in docs/security.md true. UPDATE_DOCS=1 writes it.
func compareTable(t *testing.T, table string) {
	t.Helper()
	const file, begin, end = "../../../docs/security.md", "<!-- tamperings: begin -->\n", "<!-- tamperings: end -->\n"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(page), begin)
	old, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatal(errors.New(file + " has no place for the table"))
	}
	if old == table {
		return
	}
	if os.Getenv("UPDATE_DOCS") == "" {
		t.Fatalf("%s is not true any more; run UPDATE_DOCS=1 go test ./internal/test/laws -run TheSealNotices", file)
	}
	if err := os.WriteFile(file, []byte(before+begin+table+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
