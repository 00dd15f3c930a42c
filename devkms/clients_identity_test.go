package devkms_test

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// become makes the guest what it is where it runs; its home is a directory of
// devkms, in which the logins are.
func (g *guest) become(p devkms.Program) {
	g.t.Helper()
	p.Dir = filepath.Join(g.dir, ".aws")
	env, err := g.server.EnvironFor(p)
	if err != nil {
		g.t.Fatal(err)
	}
	g.vars = map[string]string{"PATH": os.Getenv("PATH"), "HOME": g.dir, "LC_ALL": "C.UTF-8", "NODE_PATH": g.vars["NODE_PATH"]}
	for _, v := range env {
		name, value, _ := strings.Cut(v, "=")
		g.vars[name] = value
	}
}

// TestTheJavaScriptSDKHasTheIdentityOfItsMachine asks by the SDK's own code. It
// obeys no proxy for the addresses of tasks and pods, which are left out.
func TestTheJavaScriptSDKHasTheIdentityOfItsMachine(t *testing.T) {
	t.Parallel()
	script, err := filepath.Abs("testdata/clients/identity.cjs")
	if err != nil {
		t.Fatal(err)
	}
	for who, want := range map[string]string{
		"instance": inRole + "machine/i-", "container": inRole + "machine/d0", "irsa": inRole + "ci/",
		"developer": inRole + "AWSReservedSSO_developer_", "developer-legacy": inRole + "AWSReservedSSO_developer_", "login": arnAlice,
	} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			g := newGuest(t, "SOPS_JS_SDK")
			g.vars["NODE_PATH"], g.program = g.program, "node"
			g.become(devkms.Program{As: who})
			out, err := g.run(script)
			if err != nil || !strings.HasPrefix(out, want) {
				t.Errorf("it is %q (%v), want %s", out, err, want)
			}
		})
	}
}

func TestTheCommandLineOfAWSHasTheIdentityOfItsMachine(t *testing.T) {
	t.Parallel()
	for who, want := range map[string]string{
		"instance": inRole + "machine/i-", "container": inRole + "machine/d0", "irsa": inRole + "ci/",
		"developer": inRole + "AWSReservedSSO_developer_", // it obeys no proxy for the addresses of tasks and pods
	} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			a := newAWSCLI(t)
			a.become(devkms.Program{As: who, Proxy: true})
			if got := a.must("Arn", "sts", "get-caller-identity"); !strings.HasPrefix(got, want) {
				t.Errorf("it is %s, want %s", got, want)
			}
		})
	}
}

// TestTheCommandLineOfAWSLogsIn has a person who opens the address that the
// program prints. What it leaves on disk is good for other SDKs.
func TestTheCommandLineOfAWSLogsIn(t *testing.T) {
	t.Parallel()
	a := newAWSCLI(t)
	a.become(devkms.Program{As: "developer", Proxy: true})
	if err := os.RemoveAll(filepath.Join(a.dir, ".aws", "sso")); err != nil {
		t.Fatal(err)
	}
	if _, err := a.ask("Arn", "sts", "get-caller-identity"); err == nil {
		t.Fatal("it is logged in before the login")
	}
	cmd := exec.CommandContext(t.Context(), a.program, "sso", "login", "--profile", "developer", "--no-browser")
	cmd.Dir = a.dir
	for name, value := range a.vars {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Env = append(cmd.Env, "PYTHONUNBUFFERED=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+/device\?user_code=\S+`)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if at := address.FindString(lines.Text()); at != "" {
			answer, err := http.Get(at)
			if err != nil {
				t.Fatal(err)
			}
			if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK {
				t.Fatalf("%s: %v", answer.Status, err)
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := a.must("Arn", "sts", "get-caller-identity"); !strings.HasPrefix(got, inRole+"AWSReservedSSO_developer_") {
		t.Errorf("after the login it is %s", got)
	}
}
