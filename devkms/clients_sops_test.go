package devkms_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// aSOPSUser is a way in which the real sops comes by its credentials, and
// what becomes of it.
type aSOPSUser struct {
	name    string
	prepare func(*guest)
	key     string // what --kms says
	is      string // the principal, or where it ends with / its start; or
	refused string // the operation and the error
}

func profiled(name string) func(*guest) { return func(g *guest) { g.as(name) } }

const inRole = "arn:aws:sts::111111111111:assumed-role/"

func sopsUsers() []aSOPSUser {
	return []aSOPSUser{
		{name: "the default user", prepare: func(*guest) {}, key: devKey, is: arnAlice},
		{name: "a static profile", prepare: profiled("alice"), key: devKey, is: arnAlice},
		{name: "a static profile without permissions", prepare: profiled("bob"), key: devKey, refused: "Encrypt AccessDeniedException"},
		{name: "a role", prepare: profiled("sops-dev"), key: devKey, is: inRole + "sops-dev/"},
		{name: "a role on a disabled key", prepare: profiled("sops-dev"), key: offKey, refused: "Encrypt DisabledException"},
		{name: "a chain", prepare: profiled("chained"), key: prodKey, is: "arn:aws:sts::222222222222:assumed-role/chained/"},
		{
			name: "a chain without its middle", prepare: profileOf("role_arn = arn:aws:iam::222222222222:role/chained", "source_profile = alice"),
			key: prodKey, refused: "AssumeRole AccessDenied",
		},
		{name: "an external id", prepare: profiled("external"), key: devKey, is: inRole + "external/"},
		{
			name: "another external id", prepare: profileOf("role_arn = arn:aws:iam::111111111111:role/external", "source_profile = alice", "external_id = other"),
			key: devKey, refused: "AssumeRole AccessDenied",
		},
		{name: "a credential process", prepare: process(""), key: devKey, is: inRole + "sops-dev/test"},
		{name: "a credential process with a wrong secret", prepare: process("x"), key: devKey, refused: "Encrypt InvalidSignatureException"},
		{name: "a web identity", prepare: webIdentity("repo:example/app"), key: devKey, is: inRole + "ci/job"},
		{name: "a web identity of another repository", prepare: webIdentity("repo:other/app"), key: devKey, refused: "AssumeRoleWithWebIdentity AccessDenied"},
		{name: "a web identity in a profile", prepare: profiled("ci"), key: devKey, is: inRole + "ci/"},
		{name: "an alias", prepare: profiled("alice"), key: "arn:aws:kms:us-east-1:111111111111:alias/sops-dev", is: arnAlice},
		{name: "an alias of another region", prepare: profiled("alice"), key: "arn:aws:kms:eu-west-1:111111111111:alias/sops-dev", is: arnAlice},
		{name: "an alias that is none", prepare: profiled("alice"), key: "arn:aws:kms:us-east-1:111111111111:alias/absent", refused: "Encrypt NotFoundException"},
		{name: "a shared alias of another account", prepare: profiled("alice"), key: "arn:aws:kms:us-east-1:222222222222:alias/shared", is: arnAlice},
		{name: "another account's key", prepare: profiled("alice"), key: prodKey, refused: "Encrypt AccessDeniedException"},
		{name: "a role in another account", prepare: profiled("alice"), key: prodKey + "+arn:aws:iam::222222222222:role/sops-prod", is: "arn:aws:sts::222222222222:assumed-role/sops-prod/"},
		{
			name: "a role in another account for a user without permissions", prepare: profiled("bob"), key: prodKey + "+arn:aws:iam::222222222222:role/sops-prod",
			refused: "AssumeRole AccessDenied",
		},
	}
}

// profileOf makes a profile of its lines and uses it.
func profileOf(lines ...string) func(*guest) {
	return func(g *guest) {
		g.profile("made", lines...)
		g.as("made")
	}
}

// process is a profile whose program prints keys of a session.
func process(spoil string) func(*guest) {
	return func(g *guest) {
		c := as(g.server, "alice").assume(g.t, devRole).creds
		text, err := json.Marshal(map[string]any{
			"Version": 1, "AccessKeyId": c.AccessKeyID, "SecretAccessKey": c.SecretAccessKey + spoil, "SessionToken": c.SessionToken,
		})
		if err != nil {
			g.t.Fatal(err)
		}
		profileOf("credential_process = cat " + g.file("keys.json", string(text)))(g)
	}
}

