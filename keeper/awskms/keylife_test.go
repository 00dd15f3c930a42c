package awskms

import (
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// TestTheDiagnosisNamesTheLifeOfAKey puts a key into each state that it may come
// to, and wants to read what mends that.
func TestTheDiagnosisNamesTheLifeOfAKey(t *testing.T) {
	t.Parallel()
	const own, mrk = "11111111-0000-0000-0000-000000000021", "mrk-00000000000000000000000000000021"
	one := func(id string) string { return "arn:aws:kms:us-east-1:" + account1 + ":key/" + id }
	for _, test := range []struct {
		name  string
		key   devkms.Key
		vars  map[string]string
		opens bool
		want  string // in the detail of a step
		mends string // in its hint
	}{
		{name: "nothing", key: devkms.Key{ID: own}, opens: true, want: "is Enabled"},
		{name: "rotation is off", key: devkms.Key{ID: own, Policy: policy(t, `{"Effect":"Allow","Principal":{"AWS":"`+alice+`"},"Action":"kms:*","Resource":"*"}`)}, opens: true, want: "automatic rotation is off"},
		{name: "disabled", key: devkms.Key{ID: own, State: "Disabled"}, want: "is Disabled", mends: "aws kms enable-key --key-id " + one(own)},
		{name: "pending deletion", key: devkms.Key{ID: own, State: "PendingDeletion"}, want: ", in 29 days", mends: "aws kms cancel-key-deletion"},
		{name: "pending replica deletion", key: devkms.Key{ID: mrk, Regions: []string{"us-east-1", "eu-west-1"}, State: "PendingReplicaDeletion"}, want: "30 days after its last replica", mends: "aws kms cancel-key-deletion"},
		{name: "no key material", key: devkms.Key{ID: own, State: "PendingImport"}, want: "key material has expired", mends: "aws kms get-parameters-for-import"},
		{name: "key store is away", key: devkms.Key{ID: own, State: "Unavailable"}, want: "key store is not connected", mends: "aws kms connect-custom-key-store"},
		{name: "creating", key: devkms.Key{ID: own, State: "Creating"}, want: "is Creating", mends: "aws kms describe-key"},
		{name: "updating", key: devkms.Key{ID: mrk, Regions: []string{"us-east-1"}, State: "Updating"}, opens: true, want: "is Updating"},
		{name: "material expires soon", key: devkms.Key{ID: own, Expires: time.Now().AddDate(0, 0, 10)}, opens: true, want: "the key material expires on ", mends: "aws kms get-parameters-for-import"},
		{name: "material expires in a year", key: devkms.Key{ID: own, Expires: time.Now().AddDate(1, 0, 0)}, opens: true, want: "the key material expires on "},
		{name: "replica that is not used", key: devkms.Key{ID: mrk, Regions: []string{"us-east-1", "eu-west-1"}}, opens: true, want: "multi-Region key in eu-west-1, us-east-1", mends: "SOPS_AWS_MRK_REGIONS=eu-west-1"},
		{
			name: "replica that is not there", key: devkms.Key{ID: mrk, Regions: []string{"us-east-1"}}, opens: true,
			vars: map[string]string{"SOPS_AWS_MRK_REGIONS": "eu-west-1"}, want: "names eu-west-1, where the key has no replica", mends: "aws kms replicate-key --replica-region eu-west-1",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			w := world(t)
			state, expires := test.key.State, test.key.Expires
			test.key.State, test.key.Expires = "", time.Time{}
			if len(test.key.Regions) == 0 {
				test.key.Regions = []string{"us-east-1"}
			}
			w.Accounts[0].Keys = []devkms.Key{test.key}
			r := newRig(t).as("alice")
			r.server = startIn(t, w, dir)
			r.set("AWS_ENDPOINT_URL", r.server.URL())
			wrapped := r.wrapped(plainKey(one(test.key.ID)))
			if err := r.server.Close(); err != nil {
				t.Fatal(err)
			}
			w.Accounts[0].Keys[0].State, w.Accounts[0].Keys[0].Expires = state, expires
			r.server = startIn(t, w, dir)
			r.set("AWS_ENDPOINT_URL", r.server.URL())
			for name, value := range test.vars {
				r.set(name, value)
			}
			report := r.keeper().report(t.Context(), wrapped)
			if report.Opens != test.opens {
				t.Errorf("opens = %v, want %v: %+v", report.Opens, test.opens, report)
			}
			var details, hints []string
			for _, a := range report.Attempts {
				hints = append(hints, a.Hint)
				for _, s := range a.Steps {
					details, hints = append(details, s.Detail), append(hints, s.Hint)
				}
			}
			if !strings.Contains(strings.Join(details, "\n"), test.want) {
				t.Errorf("got %q, want %q", details, test.want)
			}
			if !strings.Contains(strings.Join(hints, "\n"), test.mends) {
				t.Errorf("got %q, want %q", hints, test.mends)
			}
		})
	}
}

// startIn starts a server that keeps its keys in dir.
func startIn(t *testing.T, w *devkms.World, dir string) *devkms.Server {
	t.Helper()
	s, err := devkms.New(devkms.Options{World: w, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAGrantThatWasRetiredIsADenial: whoever lived of a grant reads how to get one.
func TestAGrantThatWasRetiredIsADenial(t *testing.T) {
	t.Parallel()
	dir, w := t.TempDir(), world(t)
	const id = "11111111-0000-0000-0000-000000000022"
	arn := "arn:aws:kms:us-east-1:" + account1 + ":key/" + id
	w.Accounts[0].Keys = []devkms.Key{{ID: id, Regions: []string{"us-east-1"}, Grants: []devkms.Grant{{Grantee: bob, Operations: []string{"Decrypt"}}}}}
	r := newRig(t).as("bob")
	r.server = startIn(t, w, dir)
	r.set("AWS_ENDPOINT_URL", r.server.URL())
	wrapped := r.wrapped(plainKey(arn))
	if _, err := r.keeper().Unwrap(t.Context(), wrapped); err != nil {
		t.Fatalf("with the grant: %v", err)
	}
	if err := r.server.Close(); err != nil {
		t.Fatal(err)
	}
	w.Accounts[0].Keys[0].Grants = nil
	r.server = startIn(t, w, dir)
	r.set("AWS_ENDPOINT_URL", r.server.URL())
	_, err := r.keeper().Unwrap(t.Context(), wrapped)
	want := "aws kms create-grant --key-id " + arn + " --region us-east-1 --grantee-principal " + bob + " --operations Decrypt"
	e, ok := err.(*Error)
	if !ok || !strings.Contains(strings.Join(e.Hints(), "\n"), want) {
		t.Errorf("got %v with %v, want %q", err, e.Hints(), want)
	}
}

var _ keeper.Identifier = (*Keeper)(nil)
