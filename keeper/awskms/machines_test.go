package awskms

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/internal/test/signinghelper"
)

// A machineWay is one way to an identity, and what must answer on it first.
type machineWay struct {
	as        string
	operation string // whose failure is that of the identity, "" if nothing is asked before KMS
	expires   bool   // its login on disk ends with time
}

// machineWays are the ways of spec/aws-identities.md, by the names of devkms.
func machineWays() []machineWay {
	return []machineWay{
		{"instance", "MetadataToken", false},
		{"task", "TaskCredentials", false},
		{"container", "TaskCredentials", false},
		{"pod", "PodCredentials", false},
		{"irsa", "AssumeRoleWithWebIdentity", false},
		{"developer", "GetRoleCredentials", true},
		{"developer-legacy", "GetRoleCredentials", true},
		{"sops-dev", "AssumeRole", false},
		{"chained", "AssumeRole", false},
		{"bob", "", false},
		{"login", "", true},
		{"anywhere", "CreateSession", false},
	}
}

const machineKey = "arn:aws:kms:us-east-1:111111111111:key/11111111-1111-4111-8111-000000000001"

// wrapAs runs this program with nothing but the identity, and returns what it says.
func wrapAs(t *testing.T, s *devkms.Server, as string, meanwhile func(home string)) (said string, took time.Duration, err error) {
	t.Helper()
	home := t.TempDir()
	env, err := s.EnvironFor(devkms.Program{Dir: filepath.Join(home, ".aws"), As: as, Home: home})
	if err != nil {
		t.Fatal(err)
	}
	meanwhile(home)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, filepath.Join(home, signinghelper.Name)); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	c := exec.CommandContext(t.Context(), exe)
	c.Stdout, c.Stderr = &out, &out
	c.Env = append([]string{
		"HOME=" + home, "PATH=" + home + string(os.PathListSeparator) + os.Getenv("PATH"), childKey + "=" + machineKey, childAttempt + "=2s",
	}, env...)
	start := time.Now()
	err = c.Run()
	return out.String(), time.Since(start), err
}

// TestEveryIdentityAnswersOrSaysWhyInTime breaks what each identity asks first, in
// every way, and the end of what it has on disk.
func TestEveryIdentityAnswersOrSaysWhyInTime(t *testing.T) {
	t.Parallel()
	const enough = 15 * time.Second // of which the limits take a few; the machine may be busy
	for _, way := range machineWays() {
		for _, mode := range []devkms.FaultMode{"", devkms.Hang, devkms.Refuse, devkms.Drop, devkms.InternalError, devkms.Throttle, devkms.Garbage, "expired"} {
			t.Run(way.as+" "+string(mode), func(t *testing.T) {
				t.Parallel()
				if mode == "expired" && !way.expires || mode != "" && mode != "expired" && way.operation == "" {
					return // nothing there that could fail in this way
				}
				s := devkms.Start(t, nil)
				said, took, err := wrapAs(t, s, way.as, func(home string) {
					switch mode {
					case "":
					case "expired":
						s.SetFault(devkms.Fault{Operation: "CreateToken", Mode: devkms.InternalError})
						s.SetFault(devkms.Fault{Operation: "CreateOAuth2Token", Mode: devkms.InternalError})
						expireLogins(t, home)
					default:
						s.SetFault(devkms.Fault{Operation: way.operation, Mode: mode})
					}
				})
				if took > enough {
					t.Errorf("it took %v", took)
				}
				var exit *exec.ExitError
				if err != nil && !errors.As(err, &exit) {
					t.Fatal(err)
				}
				denied := strings.Contains(said, "AccessDenied") // who may use the key is not the question
				switch {
				case mode == "" && err != nil && !denied:
					t.Errorf("without a fault: %s", said)
				case mode == "expired" && (err == nil || !strings.Contains(said, "hint: aws ") || !strings.Contains(said, "login")):
					t.Errorf("a login that is over: %v: %s", err, said)
				case mode != "" && err != nil && !complete(said):
					t.Errorf("it does not say what is wrong and what helps: %s", said)
				}
			})
		}
	}
}

// expireLogins ends the logins that are kept on disk.
func expireLogins(t *testing.T, home string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(home, ".aws"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".json" {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		over := regexp.MustCompile(`("expiresAt": ?)"[^"]*"`).ReplaceAll(src, []byte(`$1"2020-01-01T00:00:00Z"`))
		return os.WriteFile(path, over, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// complete reports whether an error names key, identity and call, and a hint.
func complete(said string) bool {
	return strings.Contains(said, machineKey) && strings.Contains(said, ": as ") && strings.Contains(said, "hint: ") && !strings.Contains(said, "hint: \n")
}

// TestAWrongClockIsNamedForEveryIdentity dates the world an hour away.
func TestAWrongClockIsNamedForEveryIdentity(t *testing.T) {
	t.Parallel()
	for _, way := range machineWays() {
		t.Run(way.as, func(t *testing.T) {
			t.Parallel()
			s, err := devkms.New(devkms.Options{Now: func() time.Time { return time.Now().Add(-time.Hour) }})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			if _, err := s.Listen(); err != nil {
				t.Fatal(err)
			}
			said, _, err := wrapAs(t, s, way.as, func(string) {})
			if err != nil && !strings.Contains(said, "AccessDenied") && !strings.Contains(said, "clock of this machine") && !complete(said) {
				t.Errorf("got %s", said)
			}
		})
	}
}
