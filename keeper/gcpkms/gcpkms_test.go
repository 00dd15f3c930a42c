package gcpkms

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/test/gcptest"
	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

func TestAKeyUnwrapsWhatItWrapped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wrapped := w.wrap(t)
	if wrapped.Created.IsZero() || wrapped.Text(fieldID) != gcptest.Key {
		t.Errorf("wrapped: %+v", wrapped)
	}
	if _, err := base64.StdEncoding.Strict().DecodeString(wrapped.Enc); err != nil {
		t.Errorf("enc %q: %v", wrapped.Enc, err)
	}
	w.Rotate(gcptest.Key)
	wrapped.Enc = wrapped.Enc[:10] + "\n  " + wrapped.Enc[10:] // as editors do
	d, err := w.keeper().Unwrap(t.Context(), wrapped)
	if err != nil || string(d.Bytes()) != secret {
		t.Errorf("%q, %v", d.Bytes(), err)
	}
}

func TestAVersionIsForWrappingAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Rotate(gcptest.Key)
	w.SetState(gcptest.Key, 2, "DISABLED")
	k := w.keeper()
	wrapped, err := k.Wrap(t.Context(), key(gcptest.Key+"/cryptoKeyVersions/1"), keeper.NewData([]byte(secret)))
	if err != nil || wrapped.Text(fieldID) != gcptest.Key {
		t.Fatalf("%+v, %v", wrapped, err)
	}
	if _, err := k.Unwrap(t.Context(), wrapped); err != nil {
		t.Error(err)
	}
	wrapped.MasterKey = key(gcptest.Key + "/cryptoKeyVersions/1")
	if _, err := k.Unwrap(t.Context(), wrapped); err == nil || !strings.Contains(err.Error(), "without a version") {
		t.Errorf("got %v", err)
	}
}

func TestOnlyTheResourceIDOfAKeyIsTaken(t *testing.T) {
	t.Parallel()
	for id, good := range map[string]bool{
		gcptest.Key: true, "projects/example.com:p/locations/eur4/keyRings/r_1/cryptoKeys/k-1": true, gcptest.Key + "/cryptoKeyVersions/1": true,
		"": false, "key": false, gcptest.Key + "/": false, "/" + gcptest.Key: false, gcptest.Key + "/cryptoKeyVersions": false,
		"projects/p/locations/l/keyRings/r/keys/k": false, "projects//locations/l/keyRings/r/cryptoKeys/k": false,
		"projects/../locations/l/keyRings/r/cryptoKeys/k": false, "projects/p/locations/l/keyRings/r/cryptoKeys/k?x=y": false,
		"projects/p/locations/l/keyRings/r/cryptoKeys/k:encrypt#": false, "projects/p/locations/l/keyRings/r/cryptoKeys/%2e": false,
	} {
		if _, err := parseName(id); (err == nil) != good {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func FuzzANameIsItsOwnPath(f *testing.F) {
	f.Add(gcptest.Key)
	f.Add(gcptest.Key + "/cryptoKeyVersions/7")
	f.Fuzz(func(t *testing.T, id string) {
		n, err := parseName(id)
		if err != nil {
			return
		}
		if got := strings.ReplaceAll(n.path("decrypt"), "%3A", ":"); got != "/v1/"+id+":decrypt" {
			t.Errorf("%q becomes %q", id, got)
		}
	})
}

// TestDamageIsNotBelieved changes each member of answers that an integrity
// check is about. Cloud KMS of SOPS believes them all.
func TestDamageIsNotBelieved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wrapped := w.wrap(t)
	for _, c := range []struct {
		operation, member string
		value             any // nil removes the member
		reason            string
	}{
		{"encrypt", "name", gcptest.Other + "/cryptoKeyVersions/1", "another key"},
		{"encrypt", "name", nil, "another key"},
		{"encrypt", "verifiedPlaintextCrc32c", false, "not verified"},
		{"encrypt", "verifiedPlaintextCrc32c", nil, "not verified"},
		{"encrypt", "ciphertextCrc32c", "1", "checksum"},
		{"encrypt", "ciphertextCrc32c", nil, "no checksum"},
		{"encrypt", "ciphertext", "%%%", "not base64"},
		{"encrypt", "ciphertext", nil, "no ciphertext"},
		{"decrypt", "plaintextCrc32c", "1", "checksum"},
		{"decrypt", "plaintextCrc32c", nil, "no checksum"},
		{"decrypt", "plaintext", "AAAA", "checksum"},
		{"decrypt", "plaintext", nil, "no plaintext"},
	} {
		calls := 0
		w.Tamper = func(operation string, answer map[string]any) {
			calls++
			if answer[c.member] = c.value; c.value == nil {
				delete(answer, c.member)
			}
		}
		var err error
		if c.operation == "encrypt" {
			_, err = w.keeper().Wrap(t.Context(), key(gcptest.Key), keeper.NewData([]byte(secret)))
		} else {
			_, err = w.keeper().Unwrap(t.Context(), wrapped)
		}
		var integrity *IntegrityError
		if !errors.As(err, &integrity) || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%s, %s %v: got %v, want %q", c.operation, c.member, c.value, err, c.reason)
		}
		if calls != tries {
			t.Errorf("%s, %s: %d calls", c.operation, c.member, calls)
		}
	}
}

func TestDamageOfOneAnswerPasses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wrapped := w.wrap(t)
	calls := 0
	w.Tamper = func(_ string, answer map[string]any) {
		if calls++; calls == 1 {
			answer["plaintextCrc32c"] = 1
		}
	}
	if _, err := w.keeper().Unwrap(t.Context(), wrapped); err != nil || calls != 2 {
		t.Errorf("%v, %d calls", err, calls)
	}
}

