package faulttest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// A Fault is a way for a key to be out of reach.
type Fault struct {
	Name string
	// Mode strikes the calls on the key, or those of Operation.
	Mode      devkms.FaultMode
	Operation string
	// Endpoint is what the profile of the key has instead of devkms.
	Endpoint func(*Stage) string
	// STS is what all profiles have instead of devkms.
	STS func(*Stage) string
	// Credentials are the lines of the profile that lead to them, if not to an
	// access key.
	Credentials string
	// IMDS lets instance metadata be asked.
	IMDS bool
	// Passes says that the call succeeds in the end.
	Passes bool
}

// slowness is how long a slow key takes.
const slowness = 5 * time.Second

// inRole are the lines of a profile that needs STS.
const inRole = "role_arn = arn:aws:iam::111111111111:role/sops-dev\nsource_profile = base\n"

// hanging is a program that gives no credentials while anybody waits.
const hanging = "credential_process = exec 2>/dev/null; sleep 30\n"

// Faults lists all ways that can be played on this system.
func Faults() []Fault {
	list := []Fault{
		{Name: "connection refused", Endpoint: closed},
		{Name: "TLS handshake: silence", Endpoint: func(s *Stage) string { return "https://" + s.silent.Addr().String() }},
		{Name: "HTTP: silence", Mode: devkms.Hang},
		{Name: "headers, then silence", Mode: devkms.HangAfterHeaders},
		{Name: "500", Mode: devkms.InternalError},
		{Name: "503 with HTML", Mode: devkms.Unavailable},
		{Name: "throttled", Mode: devkms.Throttle},
		{Name: "reset before the answer", Mode: devkms.Refuse},
		{Name: "reset in the answer", Mode: devkms.Reset},
		{Name: "closed without an answer", Mode: devkms.Drop},
		{Name: "200 with HTML", Mode: devkms.Garbage},
		Slow(),
		{Name: "STS refused", Credentials: inRole, STS: closed},
		{Name: "STS 500", Credentials: inRole, Mode: devkms.InternalError, Operation: "AssumeRole"},
		{Name: "STS: silence", Credentials: inRole, Mode: devkms.Hang, Operation: "AssumeRole"},
		{Name: "credential_process hangs", Credentials: hanging},
		{Name: "instance metadata: silence", Credentials: "# none\n", IMDS: true},
	}
	if canBeFull {
		list = append(list, Fault{Name: "SYN dropped", Endpoint: func(s *Stage) string { return "http://" + s.full.addr }})
	}
	return list
}

// Slow is a key that answers after five seconds.
func Slow() Fault { return Fault{Name: "answers after 5 s", Mode: devkms.Slow, Passes: true} }

// closed is an endpoint where no server listens.
func closed(*Stage) string { return "http://127.0.0.1:1" }

// Mend makes all keys work.
func (s *Stage) Mend() error { return s.Break(Fault{}) }

// Break lets the fault befall some keys, by number from 1; all others work.
func (s *Stage) Break(f Fault, keys ...int) error {
	s.server.ClearFaults()
	s.sts, s.imds = s.server.URL(), f.IMDS
	if f.STS != nil {
		s.sts = f.STS(s)
	}
	broken := map[int]bool{}
	for _, k := range keys {
		broken[k] = true
		if f.Mode != "" && f.Operation == "" {
			s.server.SetFault(devkms.Fault{Key: Keys()[k-1], Mode: f.Mode, Delay: slowness})
		}
	}
	if f.Operation != "" {
		s.server.SetFault(devkms.Fault{Operation: f.Operation, Mode: f.Mode, Delay: slowness})
	}
	var ini strings.Builder
	access := fmt.Sprintf("aws_access_key_id = %s\naws_secret_access_key = %s\n", s.access.ID, s.access.Secret)
	fmt.Fprintf(&ini, "[default]\nendpoint_url = %s\n[profile base]\n%s", s.server.URL(), access)
	for i := range Keys() {
		credentials, endpoint := access, s.server.URL()
		if broken[i+1] && f.Credentials != "" {
			credentials = f.Credentials
		}
		if broken[i+1] && f.Endpoint != nil {
			endpoint = f.Endpoint(s)
		}
		fmt.Fprintf(&ini, "[profile %s]\nregion = us-east-1\nendpoint_url = %s\n%s", profile(i+1), endpoint, credentials)
	}
	return os.WriteFile(filepath.Join(s.Dir, "aws.ini"), []byte(ini.String()), 0o600)
}