// webIdentity is what CI systems set.
func webIdentity(subject string) func(*guest) {
	return func(g *guest) {
		token, err := g.server.WebIdentityToken("https://ci.example.com", subject, "sts.amazonaws.com", time.Hour)
		if err != nil {
			g.t.Fatal(err)
		}
		g.as("")
		g.vars["AWS_WEB_IDENTITY_TOKEN_FILE"] = g.file("token", token)
		g.vars["AWS_ROLE_ARN"], g.vars["AWS_ROLE_SESSION_NAME"] = "arn:aws:iam::111111111111:role/ci", "job"
	}
}

func newRealSOPS(t *testing.T) *guest {
	t.Helper()
	g := newGuest(t, "SOPS_REFERENCE")
	g.vars["SOPS_DISABLE_VERSION_CHECK"] = "true"
	g.file("plain.yaml", "password: hunter2\n")
	return g
}

// encrypted runs the real sops on plain.yaml and keeps the outcome.
func encrypted(g *guest, name, key, context string) error {
	args := []string{"encrypt", "--kms", key}
	if context != "" {
		args = append(args, "--encryption-context", context)
	}
	out, err := g.run(append(args, "plain.yaml")...)
	if err == nil {
		g.file(name, out)
	}
	return err
}

func TestTheRealSOPSComesByItsKeys(t *testing.T) {
	t.Parallel()
	for _, u := range sopsUsers() {
		t.Run(u.name, func(t *testing.T) {
			t.Parallel()
			g := newRealSOPS(t)
			u.prepare(g)
			err := encrypted(g, "secret.yaml", u.key, "")
			if u.refused != "" {
				mustBeRefused(g, err, u.refused)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if out, err := g.run("decrypt", "secret.yaml"); err != nil || out != "password: hunter2\n" {
				t.Fatalf("decrypts to %q: %v", out, err)
			}
			mustHaveBeen(g, "Encrypt", u.is)
			mustHaveBeen(g, "Decrypt", u.is)
		})
	}
}

// mustBeRefused checks that sops failed because the server said so.
func mustBeRefused(g *guest, err error, want string) {
	g.t.Helper()
	if err == nil {
		g.t.Fatalf("succeeds; want %s", want)
	}
	last := lastCall(g, func(c devkms.Call) bool { return c.ErrorCode != "" })
	if got := last.Operation + " " + last.ErrorCode; got != want {
		g.t.Errorf("the server refuses %s, want %s (%v)", got, want, err)
	}
}

func mustHaveBeen(g *guest, operation, principal string) {
	g.t.Helper()
	last := lastCall(g, func(c devkms.Call) bool { return c.Operation == operation })
	session := strings.HasSuffix(principal, "/") && strings.HasPrefix(last.Principal, principal)
	if last.ErrorCode != "" || last.Principal != principal && !session {
		g.t.Errorf("%s by %q (%s), want %s", operation, last.Principal, last.ErrorCode, principal)
	}
}

func lastCall(g *guest, match func(devkms.Call) bool) devkms.Call {
	g.t.Helper()
	var last devkms.Call
	for _, c := range g.server.Calls() {
		if match(c) {
			last = c
		}
	}
	return last
}

// TestTheRealSOPSIsHeldToTheContextOfAKeyPolicy is the example of the page:
// the role may decrypt what belongs to its context, and nothing else.
func TestTheRealSOPSIsHeldToTheContextOfAKeyPolicy(t *testing.T) {
	t.Parallel()
	g := newRealSOPS(t)
	for name, context := range map[string]string{
		"good.yaml":  "AppName:ExampleApp,FilePath:/var/opt/secrets/",
		"other.yaml": "AppName:Other,FilePath:/var/opt/secrets/",
		"less.yaml":  "AppName:ExampleApp",
	} {
		if err := encrypted(g, name, appKey, context); err != nil {
			t.Fatal(err)
		}
	}
	g.as("example-app")
	if out, err := g.run("decrypt", "good.yaml"); err != nil || out != "password: hunter2\n" {
		t.Errorf("decrypts to %q: %v", out, err)
	}
	for _, name := range []string{"other.yaml", "less.yaml"} {
		_, err := g.run("decrypt", name)
		mustBeRefused(g, err, "Decrypt AccessDeniedException")
	}
}

// TestTheRealSOPSUsesTheProfileOfTheFile finds the stored profile, whoever
// else the environment names.
func TestTheRealSOPSUsesTheProfileOfTheFile(t *testing.T) {
	t.Parallel()
	g := newRealSOPS(t)
	out, err := g.run("encrypt", "--kms", devKey, "--aws-profile", "external", "plain.yaml")
	if err != nil {
		t.Fatal(err)
	}
	mustHaveBeen(g, "Encrypt", inRole+"external/")
	if _, err := g.run("decrypt", filepath.Base(g.file("secret.yaml", out))); err != nil {
		t.Fatal(err)
	}
	mustHaveBeen(g, "Decrypt", inRole+"external/")
}
