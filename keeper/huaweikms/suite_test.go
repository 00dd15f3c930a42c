package huaweikms_test

import (
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
	"github.com/seed-1f7fdfb8/sops/internal/test/keepertest"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

func TestKeeperSuite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ak, sk := w.User("stranger", encryptAction)
	faults := map[string]func() func(){}
	for _, mode := range httpfault.Modes() {
		if mode != httpfault.Slow {
			faults[string(mode)] = func() func() {
				w.Faults.Set(httpfault.Fault{Mode: mode})
				return w.Faults.Clear
			}
		}
	}
	keepertest.Run(t, keepertest.Case{
		New:      func(*testing.T) keeper.Keeper { return w.keeper() },
		Key:      w.key(),
		Other:    key(w.Name(w.AddKey())),
		Stranger: func(*testing.T) keeper.Keeper { return w.keeper("HUAWEICLOUD_SDK_AK", ak, "HUAWEICLOUD_SDK_SK", sk) },
		Secrets:  []string{w.vars["HUAWEICLOUD_SDK_SK"], sk},
		Faults:   faults,
		Samples:  10,
	})
}
