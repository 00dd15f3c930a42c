package azurekv

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/test/azuretest"
	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// TestAKeyUnwrapsWhatItWrapped does so in every cloud, in another tenant, and
// after the key has got a new version.
func TestAKeyUnwrapsWhatItWrapped(t *testing.T) {
	t.Parallel()
	for _, vault := range []string{
		azuretest.Vault, azuretest.OtherVault, azuretest.HSM, azuretest.Government,
		azuretest.Vault + "/", azuretest.Vault + ":443", strings.ToUpper(azuretest.Vault[:10]) + azuretest.Vault[10:],
	} {
		t.Run(vault, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			wrapped := w.wrapAt(t, vault)
			if wrapped.Created.IsZero() || wrapped.Text(fieldURL) != vault || wrapped.Text(fieldVersion) == "" {
				t.Errorf("wrapped: %+v", wrapped)
			}
			if _, err := base64.RawURLEncoding.Strict().DecodeString(wrapped.Enc); err != nil {
				t.Errorf("enc %q: %v", wrapped.Enc, err)
			}
			wrapped.Enc = wrapped.Enc[:10] + "\n  " + wrapped.Enc[10:] // as editors do
			if !strings.ContainsAny(vault[8:], "/:") && strings.HasPrefix(vault, "https://") {
				w.AddKey(vault, azuretest.Key)
			}
			d, err := w.keeper().Unwrap(t.Context(), wrapped)
			if err != nil || string(d.Bytes()) != secret {
				t.Errorf("%q, %v", d.Bytes(), err)
			}
			w.honest(t)
		})
	}
}

// TestAWrapCostsTwoRequests: a token and a call, of which SOPS needs ten.
func TestAWrapCostsTwoRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wrapped := w.wrap(t)
	var calls []string
	for _, c := range w.Faults.Calls() {
		if !strings.Contains(c, "openid-configuration") { // of the library
			calls = append(calls, c)
		}
	}
	if len(calls) != 2 {
		t.Errorf("calls: %q", calls)
	}
	k := w.keeper()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := k.Unwrap(t.Context(), wrapped); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := strings.Count(strings.Join(w.Faults.Calls(), "\n"), "/oauth2/v2.0/token"); n != 1 {
		t.Errorf("%d tokens", n)
	}
}

func TestOnlyHostsOfAzureGetAToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, vault := range []string{
		"http://sops-test.vault.azure.net", "https://vault.azure.net", "https://evil.test", "https://sops-test.vault.azure.net.evil.test",
		"https://evilvault.azure.net", "https://a.b.vault.azure.net", "https://sops-test.vault.azure.net:8443", "https://u@sops-test.vault.azure.net",
		"https://sops-test.vault.azure.net/x", "https://sops-test.vault.azure.net?x", "sops-test.vault.azure.net", "",
		"https://evil.test\\@sops-test.vault.azure.net", "https://evil.test%2f.vault.azure.net",
	} {
		_, err := w.keeper().Wrap(t.Context(), key(vault, ""), keeper.NewData([]byte(secret)))
		var refused *ReferenceError
		if !errors.As(err, &refused) {
			t.Errorf("%q: %v", vault, err)
		}
	}
	if calls := w.Faults.Calls(); len(calls) != 0 {
		t.Errorf("calls: %q", calls)
	}
}

func TestAHostThatTheUserAllowsIsAskedFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vars[varAllow] = "front.example.test"
	_, err := w.keeper().Wrap(t.Context(), key("https://front.example.test", ""), keeper.NewData([]byte(secret)))
	if err == nil || strings.Contains(err.Error(), "gets no token") {
		t.Errorf("got %v", err)
	}
	w.honest(t) // the double has no such vault, and got neither token nor body
}

