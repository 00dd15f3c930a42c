package devkms

import (
	"slices"
	"sync"
	"time"
)

// A Fault makes calls fail on purpose. Empty fields match every call.
type Fault struct {
	Key       string // a key id, a key ARN or an alias: calls on that key
	Region    string
	Service   string // kms, sts, sso, imds, container ...
	Operation string // such as Decrypt or AssumeRole
	Mode      FaultMode
	Delay     time.Duration // before Slow answers; other modes strike at once
	Times     int           // how many calls it strikes; 0 means all
}

// A FaultMode is what a struck call meets.
type FaultMode string

// The ways in which a call can fail.
const (
	Refuse           FaultMode = "refuse"             // the connection is reset at once
	Drop             FaultMode = "drop"               // the connection is closed without an answer
	Hang             FaultMode = "hang"               // no answer ever comes
	HangAfterHeaders FaultMode = "hang-after-headers" // status 200 and headers come, the body never
	InternalError    FaultMode = "500"                // status 500, KMSInternalException or InternalFailure
	Unavailable      FaultMode = "503-html"           // status 503 with a page of HTML
	Throttle         FaultMode = "throttle"           // status 400, ThrottlingException or Throttling
	Reset            FaultMode = "reset"              // the connection is reset in the middle of the answer
	Garbage          FaultMode = "garbage"            // status 200 with a page of HTML
	Slow             FaultMode = "slow"               // the right answer, after Delay
	Deny             FaultMode = "deny"               // the caller may not, as the service words it
	Expire           FaultMode = "expired"            // what the caller has, or what it gets, has expired
)

// FaultModes lists all modes.
func FaultModes() []FaultMode {
	return []FaultMode{Refuse, Drop, Hang, HangAfterHeaders, InternalError, Unavailable, Throttle, Reset, Garbage, Slow, Deny, Expire}
}

type faults struct {
	mu   sync.Mutex
	list []Fault
}

// SetFault adds a fault. Of several that match a call, the oldest strikes.
func (s *Server) SetFault(f Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = append(s.faults.list, f)
}

// ClearFaults removes all faults. Calls that hang go on hanging.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = nil
}

// A faultSubject is what a fault matches: the call, and all names of its key.
type faultSubject struct {
	service, region, operation string
	keys                       []string
}

func (l *faults) take(subject func() faultSubject) (Fault, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) == 0 {
		return Fault{}, false
	}
	s := subject()
	for i := range l.list {
		f := &l.list[i]
		if !f.matches(s) {
			continue
		}
		struck := *f
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				l.list = slices.Delete(l.list, i, i+1)
			}
		}
		return struck, true
	}
	return Fault{}, false
}

func (f *Fault) matches(s faultSubject) bool {
	return (f.Region == "" || f.Region == s.region) &&
		(f.Service == "" || f.Service == s.service) &&
		(f.Operation == "" || f.Operation == s.operation) &&
		(f.Key == "" || slices.Contains(s.keys, f.Key))
}
