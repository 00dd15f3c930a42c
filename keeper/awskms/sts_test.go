package awskms

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

var fiveRegions = []string{"us-east-1", "eu-west-1", "us-west-2", "eu-central-1", "ap-southeast-1"}

// inFiveRegions returns a machine whose world has a key in each of five regions.
func inFiveRegions(t *testing.T) (*rig, []string) {
	t.Helper()
	w := world(t)
	w.Regions = fiveRegions
	var arns []string
	for i, region := range fiveRegions {
		id := fmt.Sprintf("55555555-0000-0000-0000-00000000000%d", i+1)
		w.Accounts[0].Keys = append(w.Accounts[0].Keys, devkms.Key{ID: id, Regions: []string{region}})
		arns = append(arns, "arn:aws:kms:"+region+":"+account1+":key/"+id)
	}
	r := newRig(t)
	r.server = devkms.Start(t, w)
	return r.set("AWS_ENDPOINT_URL", r.server.URL()), arns
}

// assumed lists the regions in which roles were asked for.
func (r *rig) assumed() []string {
	var all []string
	for _, c := range r.server.Calls() {
		if strings.HasPrefix(c.Operation, "AssumeRole") {
			all = append(all, c.Region)
		}
	}
	r.server.ResetCalls()
	return all
}

// TestARoleIsAssumedOnceWhateverTheRegions wraps under keys of five regions, one
// after the other and all at once, and counts what STS was asked.
func TestARoleIsAssumedOnceWhateverTheRegions(t *testing.T) {
	t.Parallel()
	for _, way := range []struct {
		name  string
		setup func(*rig)
		key   func(arn string) keeper.MasterKey
		hops  int
	}{
		{"role of the file", func(r *rig) { r.as("alice") }, func(arn string) keeper.MasterKey { return named(arn, "", ops) }, 1},
		{"role of a profile", func(*rig) {}, func(arn string) keeper.MasterKey { return named(arn, "ops", "") }, 1},
		{"role of a profile without a region", func(r *rig) {
			r.write("config", profiles+"[profile ops2]\nrole_arn = "+ops+"\nsource_profile = bob\n")
		}, func(arn string) keeper.MasterKey { return named(arn, "ops2", "") }, 1},
		{"role by flag", func(r *rig) { r.as("bob").o.Role = []string{ops} }, plainKey, 1},
		{"chain of the map", func(r *rig) {
			r.as("alice").mapped("accounts: {'" + account1 + "': {profile: bob, role: " + ops + "}}")
		}, plainKey, 1},
	} {
		for _, together := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, together %v", way.name, together), func(t *testing.T) {
				t.Parallel()
				r, arns := inFiveRegions(t)
				way.setup(r)
				k := r.keeper()
				var all sync.WaitGroup
				for _, arn := range arns {
					wrap := func() {
						if _, err := k.Wrap(t.Context(), way.key(arn), dataKey()); err != nil {
							t.Error(err)
						}
					}
					if together {
						all.Go(wrap)
					} else {
						wrap()
					}
				}
				all.Wait()
				if got := r.assumed(); len(got) != way.hops {
					t.Errorf("a role was assumed in %v, want %d calls", got, way.hops)
				}
			})
		}
	}
}

// TestAnotherRegionOfSTSAnswers breaks STS of the first region in every way.
func TestAnotherRegionOfSTSAnswers(t *testing.T) {
	t.Parallel()
	for _, mode := range []devkms.FaultMode{
		devkms.Refuse, devkms.Drop, devkms.Hang, devkms.HangAfterHeaders, devkms.InternalError,
		devkms.Unavailable, devkms.Throttle, devkms.Reset, devkms.Garbage,
	} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			r, arns := inFiveRegions(t)
			r.o.silence = 0
			r.as("alice").server.SetFault(devkms.Fault{Region: "us-east-1", Operation: "AssumeRole", Mode: mode})
			k := r.keeper()
			start := time.Now()
			for _, arn := range arns {
				if _, err := k.Wrap(t.Context(), named(arn, "", ops), dataKey()); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(start); took > 15*time.Second { // below the limit of a call; the machine may be busy
				t.Errorf("it took %v", took)
			}
			got := r.assumed()
			if !slices.Contains(got, "us-west-2") || got[0] != "us-east-1" {
				t.Errorf("STS was asked in %v, want us-east-1 and us-west-2", got)
			}
		})
	}
}

