package devkms_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/internal/test/signinghelper"
)

// whoAmI is a program that has only what its environment gives it.
func whoAmI(ctx context.Context) (string, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return "", err
	}
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err
	}
	return *out.Arn, nil
}

// A machine is where a program runs that has no access key.
type machine struct {
	*devkms.Server
	t    *testing.T
	home string
	env  []string
}

func on(t *testing.T, s *devkms.Server, who string) *machine {
	t.Helper()
	home := t.TempDir()
	env, err := s.EnvironFor(devkms.Program{Dir: filepath.Join(home, ".aws"), As: who})
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, filepath.Join(home, signinghelper.Name)); err != nil {
		t.Fatal(err)
	}
	path := home + string(os.PathListSeparator) + os.Getenv("PATH")
	return &machine{s, t, home, append([]string{"HOME=" + home, "PATH=" + path, "DEVKMS_TEST_WHOAMI=1"}, env...)}
}

// whoAmI runs the program; what it prints is an ARN, or an error.
func (m *machine) whoAmI(env ...string) string {
	m.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		m.t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(slices.Clone(m.env), env...)
	out, err := cmd.Output()
	if err != nil && !strings.HasPrefix(string(out), "error:") {
		m.t.Fatalf("%v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

func (m *machine) operations() []string {
	var out []string
	for _, c := range m.Calls() {
		out = append(out, c.Service+" "+c.Operation)
	}
	return out
}

func worldOf(t *testing.T, change func(*devkms.World)) *devkms.World {
	t.Helper()
	w := devkms.BuiltinWorld()
	change(w)
	return w
}

// The SDK finds each identity by its own code, and asks for it what it asks AWS.
func TestEveryMachineHasItsIdentity(t *testing.T) {
	t.Parallel()
	const session = "arn:aws:sts::111111111111:assumed-role/"
	for who, want := range map[string]struct {
		arn   string
		calls []string
	}{
		"instance":         {session + `machine/i-0d00000000000000d`, []string{"imds MetadataToken", "imds MetadataRole", "imds MetadataCredentials"}},
		"task":             {session + `machine/d0{31}`, []string{"container TaskCredentials"}},
		"container":        {session + `machine/d0{31}`, []string{"container TaskCredentials"}},
		"pod":              {session + `machine/eks-dev-app-0-.*`, []string{"container PodCredentials"}},
		"irsa":             {session + `ci/\d+`, []string{"sts AssumeRoleWithWebIdentity"}},
		"developer":        {session + `AWSReservedSSO_developer_[0-9a-f]{16}/alice@example.com`, []string{"sso GetRoleCredentials"}},
		"developer-legacy": {session + `AWSReservedSSO_developer_[0-9a-f]{16}/alice@example.com`, []string{"sso GetRoleCredentials"}},
		"sops-dev":         {session + `sops-dev/aws-go-sdk-\d+`, []string{"sts AssumeRole"}},
		"chained":          {`arn:aws:sts::222222222222:assumed-role/chained/.*`, []string{"sts AssumeRole", "sts AssumeRole"}},
		"bob":              {arnBob, nil},
		"login":            {arnAlice, nil},
		"anywhere":         {session + `machine/[0-9a-f]+`, []string{"rolesanywhere CreateSession"}},
	} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			m := on(t, devkms.Start(t, nil), who)
			if got := m.whoAmI(); !regexp.MustCompile("^" + want.arn + "$").MatchString(got) {
				t.Errorf("it is %s, want %s", got, want.arn)
			}
			if diff := cmp.Diff(append(want.calls, "sts GetCallerIdentity"), m.operations()); diff != "" {
				t.Errorf("calls differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnUnknownMachineIsRefusedWithANameThatIsThere(t *testing.T) {
	t.Parallel()
	s := devkms.Start(t, nil)
	_, err := s.EnvironFor(devkms.Program{Dir: t.TempDir(), As: "instanc"})
	if err == nil || !strings.Contains(err.Error(), `no profile or machine "instanc"`) || !strings.Contains(err.Error(), "instance") {
		t.Error(err)
	}
}

// Instances differ in what they do about session tokens, and programs in
// containers are further away than the answer goes.
func TestInstancesDiffer(t *testing.T) {
	t.Parallel()
	const fine = "^arn:aws:sts::111111111111:assumed-role/machine/i-"
	for name, c := range map[string]struct {
		change func(*devkms.World)
		env    string
		want   string
		seen   []string // operations that were asked for, in this order
	}{
		"version 2 only":                         {change: func(w *devkms.World) { w.Instance.Tokens = "required" }, want: fine, seen: []string{"MetadataToken", "MetadataRole"}},
		"version 1 only":                         {change: func(w *devkms.World) { w.Instance.Tokens = "unsupported" }, want: fine},
		"version 1 only, and not wanted":         {change: func(w *devkms.World) { w.Instance.Tokens = "unsupported" }, env: "AWS_EC2_METADATA_V1_DISABLED=true", want: "^error:"},
		"version 1, out of a container":          {change: func(w *devkms.World) { w.Instance.Hops = 2 }, want: fine},
		"version 2 only, out of a container":     {change: func(w *devkms.World) { w.Instance.Tokens, w.Instance.Hops = "required", 2 }, want: "^error:.*"},
		"version 2, hops enough for a container": {change: func(w *devkms.World) { w.Instance.Tokens, w.Instance.HopLimit, w.Instance.Hops = "required", 2, 2 }, want: fine},
		"no role":                                {change: func(w *devkms.World) { w.Instance.Role = "" }, want: "^error:.*no EC2 IMDS role found"},
		"a role that does not trust EC2":         {change: func(w *devkms.World) { w.Instance.Role = "sops-dev" }, want: "^error:.*AssumeRoleUnauthorizedAccess"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := on(t, devkms.Start(t, worldOf(t, c.change)), "instance")
			if got := m.whoAmI(c.env); !regexp.MustCompile("(?s)" + c.want).MatchString(got) {
				t.Errorf("got %s, want %s\n%v", got, c.want, m.operations())
			}
		})
	}
}

// onLongAfter is a machine whose logins are of some time ago.
func onLongAfter(t *testing.T, s *devkms.Server, who string, ago time.Duration) *machine {
	t.Helper()
	s.Advance(-ago)
	m := on(t, s, who)
	s.Advance(ago)
	return m
}

// What programs hold expires by the clock of the world.
func TestLoginsExpireAndAreRenewed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		who     string
		ago     time.Duration // of the login
		advance time.Duration // of the clock of AWS alone
		want    string
		renewed string // the call that renews
	}{
		"a session":                        {who: "developer", ago: 9 * time.Hour, want: "^arn:.*AWSReservedSSO_developer_", renewed: "sso CreateToken"},
		"a session with an old client":     {who: "developer", ago: 91 * 24 * time.Hour, want: "InvalidClientException", renewed: "sso CreateToken"},
		"a session that the portal forgot": {who: "developer", advance: 9 * time.Hour, want: "UnauthorizedException"},
		"a legacy profile":                 {who: "developer-legacy", ago: 9 * time.Hour, want: "the SSO session has expired or is invalid"},
		"a console login":                  {who: "login", ago: time.Hour, want: "^" + arnAlice + "$", renewed: "signin CreateOAuth2Token"},
		"a console login of yesterday":     {who: "login", ago: 13 * time.Hour, want: "login session has expired", renewed: "signin CreateOAuth2Token"},
		"a certificate":                    {who: "anywhere", advance: 366 * 24 * time.Hour, want: "error in credential_process", renewed: "rolesanywhere CreateSession"},
		"the token of a pod":               {who: "pod", ago: 25 * time.Hour, want: "ExpiredTokenException"},
		"a web identity token":             {who: "irsa", ago: 31 * 24 * time.Hour, want: "ExpiredTokenException"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := devkms.Start(t, nil)
			m := onLongAfter(t, s, c.who, c.ago)
			s.Advance(c.advance)
			for range 2 { // the second time with what the first has written down
				if got := m.whoAmI(); !regexp.MustCompile(c.want).MatchString(got) {
					t.Fatalf("got %s, want %s", got, c.want)
				}
			}
			got := m.operations()
			if c.renewed != "" && !slices.Contains(got, c.renewed) {
				t.Errorf("no %s in %v", c.renewed, got)
			}
		})
	}
}

func TestMachinesMeetFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ who, service, want string }{
		{"instance", "imds", "StatusCode: 403"},
		{"task", "container", "AccessDeniedException"},
		{"container", "container", "AccessDeniedException"},
		{"pod", "container", "AccessDeniedException"},
		{"irsa", "sts", "AccessDenied"},
		{"developer", "sso", "No access"},
		{"developer-legacy", "sso", "No access"},
		{"anywhere", "rolesanywhere", "error in credential_process"},
	} {
		t.Run(c.who, func(t *testing.T) {
			t.Parallel()
			s := devkms.Start(t, nil)
			s.SetFault(devkms.Fault{Service: c.service, Mode: devkms.Deny})
			m := on(t, s, c.who)
			if got := m.whoAmI(); !strings.HasPrefix(got, "error:") || !regexp.MustCompile(c.want).MatchString(got) {
				t.Errorf("got %s", got)
			}
			s.ClearFaults()
			s.SetFault(devkms.Fault{Service: c.service, Mode: devkms.Expire})
			if got := m.whoAmI(); !strings.HasPrefix(got, "error:") {
				t.Errorf("with what has expired it is %s", got)
			}
		})
	}
}
