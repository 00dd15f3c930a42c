package awskms

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/deadline"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// good is what the process of alice prints.
const good = `{"Version":1,"AccessKeyId":"AKIAALICE0000000","SecretAccessKey":"alice"}`

// withProcess returns a rig whose profile "it" runs a shell script, and "role"
// assumes ops with what that gives.
func withProcess(t *testing.T, script string) *rig {
	t.Helper()
	r := newRig(t)
	file := filepath.Join(t.TempDir(), "process.sh")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	r.write("config", profiles+fmt.Sprintf("[profile it]\ncredential_process = sh %s\n[profile role]\nrole_arn = %s\nsource_profile = it\nrole_session_name = me\n", file, ops))
	return r
}

func TestAProcessFailsInSoManyWords(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ script, says string }{
		"status":        {"echo PRINTED-SECRET; echo 'no \033[31msession\007' >&2; exit 3", `credential_process ended with exit status 3: no \x1b[31msession\x07`},
		"not found":     {"no-such-program-here", "credential_process ended with exit status 127: "},
		"killed":        {"kill -9 $$", "credential_process ended with exit status 137"},
		"nothing":       {"echo", "credential_process printed nothing"},
		"no JSON":       {"echo PRINTED-SECRET", "credential_process printed something else than credentials in JSON"},
		"version":       {`echo '{"Version":2,"AccessKeyId":"PRINTED-SECRET","SecretAccessKey":"PRINTED-SECRET"}'`, "version 2, not 1"},
		"no key":        {`echo '{"Version":1,"SecretAccessKey":"PRINTED-SECRET"}'`, "without AccessKeyId"},
		"no secret":     {`echo '{"Version":1,"AccessKeyId":"PRINTED-SECRET"}'`, "without SecretAccessKey"},
		"wrong type":    {`echo '{"Version":1,"AccessKeyId":["PRINTED-SECRET"]}'`, "something else than credentials"},
		"expired":       {`echo '{"Version":1,"AccessKeyId":"PRINTED-SECRET","SecretAccessKey":"x","Expiration":"2020-01-01T00:00:00Z"}'`, "expired at 2020-01-01T00:00:00Z"},
		"without end":   {"yes PRINTED-SECRET", "credential_process prints without end"},
		"many, to read": {"for i in $(seq 1000); do echo line $i >&2; done; exit 1", "line 1000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := withProcess(t, test.script)
			r.o.Strict = true
			for _, profile := range []string{"it", "role"} {
				_, err := r.keeper().Wrap(t.Context(), named(key1, profile, ""), dataKey())
				if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "PRINTED-SECRET") || len(err.Error()) > 1000 {
					t.Errorf("%s: got %v, want %q", profile, err, test.says)
				}
				requireHint(t, err, ProcessFailed)
			}
		})
	}
}

func TestAProcessRunsOnceForAllKeysAndRoles(t *testing.T) {
	t.Parallel()
	r := withProcess(t, "echo >>$0.runs; echo '"+good+"'")
	k := r.keeper()
	done := make(chan error)
	keys := []keeper.MasterKey{named(key1, "it", ""), named(key2, "it", ""), named(key3, "role", ""), named(keyWest, "role", ""), named(key1, "it", ops)}
	for _, m := range keys {
		go func() {
			_, err := k.Wrap(t.Context(), m, dataKey())
			done <- err
		}()
	}
	for range keys {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	found, _ := filepath.Glob(filepath.Join(filepath.Dir(k.processFile(t, "it")), "*.runs"))
	if len(found) != 1 {
		t.Fatalf("found %v", found)
	}
	if runs, err := os.ReadFile(found[0]); err != nil || string(runs) != "\n" {
		t.Errorf("it ran %d times, %v", len(runs), err)
	}
	if !strings.Contains(strings.Join(r.calls(), "\n"), "assumed-role/ops/me") {
		t.Errorf("calls %v", r.calls())
	}
}

// processFile returns the script of a profile.
func (k *Keeper) processFile(t *testing.T, name string) string {
	t.Helper()
	p, err := k.pool.Profile(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(p.Process(), "sh ")
}

// TestNoDeadlineCountsTheTimeOfAProcess lets a process wait for a person longer
// than anything else may take.
func TestNoDeadlineCountsTheTimeOfAProcess(t *testing.T) {
	t.Parallel()
	r := withProcess(t, "sleep 2; echo '"+good+"'")
	w := r.wrapped(named(key1, "role", ""))
	ctx, cancel := deadline.With(t.Context(), time.Second, errors.New("too late"))
	defer cancel()
	if _, err := r.keeper().Unwrap(ctx, w); err != nil {
		t.Error(err)
	}
}

func TestAProcessThatHangsIsEndedWithItsChildren(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"its limit", "the caller"} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			r := withProcess(t, "sleep 1000 & echo $! >$0.new; mv $0.new $0.pid; sleep 1000")
			r.o.Strict = true
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			k := r.keeper()
			file := k.processFile(t, "it") + ".pid"
			if by == "its limit" {
				r.o.Attempt = time.Second
				k = r.keeper()
			} else {
				go func() { await(file); cancel() }()
			}
			_, err := k.Wrap(ctx, named(key1, "it", ""), dataKey())
			if err == nil || by == "its limit" && !strings.Contains(err.Error(), "did not end within 1s") {
				t.Errorf("got %v", err)
			}
			pid := strings.TrimSpace(await(file))
			for range 500 {
				state, err := os.ReadFile("/proc/" + pid + "/stat")
				if err != nil || strings.Contains(string(state), ") Z ") {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
			t.Errorf("process %s still runs", pid)
		})
	}
}

// await returns the text of a file when it is there.
func await(file string) string {
	for range 1000 {
		if text, err := os.ReadFile(file); err == nil {
			return string(text)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return ""
}
