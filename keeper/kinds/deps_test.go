package kinds

import (
	"os/exec"
	"strings"
	"testing"
)

// TestNamesOfKeysNeedNoLibrary holds that a program which reads configurations,
// metadata or names of keys links none of the libraries that use keys.
func TestNamesOfKeysNeedNoLibrary(t *testing.T) {
	t.Parallel()
	const module = "github.com/seed-1f7fdfb8/sops/"
	packages := []string{"internal/config", "internal/meta", "keeper/kinds"}
	for _, p := range packages {
		out, err := exec.Command("go", "list", "-deps", module+p).CombinedOutput()
		if err != nil {
			t.Fatalf("go list -deps %s: %v\n%s", p, err, out)
		}
		deps := strings.Fields(string(out))
		if len(deps) < 20 {
			t.Fatalf("%s has only the dependencies %q", p, deps)
		}
		for _, dep := range deps {
			if host, _, found := strings.Cut(dep, "/"); found && strings.Contains(host, ".") &&
				!strings.HasPrefix(dep, module) && !strings.HasPrefix(dep, "go.yaml.in/") {
				t.Errorf("%s links %s", p, dep)
			}
		}
	}
}
