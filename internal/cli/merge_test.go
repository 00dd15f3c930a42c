package cli_test

import (
	"cmp"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// mergeFiles has an encrypted file of each format, each with a name that says
// its type and with one that says nothing.
var mergeFiles = []struct{ name, text, at, value string }{
	{"f.yaml", "a: canary1\nb: canary2\nc: canary3\n", `["a"]`, "canary1"},
	{"f.yaml.enc", "a: canary1\nb: canary2\nc: canary3\n", `["a"]`, "canary1"},
	{"f.json", "{\n\t\"a\": \"canary1\",\n\t\"b\": \"canary2\",\n\t\"c\": \"canary3\"\n}\n", `["a"]`, "canary1"},
	{"f.json.enc", "{\n\t\"a\": \"canary1\",\n\t\"b\": \"canary2\",\n\t\"c\": \"canary3\"\n}\n", `["a"]`, "canary1"},
	{"f.env", "a=canary1\nb=canary2\nc=canary3\n", `["a"]`, "canary1"},
	{".env.production", "a=canary1\nb=canary2\nc=canary3\n", `["a"]`, "canary1"},
	{"f.ini", "[s]\na = canary1\nb = canary2\nc = canary3\n", `["s"]["a"]`, "canary1"},
	{"f.ini.enc", "[s]\na = canary1\nb = canary2\nc = canary3\n", `["s"]["a"]`, "canary1"},
	{"key.pem", "canary1\n", `["data"]`, "canary1\n"},
}

// typeIn returns the type by the name without what says nothing.
func typeIn(name string) string {
	for part, typ := range map[string]string{".yaml": "yaml", ".json": "json", ".env": "dotenv", ".ini": "ini"} {
		if strings.Contains(name, part) {
			return typ
		}
	}
	return "binary"
}

// mergeDesk has the file encrypted in it.
func mergeDesk(t *testing.T, name, text string) (b *bench, encrypted string) {
	t.Helper()
	b = newDesk(t)
	b.vars["EDITOR"] = "true"
	b.write(t, ".sops.yaml", "creation_rules: [{age: "+recipient1+"}]\n")
	b.write(t, "plain", text)
	typ := typeIn(name)
	encrypted = b.ours(t, "encrypt", "--input-type", typ, "--output-type", typ, "plain")
	b.write(t, name, encrypted)
	return b, encrypted
}

// commandsOn are the command lines that read an encrypted file.
func commandsOn(name, at string) [][]string {
	return [][]string{
		{"decrypt", name},
		{"decrypt", "-i", name},
		{"-d", name},
		{"decrypt", "--ignore-mac", name},
		{"edit", name},
		{"edit", "--ignore-mac", name},
		{"set", name, at, `"canary9"`},
		{"unset", name, at},
		{"--set", at + ` "canary9"`, name},
		{"rotate", "-i", name},
		{"-r", "-i", name},
		{"updatekeys", "-y", name},
		{"groups", "add", "-i", "-f", name, "--age", recipient1},
		{"groups", "delete", "-i", "-f", name, "0"},
		{"doctor", name},
	}
}

func (b *bench) refuses(t *testing.T, args []string, text string, name string, words ...string) {
	t.Helper()
	r := b.run(t, "", args...)
	said := r.stderr + r.stdout
	if r.exit == 0 || strings.Contains(said, "canary") {
		t.Errorf("sops %s: %+v", strings.Join(args, " "), r)
	}
	for _, word := range words {
		if !strings.Contains(said, word) {
			t.Errorf("sops %s does not say %q:\n%s", strings.Join(args, " "), word, said)
		}
	}
	if b.read(t, name) != text {
		t.Errorf("sops %s changed the file", strings.Join(args, " "))
	}
}

// TestMarkersOfAMergeAreNamed walks the product of formats, places of the
// markers and commands.
func TestMarkersOfAMergeAreNamed(t *testing.T) {
	t.Parallel()
	for _, f := range mergeFiles {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			b, encrypted := mergeDesk(t, f.name, f.text)
			for _, text := range []string{conflictIn(encrypted, 0), conflictIn(encrypted, 1), conflictIn(encrypted, strings.Count(encrypted, "\n")-2), strings.ReplaceAll(conflictIn(encrypted, 1), "\n", "\r\n")} {
				b.write(t, f.name, text)
				for _, args := range append(commandsOn(f.name, f.at), []string{"filestatus", f.name}, []string{"encrypt", "-i", f.name}, []string{"-e", "-i", f.name}) {
					b.refuses(t, args, text, f.name, "the file has the markers of a merge conflict", "git checkout --ours -- "+f.name, "sops edit --ignore-mac "+f.name)
				}
				if r := b.run(t, text, "decrypt"); r.exit == 0 || !strings.Contains(r.stderr, "markers of a merge conflict") {
					t.Errorf("standard input: %+v", r)
				}
			}
			if f.name == "key.pem" {
				return
			}
			text := conflictIn(f.text, 1)
			b.write(t, "plain", text)
			for _, args := range [][]string{{"encrypt", "-i", "--input-type", typeIn(f.name), "plain"}, {"-e", "--input-type", typeIn(f.name), "plain"}} {
				b.refuses(t, args, text, "plain", "line 2: the file has the markers", "git checkout --ours -- plain")
			}
		})
	}
}