// TestTheRegionThatAnsweredIsAskedFirst does not wait twice for a silent one.
func TestTheRegionThatAnsweredIsAskedFirst(t *testing.T) {
	t.Parallel()
	r, _ := inFiveRegions(t)
	r.o.silence = 0
	r.as("alice").server.SetFault(devkms.Fault{Region: "us-east-1", Operation: "AssumeRole", Mode: devkms.Hang})
	k := r.keeper()
	for _, m := range []keeper.MasterKey{named(key1, "", ops), named(key1, "ops1", "")} {
		r.write("config", profiles+"[profile ops1]\nrole_arn = "+ops+"\nsource_profile = bob\n")
		if _, err := k.Wrap(t.Context(), m, dataKey()); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.assumed(); len(got) == 0 || got[len(got)-1] == "us-east-1" {
		t.Errorf("STS was asked in %v", got)
	}
}

// TestADenialIsNotTriedElsewhere: what STS says of a role, it says everywhere.
func TestADenialIsNotTriedElsewhere(t *testing.T) {
	t.Parallel()
	r, arns := inFiveRegions(t)
	r.as("alice").o.Role = []string{refusing}
	k := r.keeper()
	for _, arn := range arns {
		if _, err := k.Wrap(t.Context(), plainKey(arn), dataKey()); err == nil {
			t.Fatal("a role that was refused was used")
		}
	}
	if got := r.assumed(); len(got) != 1 {
		t.Errorf("STS was asked in %v", got)
	}
}

// TestTheUserSaysWhichRegionsMayBeAsked: one region is no other.
func TestTheUserSaysWhichRegionsMayBeAsked(t *testing.T) {
	t.Parallel()
	for name, setup := range map[string]func(*rig){
		"variable": func(r *rig) { r.set("SOPS_AWS_STS_REGIONS", "eu-central-1") },
		"map":      func(r *rig) { r.mapped("sts_regions: [eu-central-1]\n") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, arns := inFiveRegions(t)
			setup(r.as("alice"))
			r.server.SetFault(devkms.Fault{Region: "us-east-1", Operation: "AssumeRole", Mode: devkms.InternalError})
			if _, err := r.keeper().Wrap(t.Context(), named(arns[0], "", ops), dataKey()); err != nil {
				t.Fatal(err)
			}
			if d := strings.Join(r.assumed(), " "); d != "us-east-1 eu-central-1" {
				t.Errorf("STS was asked in %s", d)
			}
		})
	}
}

// TestACodeIsSentOnce: where STS is silent, the code may have arrived.
func TestACodeIsSentOnce(t *testing.T) {
	t.Parallel()
	r, _ := inFiveRegions(t)
	r.set("SOPS_AWS_MFA_TOKEN", code).o.Attempt = time.Second
	r.o.silence = 0
	r.server.SetFault(devkms.Fault{Region: "us-east-1", Operation: "AssumeRole", Mode: devkms.Hang})
	if _, err := r.keeper().Wrap(t.Context(), named(key1, "vault", ""), dataKey()); err == nil {
		t.Error("it worked")
	}
	if got := r.assumed(); len(got) != 1 {
		t.Errorf("STS was asked in %v", got)
	}
}

// TestSessionsAreKeptOnRequest counts codes and calls of two runs.
func TestSessionsAreKeptOnRequest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		setup func(*rig)
		key   keeper.MasterKey
		calls int // of STS in two runs
	}{
		{"not asked for", func(*rig) {}, named(key1, "vault", ""), 2},
		{"by variable", func(r *rig) { r.set("SOPS_AWS_SESSION_CACHE", "true") }, named(key1, "vault", ""), 1},
		{"by the map", func(r *rig) { r.mapped("session_cache: true\n") }, named(key1, "vault", ""), 1},
		{"variable before the map", func(r *rig) { r.set("SOPS_AWS_SESSION_CACHE", "false").mapped("session_cache: true\n") }, named(key1, "vault", ""), 2},
		{"role of the file", func(r *rig) { r.as("alice").set("SOPS_AWS_SESSION_CACHE", "true") }, named(key1, "", ops), 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			var asked atomic.Int32
			r.o.AskMFA = func(context.Context, string) (string, error) { asked.Add(1); return code, nil }
			test.setup(r)
			for range 2 {
				if _, err := r.keeper().Wrap(t.Context(), test.key, dataKey()); err != nil {
					t.Fatal(err)
				}
			}
			if got := r.assumed(); len(got) != test.calls {
				t.Errorf("STS was asked %d times, want %d", len(got), test.calls)
			}
			if n := int(asked.Load()); test.key.Text("aws_profile") == "vault" && n != test.calls {
				t.Errorf("a code was asked for %d times, want %d", n, test.calls)
			}
			files, _ := filepath.Glob(filepath.Join(r.dir, ".aws", "cli", "cache", "*.json"))
			if kept := len(files) > 0; kept != (test.calls == 1) {
				t.Errorf("files %v", files)
			}
			for _, f := range files {
				if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("%s: %v, %v", f, info.Mode(), err)
				}
			}
		})
	}
}

