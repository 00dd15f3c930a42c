package awskms

import (
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/internal/test/keepertest"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
)

func TestKeeperSuite(t *testing.T) {
	t.Parallel()
	const secret = "CANARY-of-the-access-key"
	w := world(t)
	w.Accounts[0].Users[0].Access.Secret = secret
	r := newRig(t)
	r.server = devkms.Start(t, w)
	r.as("alice").set("AWS_SECRET_ACCESS_KEY", secret).set("AWS_ENDPOINT_URL", r.server.URL())
	r.o.Attempt = 0
	other := newRig(t)
	faults := map[string]func() func(){}
	for _, mode := range devkms.FaultModes() {
		faults[string(mode)] = func() func() {
			r.server.SetFault(devkms.Fault{Mode: mode, Delay: 5 * time.Second})
			return r.server.ClearFaults
		}
	}
	keepertest.Run(t, keepertest.Case{
		New:      func(*testing.T) keeper.Keeper { return r.keeper() },
		Key:      awskey.Kind().Key(awskey.FieldARN, key1),
		Other:    awskey.Kind().Key(awskey.FieldARN, key2),
		Stranger: func(*testing.T) keeper.Keeper { return other.as("bob").set("AWS_ENDPOINT_URL", r.server.URL()).keeper() },
		Secrets:  []string{secret},
		Faults:   faults,
	})
}