// conflictIn returns a text as git leaves it where both sides changed line n,
// from 0.
func conflictIn(text string, n int) string {
	lines := strings.SplitAfter(text, "\n")
	line := lines[n]
	lines[n] = "<<<<<<< HEAD\n" + line + "=======\n" + line + ">>>>>>> feature=x\n"
	return strings.Join(lines, "")
}

// A binary file holds any bytes, also those.
func TestABinaryFileMayHoldMarkersOfAMerge(t *testing.T) {
	t.Parallel()
	b := newDesk(t)
	text := conflictIn("a\nb\n", 1)
	b.write(t, "notes.txt", text)
	b.ours(t, "encrypt", "-i", "--age", recipient1, "notes.txt")
	if got := b.ours(t, "decrypt", "notes.txt"); got != text {
		t.Errorf("got %q", got)
	}
}

// TestTheHintAfterAMACMismatchMendsTheFile tampers with files of every format
// as merges do, does what the hint says, word by word, and decrypts.
func TestTheHintAfterAMACMismatchMendsTheFile(t *testing.T) {
	t.Parallel()
	hint := regexp.MustCompile(`: sops (edit --ignore-mac \S+)`)
	for _, f := range mergeFiles {
		b, encrypted := mergeDesk(t, f.name, f.text)
		for what, text := range map[string]string{
			"a value is gone":  regexp.MustCompile(`(?m)^\s*"?b"? ?[:=].*\n`).ReplaceAllString(encrypted, ""),
			"another date":     regexp.MustCompile(`(lastmodified\W+)20\d\d`).ReplaceAllString(encrypted, "${1}2019"),
			"no MAC":           regexp.MustCompile(`(?m)^\s*"?(sops_)?mac"?[ :=].*\n`).ReplaceAllString(encrypted, ""),
			"the seal is gone": regexp.MustCompile(`(?m)^\s*"?(sops_)?seal"?[ :=].*\n`).ReplaceAllString(encrypted, ""),
		} {
			if text == encrypted { // a binary file has one value
				continue
			}
			for _, mend := range [][]string{
				nil, // what the hint says
				{"edit", "--ignore-mac", f.name},
				{"set", "--ignore-mac", f.name, f.at, quoted(f.value)},
				{"set", "--ignore-mac", "--idempotent", f.name, f.at, quoted(f.value)},
				{"unset", "--ignore-mac", "--idempotent", f.name, `["zzz"]`},
				{"rotate", "-i", "--ignore-mac", f.name},
			} {
				b.write(t, f.name, text)
				before := b.run(t, "", "decrypt", f.name)
				sound := what == "the seal is gone"
				if before.exit == 0 != sound || !sound && before.exit != 51 {
					t.Fatalf("%s, %s: decrypt: %+v", f.name, what, before)
				}
				want := before.stdout
				if !sound {
					m := hint.FindStringSubmatch(before.stderr)
					if m == nil {
						t.Fatalf("%s, %s: no hint to follow: %s", f.name, what, before.stderr)
					}
					if mend == nil {
						mend = strings.Fields(m[1])
					}
					want = b.ours(t, "decrypt", "--ignore-mac", f.name)
				}
				if mend == nil {
					continue
				}
				r := b.run(t, "", mend...)
				if unchanged := sound && mend[0] == "edit"; r.exit != 0 && !(unchanged && r.exit == 200) {
					t.Errorf("%s, %s: sops %s: %+v", f.name, what, strings.Join(mend, " "), r)
				}
				if got := b.run(t, "", "decrypt", f.name); got.exit != 0 || got.stdout != want || got.stderr != "" {
					t.Errorf("%s, %s, after sops %s: %+v", f.name, what, strings.Join(mend, " "), got)
				}
			}
		}
	}
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, "\n", `\n`) + `"` }

