package awskms

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/session"
)

// TestOnlyTheWordsOfFilesFallBack goes through who may name an identity, what
// may be wrong with it, and all that a keeper does. The machine itself is alice,
// who may do everything.
func TestOnlyTheWordsOfFilesFallBack(t *testing.T) {
	t.Parallel()
	const expired = `{"Version":1,"AccessKeyId":"PRINTED-SECRET","SecretAccessKey":"x","Expiration":"2020-01-01T00:00:00Z"}`
	more := "[profile expired]\ncredential_process = echo '" + expired + "'\n"
	type source struct {
		name  string
		setup func(r *rig, profile, role string) keeper.MasterKey
		falls bool
	}
	sources := []source{
		{"flag", func(r *rig, p, role string) keeper.MasterKey {
			r.o.Profile, r.o.Role = nonEmpty(p), nonEmpty(role)
			return plainKey(key1)
		}, false},
		{"flag for the account", func(r *rig, p, role string) keeper.MasterKey {
			r.o.Profile, r.o.Role = nonEmpty(p, account1+"="), nonEmpty(role, account1+"=")
			return plainKey(key1)
		}, false},
		{"flag over a file that would do", func(r *rig, p, role string) keeper.MasterKey {
			r.o.Profile, r.o.Role = nonEmpty(p), nonEmpty(role)
			if p == "" {
				return named(key1, "", ops)
			}
			return named(key1, "alice", "")
		}, false},
		{"variable", func(r *rig, p, role string) keeper.MasterKey {
			r.set("SOPS_AWS_PROFILE", p).set("SOPS_AWS_ROLE", role)
			return plainKey(key1)
		}, false},
		{"map", func(r *rig, p, role string) keeper.MasterKey {
			r.mapped(fmt.Sprintf("accounts: {%q: {profile: %q, role: [%s]}}", account1, p, role))
			return plainKey(key1)
		}, true},
		{"file", func(_ *rig, p, role string) keeper.MasterKey { return named(key1, p, role) }, true},
	}
	for _, s := range sources {
		for _, bad := range []struct{ name, profile, role string }{
			{"profile is missing", "typo", ""},
			{"profile has no credentials", "failing", ""},
			{"credentials are unknown", "stranger", ""},
			{"credentials are expired", "expired", ""},
			{"key is denied", "bob", ""},
			{"role is denied", "", refusing},
			{"role of a profile is denied", "bob", refusing},
		} {
			t.Run(s.name+", "+bad.name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t).as("alice")
				r.write("config", profiles+more)
				m := s.setup(r, bad.profile, bad.role)
				w := r.wrapped(m)
				k := r.keeper()
				_, wrapping := k.Wrap(t.Context(), m, dataKey())
				_, unwrapping := k.Unwrap(t.Context(), w)
				report := k.report(t.Context(), w)
				for what, works := range map[string]bool{"wrap": wrapping == nil, "unwrap": unwrapping == nil, "diagnose": report.Opens} {
					if works != s.falls {
						t.Errorf("%s works: %v, want %v\n%v\n%v", what, works, s.falls, wrapping, unwrapping)
					}
				}
				if calls := strings.Join(r.calls(), "\n"); !s.falls && bad.role == "" && strings.Contains(calls, "alice") {
					t.Errorf("calls %s", calls)
				}
				if warned := len(r.warned) > 0; warned != (s.name == "map") {
					t.Errorf("warned %q", r.warned)
				}
			})
		}
	}
}

func nonEmpty(text string, before ...string) []string {
	if text == "" {
		return nil
	}
	return []string{strings.Join(before, "") + text}
}

// TestWhatLimitsAnAttempt asks how long the last identity may take.
func TestWhatLimitsAnAttempt(t *testing.T) {
	t.Parallel()
	k := New(Options{Env: newRig(t).keeper().o.Env})
	if got := k.last(t.Context()); got != DefaultLast {
		t.Errorf("without a limit: %v", got)
	}
	ctx, cancel := session.Limited(t.Context(), time.Hour)
	defer cancel()
	if got := k.last(ctx); got != 0 {
		t.Errorf("the caller limits it: %v", got)
	}
	k.o.Attempt = time.Minute
	if got := k.last(ctx); got != time.Minute {
		t.Errorf("the options limit it: %v", got)
	}
}