// TestAKeptSessionServesItsOwnIdentityAlone: other users, and sessions that are
// over, damaged or of another role, mean a new call.
func TestAKeptSessionServesItsOwnIdentityAlone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(r *rig, file string)
	}{
		{"another user", func(r *rig, _ string) { r.as("bob") }},
		{"over", func(r *rig, _ string) { r.o.Now = func() time.Time { return time.Now().Add(59 * time.Minute) } }},
		{"damaged", func(r *rig, file string) {
			if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
				r.t.Fatal(err)
			}
		}},
		{"another role", func(r *rig, file string) {
			src, err := os.ReadFile(file)
			if err != nil {
				r.t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(src), "assumed-role/ops/", "assumed-role/opsother/")), 0o600); err != nil {
				r.t.Fatal(err)
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t).as("alice").set("SOPS_AWS_SESSION_CACHE", "true")
			r.o.Role = []string{ops}
			if _, err := r.keeper().Wrap(t.Context(), plainKey(key1), dataKey()); err != nil {
				t.Fatal(err)
			}
			files, _ := filepath.Glob(filepath.Join(r.dir, ".aws", "cli", "cache", "*.json"))
			if len(files) != 1 {
				t.Fatalf("files %v", files)
			}
			r.assumed()
			test.change(r, files[0])
			_, err := r.keeper().Wrap(t.Context(), plainKey(key1), dataKey())
			if e := (*Error)(nil); err != nil && !errors.As(err, &e) {
				t.Fatal(err)
			}
			if got := r.assumed(); len(got) != 1 {
				t.Errorf("STS was asked in %v, want one new session", got)
			}
		})
	}
}

// TestTagsAndSourceIdentityReachSTS asks for a role that wants them.
func TestTagsAndSourceIdentityReachSTS(t *testing.T) {
	t.Parallel()
	w := world(t)
	wants := policy(t, fmt.Sprintf(`{"Effect":"Allow","Principal":{"AWS":%q},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],
		"Condition":{"StringEquals":{"aws:RequestTag/team":"blue","sts:SourceIdentity":"ann"}}}`, alice))
	keeps := policy(t, fmt.Sprintf(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:role/first"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],
		"Condition":{"StringEquals":{"aws:PrincipalTag/team":"blue","aws:SourceIdentity":"ann"}}}`, account1))
	everything := []*devkms.Policy{policy(t, `{"Effect":"Allow","Action":"*","Resource":"*"}`)}
	w.Accounts[0].Roles = append(
		w.Accounts[0].Roles,
		devkms.Role{Name: "first", Trust: wants, Policies: everything}, devkms.Role{Name: "second", Trust: keeps, Policies: everything},
	)
	first, second := "arn:aws:iam::"+account1+":role/first", "arn:aws:iam::"+account1+":role/second"
	for _, test := range []struct {
		entry string
		works bool
	}{
		{"role: " + first, false},
		{"role: " + first + ", tags: {team: blue}", false},
		{"role: " + first + ", tags: {team: blue}, source_identity: ann", true},
		{"role: [" + first + ", " + second + "], tags: {team: blue}, source_identity: ann", false},
		{"role: [" + first + ", " + second + "], tags: {team: blue}, transitive_tags: [team], source_identity: ann", true},
	} {
		t.Run(test.entry, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.server = devkms.Start(t, w)
			r.set("AWS_ENDPOINT_URL", r.server.URL()).as("alice").mapped("accounts: {'" + account1 + "': {" + test.entry + "}}")
			r.warned = nil
			_, err := r.keeper().Wrap(t.Context(), plainKey(key1), dataKey())
			calls := strings.Join(r.calls(), "\n")
			if got := err == nil && !strings.Contains(calls, "AccessDenied"); got != test.works {
				t.Errorf("works = %v, want %v: %v\n%s", got, test.works, err, calls)
			}
		})
	}
}