// TestLostMetadataIsNoticed walks the product of formats and commands over
// files that lost their metadata, as in a merge.
func TestLostMetadataIsNoticed(t *testing.T) {
	t.Parallel()
	for _, f := range mergeFiles {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			b, encrypted := mergeDesk(t, f.name, f.text)
			lost := withoutMetadata(t, typeIn(f.name), encrypted)
			b.write(t, f.name, lost)
			for _, args := range commandsOn(f.name, f.at) {
				b.refuses(t, args, lost, f.name, "sops metadata not found", "is lost", "git log -p -- "+f.name, "git show HEAD~1:./"+f.name)
				if r := b.run(t, "", args...); strings.Contains(r.stderr, "encrypt it with") {
					t.Errorf("sops %s: the hint is to encrypt it", strings.Join(args, " "))
				}
			}
			for _, args := range [][]string{{"encrypt", "-i", f.name}, {"-e", "-i", f.name}, {"encrypt", "-i", "--input-type", "binary", f.name}} {
				b.refuses(t, args, lost, f.name, "holds encrypted values", "--allow-encrypted", "git log -p -- "+f.name)
				if r := b.run(t, "", args...); r.exit != 203 {
					t.Errorf("sops %s: exit %d", strings.Join(args, " "), r.exit)
				}
			}
			r := b.run(t, "", "filestatus", f.name)
			if r.exit != 0 || r.stdout != "{\"encrypted\":false}\n" || !strings.Contains(r.stderr, "is lost") {
				t.Errorf("filestatus: %+v", r)
			}
			// Who means it can have it, and gets it back.
			typ := typeIn(f.name)
			b.ours(t, "encrypt", "-i", "--allow-encrypted", "--input-type", typ, "--output-type", typ, f.name)
			if got := b.ours(t, "decrypt", f.name); got != lost {
				t.Errorf("got %q, want %q", got, lost)
			}
		})
	}
}

func withoutMetadata(t *testing.T, typ, encrypted string) string {
	t.Helper()
	expr := map[string]string{
		"yaml": `(?ms)^sops:.*`, "dotenv": `(?m)^sops_.*\n`, "ini": `(?ms)^\[sops\].*`,
		"json": `(?ms),\s*"sops": \{.*\}\s*\}`, "binary": `(?ms),\s*"sops": \{.*\}\s*\}`,
	}[typ]
	end := map[string]string{"json": "\n}", "binary": "\n}"}[typ]
	text := regexp.MustCompile(expr).ReplaceAllString(encrypted, end)
	if text == encrypted || strings.Contains(text, "sops") {
		t.Fatalf("the metadata is still there: %s", text)
	}
	return text
}