// TestErrorsSayWhoWhatAndWhatHelps holds what people see.
func TestErrorsSayWhoWhatAndWhatHelps(t *testing.T) {
	t.Parallel()
	const grant = "gcloud kms keys add-iam-policy-binding key --keyring ring --location global --project sops-test --member serviceAccount:" + gcptest.Account
	for _, c := range []struct {
		name   string
		set    func(*world, *keeper.WrappedKey)
		says   string
		advice string
	}{
		{
			"denied", func(w *world, _ *keeper.WrappedKey) { w.Deny(gcptest.Account, gcptest.UseToDecrypt) },
			"as " + gcptest.Account + ", from GOOGLE_CREDENTIALS: PERMISSION_DENIED (IAM_PERMISSION_DENIED): Permission", grant + " --role roles/cloudkms.cryptoKeyDecrypter",
		},
		{
			"disabled", func(w *world, _ *keeper.WrappedKey) { w.SetState(gcptest.Key, 1, "DISABLED") },
			"FAILED_PRECONDITION", "gcloud kms keys versions list --key key --keyring ring",
		},
		{"damaged", func(_ *world, e *keeper.WrappedKey) { *e = damage(*e) }, "INVALID_ARGUMENT", "git log -p"},
		{"other key", func(_ *world, e *keeper.WrappedKey) { e.MasterKey = key(gcptest.Other) }, "INVALID_ARGUMENT", "git log -p"},
		{"no key", func(_ *world, e *keeper.WrappedKey) { e.MasterKey = key(gcptest.Key + "x") }, "NOT_FOUND", "gcloud kms keys describe keyx"},
		{
			"quota", func(w *world, _ *keeper.WrappedKey) { w.vars[varQuota] = "bar" },
			"USER_PROJECT_DENIED", "the project bar is from GOOGLE_CLOUD_QUOTA_PROJECT; to name none, set SOPS_GCP_QUOTA_PROJECT=none",
		},
		{"service", func(w *world, _ *keeper.WrappedKey) {
			w.SetProject("bar", "SERVICE_DISABLED")
			w.vars[varQuota] = "bar"
		}, "SERVICE_DISABLED", "gcloud services enable cloudkms.googleapis.com --project bar"},
		{"token", func(w *world, _ *keeper.WrappedKey) {
			delete(w.vars, varCredentials)
			w.vars[varToken] = "canary"
		}, "as GOOGLE_OAUTH_ACCESS_TOKEN: UNAUTHENTICATED", "gcloud auth print-access-token"},
		{"no base64", func(_ *world, e *keeper.WrappedKey) { e.Enc = "canary!" }, "enc is not base64", "git log -p"},
		{"http", func(w *world, _ *keeper.WrappedKey) { w.vars[varEndpoint] = "http://a.test" }, "SOPS_GCP_KMS_ENDPOINT: it is not https", "unset it"},
		{"client", func(w *world, _ *keeper.WrappedKey) { w.vars[varClient] = "soap" }, "neither grpc nor rest", "unset"},
		{"universe", func(w *world, _ *keeper.WrappedKey) { w.vars[varUniverse] = "u.test" }, "universe googleapis.com", "SOPS_GCP_KMS_UNIVERSE_DOMAIN"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.vars[varCredentials] = string(w.ServiceAccount())
			wrapped := w.wrap(t)
			c.set(w, &wrapped)
			_, err := w.keeper().Unwrap(t.Context(), wrapped)
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "canary") {
				t.Fatalf("got %v, want %s", err, c.says)
			}
			if advice := strings.Join(hint.Hints(err), "\n"); !strings.Contains(advice, c.advice) {
				t.Errorf("hints %s, want %s", advice, c.advice)
			}
		})
	}
}

