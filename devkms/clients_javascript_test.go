package devkms_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTheJavaScriptSDKIsAnsweredAsByAWS runs testdata/clients/client.cjs.
func TestTheJavaScriptSDKIsAnsweredAsByAWS(t *testing.T) {
	t.Parallel()
	g := newGuest(t, "SOPS_JS_SDK")
	g.vars["NODE_PATH"], g.program = g.program, "node"
	script, err := filepath.Abs("testdata/clients/client.cjs")
	if err != nil {
		t.Fatal(err)
	}
	out, err := g.run(script, devKey)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	want := map[string]any{
		"the default user":               arnAlice,
		"a user's profile":               arnBob,
		"a chain of profiles":            "arn:aws:sts::222222222222:assumed-role/chained/*",
		"a profile with a token":         inRole + "ci/*",
		"a role":                         inRole + "sops-dev/js",
		"a role that trusts another":     "AccessDenied 403",
		"a role with its external id":    inRole + "external/js",
		"a role without its external id": "AccessDenied 403",
		"a name that is none":            "ValidationError 400",
		"a context that is not ASCII":    "secret",
		"the context's lack":             "InvalidCiphertextException 400",
		"a data key":                     true,
		"a role uses the key":            "secret",
		"a role makes a key":             "AccessDeniedException 400",
		"a user without permissions":     "AccessDeniedException 400",
		"a wrong secret":                 "InvalidSignatureException 400",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