// TestEncryptedFilesThatDoNotParseAreNoPlainFiles: filestatus says why.
func TestEncryptedFilesThatDoNotParseAreNoPlainFiles(t *testing.T) {
	t.Parallel()
	for _, f := range mergeFiles {
		b, encrypted := mergeDesk(t, f.name, f.text)
		line, _, _ := strings.Cut(encrypted, "\n")
		first := strings.SplitAfter(encrypted, "\n")[1]
		for what, text := range map[string]string{
			"a line twice":     strings.Replace(encrypted, first, first+first, 1),
			"cut off":          encrypted[:len(encrypted)*2/3],
			"a tab":            "\t" + strings.Replace(encrypted, "\n", "\n\t: x\n", 1),
			"a line of noise":  "\"\n" + encrypted,
			"NUL":              "\x00" + encrypted,
			"of another type":  map[bool]string{true: "a: b\nsops_x\n" + encrypted, false: "{" + encrypted}[strings.HasPrefix(line, "{")],
			"two files in one": encrypted + encrypted,
		} {
			b.write(t, f.name, text)
			decrypted, status := b.run(t, "", "decrypt", f.name), b.run(t, "", "filestatus", f.name)
			switch {
			case status.exit == 0 && strings.Contains(status.stdout, "true"):
				continue // it can be read; decrypt says more
			case status.exit == 0 && !strings.Contains(status.stderr, "is lost"):
				t.Errorf("%s, %s: filestatus: %+v; decrypt: %+v", f.name, what, status, decrypted)
			case status.exit != 0 && (status.exit != 1 || status.stdout != "" || status.stderr == ""):
				t.Errorf("%s, %s: filestatus: %+v", f.name, what, status)
			}
			if strings.Contains(decrypted.stderr+status.stderr, "encrypt it with") {
				t.Errorf("%s, %s: the hint is to encrypt it", f.name, what)
			}
		}
	}
}

// TestTheWaysOutOfAMergeWork lets git merge encrypted files, and types what the
// hints say.
func TestTheWaysOutOfAMergeWork(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Fatal(err)
	}
	command := regexp.MustCompile(`(git (?:checkout|log|show) [^\n]*)`)
	for _, f := range mergeFiles {
		if f.name == "key.pem" {
			continue // git finds two changes in one line, but the others have more
		}
		b, _ := mergeDesk(t, f.name, f.text)
		b.sh(t, `git init -q -b main . && git config user.name x && git config user.email x@example.org && git config commit.gpgsign false && git config core.pager cat &&
			git add -A . && git commit -qm one && git checkout -qb side`)
		b.ours(t, "set", f.name, f.at, `"theirs"`)
		b.sh(t, "git commit -qam two && git checkout -q main")
		b.ours(t, "set", f.name, strings.Replace(f.at, `"a"`, `"c"`, 1), `"ours"`)
		b.sh(t, "git commit -qam three && ! git merge -q side >/dev/null 2>&1")
		r := b.run(t, "", "decrypt", f.name)
		if r.exit == 0 || !strings.Contains(r.stderr, "markers of a merge conflict") {
			t.Fatalf("%s: %+v", f.name, r)
		}
		for _, m := range command.FindAllString(r.stderr, -1) {
			b.sh(t, m)
		}
		if got := b.ours(t, "decrypt", f.name); !strings.Contains(got, "ours") || strings.Contains(got, "theirs") {
			t.Errorf("%s: one side gives %q", f.name, got)
		}
		// The other way: the markers and one side of each conflict go, by hand.
		b.sh(t, "git checkout -q -m -- "+f.name)
		text := regexp.MustCompile(`(?ms)^<<<<<<< .*?\n(.*?)^=======\n.*?^>>>>>>> .*?\n`).ReplaceAllString(b.read(t, f.name), "$1")
		b.write(t, f.name, text)
		b.ours(t, "edit", "--ignore-mac", f.name)
		if got := b.ours(t, "decrypt", f.name); !strings.Contains(got, "ours") || !strings.Contains(got, "theirs") {
			t.Errorf("%s: both changes give %q", f.name, got)
		}
		b.sh(t, "git add -A . && git commit -qm merged")
		b.write(t, f.name, withoutMetadata(t, typeIn(f.name), b.read(t, f.name)))
		b.sh(t, "git commit -qam lost")
		r = b.run(t, "", "decrypt", f.name)
		for _, m := range command.FindAllString(r.stderr, -1) {
			if out := b.sh(t, m); !strings.Contains(out, "sops") {
				t.Errorf("%s: %s shows no metadata", f.name, m)
			}
		}
		b.sh(t, cmp.Or(command.FindString(strings.Join(command.FindAllString(r.stderr, -1)[1:], "")), "false")+" > back && cat back > "+f.name)
		b.ours(t, "decrypt", f.name)
	}
}

// sh runs a line in the directory of the bench.
func (b *bench) sh(t *testing.T, line string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", line)
	cmd.Dir = b.dir
	cmd.Env = []string{"HOME=" + b.dir, "PATH=" + b.vars["PATH"], "GIT_CONFIG_NOSYSTEM=1"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}
