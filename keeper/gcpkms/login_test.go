package gcpkms

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/test/gcptest"
)

// withTokenURI adds to a file the address that Google's libraries have built in.
func (w *world) withTokenURI(src []byte) []byte {
	return []byte(strings.Replace(string(src), "{", fmt.Sprintf("{%q: %q,", "token_uri", w.URL()+"/token"), 1))
}

const gcloudFile = ".config/gcloud/application_default_credentials.json"

// TestCredentialsAreThoseOfSOPS holds the order, and every kind of credential,
// by who the server says has called.
func TestCredentialsAreThoseOfSOPS(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, who string
		set       func(*testing.T, *world)
	}{
		{"machine", gcptest.Machine, func(*testing.T, *world) {}},
		{"gcloud", gcptest.User, func(t *testing.T, w *world) {
			w.file(t, gcloudFile, w.withTokenURI(w.AuthorizedUser("")))
			w.file(t, "gcloud/application_default_credentials.json", w.withTokenURI(w.AuthorizedUser("")))
		}},
		{"default before gcloud", gcptest.Account, func(t *testing.T, w *world) {
			w.file(t, gcloudFile, w.withTokenURI(w.AuthorizedUser("")))
			w.vars[varDefault] = w.file(t, "sa.json", w.ServiceAccount())
		}},
		{"token before default", "given@example.test", func(t *testing.T, w *world) {
			w.vars[varDefault] = w.file(t, "sa.json", w.ServiceAccount())
			w.vars[varToken] = w.Token("given@example.test")
		}},
		{"file before token", gcptest.Account, func(t *testing.T, w *world) {
			w.vars[varToken] = w.Token("given@example.test")
			w.vars[varCredentials] = w.file(t, "sa.json", w.ServiceAccount())
		}},
		{"JSON before token", gcptest.Account, func(_ *testing.T, w *world) {
			w.vars[varToken] = w.Token("given@example.test")
			w.vars[varCredentials] = string(w.ServiceAccount())
		}},
		{"federated", gcptest.Federated, func(t *testing.T, w *world) {
			w.vars[varDefault] = w.file(t, "wif.json", w.ExternalAccount(w.file(t, "subject", []byte(gcptest.SubjectToken)), false))
		}},
		{"federated and impersonated", gcptest.Impersonated, func(t *testing.T, w *world) {
			w.vars[varDefault] = w.file(t, "wif.json", w.ExternalAccount(w.file(t, "subject", []byte(gcptest.SubjectToken)), true))
		}},
		{"impersonated", gcptest.Impersonated, func(_ *testing.T, w *world) {
			w.vars[varCredentials] = string(w.ImpersonatedAccount())
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			wrapped := w.wrap(t)
			c.set(t, w)
			if _, err := w.keeper().Unwrap(t.Context(), wrapped); err != nil {
				t.Fatal(err)
			}
			w.Deny(c.who, gcptest.UseToDecrypt)
			if _, err := w.keeper().Unwrap(t.Context(), wrapped); err == nil || !strings.Contains(err.Error(), "PERMISSION_DENIED") {
				t.Errorf("it was not %s that called: %v", c.who, err)
			}
		})
	}
}

// TestWhatIsSetButBadIsAnError holds that nothing falls through to another
// identity, and that no secret is quoted.
func TestWhatIsSetButBadIsAnError(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, says, advice string
		set                func(*testing.T, *world)
	}{
		{"neither", "GOOGLE_CREDENTIALS: it is neither the name of a readable file nor JSON", "unset it", func(_ *testing.T, w *world) { w.vars[varCredentials] = "canary.json" }},
		{"type", `it has the type "canary"`, "gcloud auth application-default login", func(_ *testing.T, w *world) { w.vars[varCredentials] = `{"type":"canary"}` }},
		{"missing", "GOOGLE_APPLICATION_CREDENTIALS: open missing.json", "unset it", func(_ *testing.T, w *world) { w.vars[varDefault] = "missing.json" }},
		{"no JSON", "it is not JSON", "gcloud", func(t *testing.T, w *world) { w.vars[varDefault] = w.file(t, "sa.json", []byte("canary")) }},
		{"refresh", "invalid_grant", "gcloud auth application-default login", func(_ *testing.T, w *world) {
			src := strings.Replace(string(w.withTokenURI(w.AuthorizedUser(""))), `"refresh_token": "`, `"refresh_token": "canary-`, 1)
			w.vars[varCredentials] = src
		}},
		{"key", "private key", "", func(_ *testing.T, w *world) {
			w.vars[varCredentials] = `{"type":"service_account","private_key":"canary","client_email":"a@b.test","token_uri":"` + w.URL() + `/token"}`
		}},
		{"impersonation", "status code 403", "", func(_ *testing.T, w *world) {
			w.vars[varCredentials] = string(w.ImpersonatedAccount())
			w.Deny(gcptest.Account, "iam.serviceAccounts.getAccessToken")
		}},
		{
			"none", "there are no credentials: GOOGLE_CREDENTIALS, GOOGLE_OAUTH_ACCESS_TOKEN and GOOGLE_APPLICATION_CREDENTIALS are not set, there is no ", "gcloud auth application-default login",
			func(_ *testing.T, w *world) { w.NoMetadata = true },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			wrapped := w.wrap(t)
			c.set(t, w)
			_, err := w.keeper().Unwrap(t.Context(), wrapped)
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "canary") && c.name != "type" {
				t.Fatalf("got %v, want %s", err, c.says)
			}
			if advice := strings.Join(hint.Hints(err), "\n"); !strings.Contains(advice, c.advice) {
				t.Errorf("hints %s", advice)
			}
		})
	}
}

func TestTheQuotaProjectIsTheOneThatIsSet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, variable, own string
		want                string
	}{
		{"", "", "", ""}, {"a", "", "", "a"}, {"a", "b", "", "b"}, {"a", "b", "c", "c"}, {"a", "b", "none", ""},
	} {
		w := newWorld(t)
		w.vars[varCredentials], w.vars[varQuota], w.vars[varOwnQuota] = string(w.AuthorizedUser(c.file)), c.variable, c.own
		cred, err := w.keeper().login.credential(t.Context())
		if err != nil || cred.quota.project != c.want {
			t.Errorf("%+v: %v, %v", c, cred, err)
		}
	}
}

func TestDoctorSaysHowFarItComes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vars[varCredentials] = string(w.ServiceAccount())
	wrapped := w.wrap(t)
	steps, err := w.keeper().Examine(t.Context(), wrapped)
	var said strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&said, "%v %s: %s\n", s.OK, s.Name, s.Detail)
	}
	if err != nil || strings.Count(said.String(), "true ") != 4 || !strings.Contains(said.String(), "credentials: "+gcptest.Account) {
		t.Errorf("%v\n%s", err, said.String())
	}
	w.Deny(gcptest.Account, gcptest.UseToDecrypt)
	steps, err = w.keeper().Examine(t.Context(), wrapped)
	if last := steps[len(steps)-1]; err == nil || last.OK || !strings.HasPrefix(last.Detail, "PERMISSION_DENIED") {
		t.Errorf("%v, %+v", err, last)
	}
}

func TestMain(m *testing.M) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		_ = os.Unsetenv(name)
	}
	os.Exit(m.Run())
}