// TestErrorsSayWhoWhatAndWhatHelps holds what people see.
func TestErrorsSayWhoWhatAndWhatHelps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		set          func(*world, *keeper.WrappedKey)
		says, advice string
	}{
		{
			"rbac", func(w *world, _ *keeper.WrappedKey) { w.Deny(azuretest.App, "decrypt", "") },
			"as application " + azuretest.App + " of tenant " + azuretest.Tenant + ", from AZURE_CLIENT_SECRET: Forbidden (ForbiddenByRbac): Caller", "az role assignment create --role 'Key Vault Crypto User'",
		},
		{"policy", func(w *world, _ *keeper.WrappedKey) { w.Deny(azuretest.App, "decrypt", "AccessDenied") }, "AccessDenied", "az keyvault set-policy --name sops-test"},
		{"firewall", func(w *world, _ *keeper.WrappedKey) { w.Deny(azuretest.App, "decrypt", "ForbiddenByFirewall") }, "ForbiddenByFirewall", "network-rule add"},
		{"disabled", func(w *world, _ *keeper.WrappedKey) { w.Disable(azuretest.Vault, azuretest.Key) }, "KeyDisabled", "--enabled true"},
		{"not RSA", func(w *world, _ *keeper.WrappedKey) { w.Restrict(azuretest.Vault, azuretest.Key, "RSA", "sign") }, "KeyOperationForbidden", "--ops encrypt decrypt"},
		{"damaged", func(_ *world, e *keeper.WrappedKey) { e.Enc = "AAAA" + e.Enc[4:] }, "BadParameter", "git log -p"},
		{"other version", func(w *world, e *keeper.WrappedKey) {
			w.AddKey(azuretest.Vault, azuretest.Key)
			e.MasterKey = withVersion(e.MasterKey, w.Version(azuretest.Vault, azuretest.Key))
		}, "BadParameter", "another key or version"},
		{"no version", func(w *world, e *keeper.WrappedKey) {
			w.AddKey(azuretest.Vault, azuretest.Key)
			e.MasterKey = withVersion(e.MasterKey, "")
		}, "BadParameter", "the entry has no version"},
		{"no key", func(_ *world, e *keeper.WrappedKey) {
			e.MasterKey = keeper.Undescribed(keeper.Azure, fieldURL, azuretest.Vault, fieldName, "other", fieldVersion, e.Text(fieldVersion))
		}, "KeyNotFound", "az keyvault key list-versions --vault-name sops-test --name other"},
		{"secret", func(w *world, _ *keeper.WrappedKey) { w.vars[varSecret] = "canary" }, "AZURE_CLIENT_SECRET: AADSTS7000215: Invalid client secret provided", "check AZURE_TENANT_ID"},
		{"no base64", func(_ *world, e *keeper.WrappedKey) { e.Enc = "canary!" }, "enc is not base64url", "git log -p"},
		{"narrow", func(w *world, _ *keeper.WrappedKey) { w.vars[varNarrow] = "x" }, `AZURE_TOKEN_CREDENTIALS: "x"`, "set it to dev, prod"},
		{"none", func(w *world, _ *keeper.WrappedKey) { clear(w.vars) }, "there are no credentials: AZURE_TENANT_ID with AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH, and AZURE_FEDERATED_TOKEN_FILE are not set; the managed identity: there is none: this machine is not in Azure; ", "az login"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			wrapped := w.wrap(t)
			c.set(w, &wrapped)
			_, err := w.keeper().Unwrap(t.Context(), wrapped)
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "canary") {
				t.Fatalf("got %v, want %s", err, c.says)
			}
			if advice := strings.Join(hint.Hints(err), "\n"); !strings.Contains(advice, c.advice) {
				t.Errorf("hints %s, want %s", advice, c.advice)
			}
			w.honest(t)
		})
	}
}

func TestAnAnswerAboutAnotherKeyIsNotBelieved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wrapped := w.wrap(t)
	good := azuretest.Vault + "/keys/" + azuretest.Key + "/" + wrapped.Text(fieldVersion)
	for _, kid := range []string{
		"", "x", azuretest.OtherVault + "/keys/key/" + wrapped.Text(fieldVersion), azuretest.Vault + "/keys/other/" + wrapped.Text(fieldVersion),
		azuretest.Vault + "/keys/key/0123", azuretest.Vault + "/keys/key", good + "/x", azuretest.Vault + "/secrets/key/" + wrapped.Text(fieldVersion),
	} {
		w.Tamper = func(_ string, answer map[string]any) { answer["kid"] = kid }
		_, err := w.keeper().Unwrap(t.Context(), wrapped)
		var integrity *IntegrityError
		if !errors.As(err, &integrity) {
			t.Errorf("%q: %v", kid, err)
		}
	}
	w.Tamper = func(_ string, answer map[string]any) { answer["value"] = "%%" }
	if _, err := w.keeper().Unwrap(t.Context(), wrapped); err == nil || !strings.Contains(err.Error(), "not base64url") {
		t.Errorf("got %v", err)
	}
}

// TestFaultsEndInTime plays every fault of a vault.
func TestFaultsEndInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wrapped := w.wrap(t)
	k := w.keeper()
	if _, err := k.Unwrap(t.Context(), wrapped); err != nil {
		t.Fatal(err)
	}
	k.rest.Limit = 300 * time.Millisecond
	for _, mode := range httpfault.Modes() {
		t.Run(string(mode), func(t *testing.T) {
			w.Faults.Set(httpfault.Fault{Path: "/keys/", Mode: mode, Delay: 10 * time.Millisecond})
			start := time.Now()
			_, err := k.Unwrap(t.Context(), wrapped)
			if took := time.Since(start); took > 4*time.Second {
				t.Errorf("it took %v", took)
			}
			if (err == nil) != (mode == httpfault.Slow) {
				t.Fatalf("got %v", err)
			}
			if err != nil && !strings.Contains(err.Error(), "Azure Key Vault key https://sops-test.vault.azure.net/keys/key/") {
				t.Errorf("got %v", err)
			}
			w.Faults.Clear()
		})
	}
}

func TestACancelledCallEndsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wrapped := w.wrap(t)
	for _, path := range []string{"/decrypt", "/oauth2/"} {
		k := w.keeper()
		w.Faults.Set(httpfault.Fault{Path: path, Mode: httpfault.Hang})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		start := time.Now()
		_, err := k.Unwrap(ctx, wrapped)
		if !errors.Is(err, context.Canceled) || time.Since(start) > 3*time.Second {
			t.Errorf("%s: %v after %v", path, err, time.Since(start))
		}
		w.Faults.Clear()
		if _, err := k.Unwrap(t.Context(), wrapped); err != nil {
			t.Errorf("%s, after that: %v", path, err)
		}
	}
}
