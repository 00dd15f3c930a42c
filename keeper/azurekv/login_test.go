package azurekv

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/internal/test/azuretest"
)

// TestEveryWayToAnIdentityIsTaken holds the members of the chain that need no
// program, by who the vault says has called.
func TestEveryWayToAnIdentityIsTaken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from string
		set  func(*testing.T, *world)
	}{
		{varSecret, func(t *testing.T, w *world) { w.vars[varCert] = "missing" }},
		{varCert, func(t *testing.T, w *world) {
			delete(w.vars, varSecret)
			w.vars[varCert] = w.file(t, "app.pem", w.AppCertificate())
		}},
		{varToken, func(t *testing.T, w *world) {
			delete(w.vars, varSecret)
			w.vars[varToken] = w.file(t, "token", []byte(w.FederatedToken()))
		}},
	} {
		w := newWorld(t)
		wrapped := w.wrap(t)
		c.set(t, w)
		steps, err := w.keeper().Examine(t.Context(), wrapped)
		var said strings.Builder
		for _, s := range steps {
			fmt.Fprintf(&said, "%v %s: %s\n", s.OK, s.Name, s.Detail)
		}
		want := "credentials: application " + azuretest.App + " of tenant " + azuretest.Tenant + ", from " + c.from
		if err != nil || !strings.Contains(said.String(), want) {
			t.Errorf("%v, want %s\n%s", err, want, said.String())
		}
	}
}

// TestManagedIdentity is about variables of the process, which the library
// reads.
func TestManagedIdentity(t *testing.T) {
	w := newWorld(t)
	wrapped := w.wrap(t)
	clear(w.vars)
	for _, v := range w.ManagedIdentity() {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
		w.vars[name] = value
	}
	w.Deny(azuretest.Identity, "decrypt", "")
	_, err := w.keeper().Unwrap(t.Context(), wrapped)
	if err == nil || !strings.Contains(err.Error(), "as application "+azuretest.Identity) || !strings.Contains(err.Error(), "from the managed identity: Forbidden") {
		t.Errorf("got %v", err)
	}
}

// TestTheCommandAzGivesATokenOfTheTenantOfTheVault plays az, which is asked for
// the tenant that the vault says only after its own was refused.
func TestTheCommandAzGivesATokenOfTheTenantOfTheVault(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the az of this test is a shell script")
	}
	w := newWorld(t)
	wrapped := w.wrapAt(t, azuretest.OtherVault)
	w.vars = map[string]string{}
	const script = `#!/bin/sh
echo "$*" >> %q
case "$*" in
*"--tenant "*) token=%s ;;
*) token=%s ;;
esac
echo '{"accessToken":"'$token'","expires_on":%d,"tokenType":"Bearer"}'
`
	log := w.dir + "/log"
	src := fmt.Sprintf(script, log, w.Token("ann", azuretest.OtherTenant, "https://vault.azure.net"), w.Token("ann", azuretest.Tenant, "https://vault.azure.net"), time.Now().Add(time.Hour).Unix())
	if err := os.Chmod(w.file(t, "az", []byte(src)), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", w.dir+":/usr/bin:/bin")
	if _, err := w.keeper().Unwrap(t.Context(), wrapped); err != nil {
		t.Fatal(err)
	}
	calls, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	want := "account get-access-token -o json --resource https://vault.azure.net\n"
	if got := string(calls); !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 2 || !strings.Contains(got, "--tenant "+azuretest.OtherTenant) {
		t.Errorf("az was called with\n%s", got)
	}
	w.honest(t)
}

func TestChallengesAreRead(t *testing.T) {
	t.Parallel()
	const tenant, login = "11111111-aaaa-4111-8111-111111111111", "https://login.microsoftonline.com/"
	for header, want := range map[string]challenge{
		"": {}, "Basic x": {}, "Bearer": {}, "Bearer x": {}, `Bearer authorization="`: {},
		`Bearer authorization="` + login + tenant + `", resource="https://vault.azure.net"`:              {tenant: tenant, resource: "https://vault.azure.net"},
		`Bearer authorization_uri=` + login + tenant + `/oauth2, scope=https://vault.azure.net/.default`: {tenant: tenant, resource: "https://vault.azure.net"},
		`Bearer resource="r", claims="eyJhIjoxfQ==", error="insufficient_claims"`:                        {resource: "r", claims: `{"a":1}`},
		`Bearer authorization="https://l/a b", resource="r"`:                                             {resource: "r"},
	} {
		if diff := cmp.Diff(want, parseChallenge(header), cmp.AllowUnexported(challenge{})); diff != "" {
			t.Errorf("%s: %s", header, diff)
		}
	}
}

func FuzzATenantIsAWord(f *testing.F) {
	f.Add(`Bearer authorization="https://login.microsoftonline.com/t", resource="https://vault.azure.net"`)
	f.Add(`Bearer a=b, c="d`)
	f.Fuzz(func(t *testing.T, header string) {
		if c := parseChallenge(header); strings.ContainsAny(c.tenant, "/\\?#% \n\"") {
			t.Errorf("%q has the tenant %q", header, c.tenant)
		}
	})
}

func FuzzAHostIsOneOfAzure(f *testing.F) {
	f.Add("https://sops-test.vault.azure.net")
	f.Add("https://evil.test/.vault.azure.net")
	f.Fuzz(func(t *testing.T, text string) {
		host, err := hostOf(text)
		if err != nil || !below(host, "vault.azure.net") {
			return
		}
		if strings.ContainsAny(host, "/\\@?#:") || !strings.HasSuffix(host, ".vault.azure.net") {
			t.Errorf("%q is at %q", text, host)
		}
	})
}