// TestFaultsEndInTime plays every fault of a server.
func TestFaultsEndInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wrapped := w.wrap(t)
	for _, mode := range httpfault.Modes() {
		t.Run(string(mode), func(t *testing.T) {
			k := w.tokenKeeper()
			k.rest.Limit = 300 * time.Millisecond
			w.Faults.Set(httpfault.Fault{Mode: mode, Delay: 10 * time.Millisecond})
			start := time.Now()
			_, err := k.Unwrap(t.Context(), wrapped)
			if took := time.Since(start); took > 4*time.Second {
				t.Errorf("it took %v", took)
			}
			if (err == nil) != (mode == httpfault.Slow) {
				t.Fatalf("got %v", err)
			}
			if err != nil && !strings.Contains(err.Error(), "Google Cloud KMS key "+gcptest.Key+": cannot decrypt") {
				t.Errorf("got %v", err)
			}
			w.Faults.Clear()
			if _, err := k.Unwrap(t.Context(), wrapped); err != nil {
				t.Errorf("after that: %v", err)
			}
		})
	}
}

func TestABusyServerIsAskedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wrapped := w.wrap(t)
	w.Faults.Set(httpfault.Fault{Path: ":decrypt", Mode: httpfault.Throttle, Times: 2})
	if _, err := w.tokenKeeper().Unwrap(t.Context(), wrapped); err != nil {
		t.Error(err)
	}
}

func TestACancelledCallEndsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wrapped := w.wrap(t)
	for _, path := range []string{":decrypt", "/token"} {
		w.vars[varCredentials] = string(w.ServiceAccount())
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

func TestManyKeysFetchOneToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vars[varCredentials] = string(w.ServiceAccount())
	k := w.keeper()
	wrapped := w.wrap(t)
	w.Faults.Calls()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := k.Unwrap(t.Context(), wrapped); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := strings.Count(strings.Join(w.Faults.Calls(), "\n"), "/token"); n != 1 {
		t.Errorf("%d tokens", n)
	}
	w.Revoke() // a token that is not taken any more is fetched once more
	if _, err := k.Unwrap(t.Context(), wrapped); err != nil {
		t.Error(err)
	}
}
