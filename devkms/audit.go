package devkms

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/cloudtrail"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
)

// A Call is one entry of the audit log.
type Call struct {
	Time               time.Time
	Service            string // kms or sts
	Operation          string
	Principal          string // ARN of the caller; "" if it is unknown
	Account            string // of the caller
	AccessKey          string // id of the access key
	Region             string
	Key                string            // ARN of the KMS key, where the call has one
	Role               string            // ARN of the role, where the call asks for one
	EncryptionContext  map[string]string // of KMS calls that have one; of ReEncrypt the source's
	Destination        string            // of ReEncrypt: ARN of the key it goes to
	DestinationContext map[string]string // of ReEncrypt
	ErrorCode          string            // "" means success
	ErrorMessage       string
	Decision           string // which policy statement decided; AWS does not say
	Fault              FaultMode
	RequestID          string
	SourceIP           string
	UserAgent          string

	who *iam.Principal
}

// trail is the call as the log on disk has it.
func (c Call) trail() cloudtrail.Call {
	return cloudtrail.Call{
		Time: c.Time, Service: c.Service, Operation: c.Operation, Account: c.Account, AccessKey: c.AccessKey, Region: c.Region,
		Key: c.Key, Role: c.Role, EncryptionContext: c.EncryptionContext, Destination: c.Destination, DestinationContext: c.DestinationContext,
		ErrorCode: c.ErrorCode, ErrorMessage: c.ErrorMessage, Decision: c.Decision, Fault: string(c.Fault), RequestID: c.RequestID,
		SourceIP: c.SourceIP, UserAgent: c.UserAgent, Who: c.who,
	}
}

// maxCalls bounds the memory of a server that runs for long.
const maxCalls = 100_000

type auditLog struct {
	mu    sync.Mutex
	out   io.Writer
	calls []Call
	err   error
}

func (l *auditLog) add(c Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.calls) >= maxCalls {
		l.calls = slices.Delete(l.calls, 0, maxCalls/2)
	}
	l.calls = append(l.calls, c)
	if l.out != nil {
		if _, err := l.out.Write(c.trail().Line()); err != nil && l.err == nil {
			l.err = err
		}
	}
}

// note keeps the first error that no caller can be given.
func (l *auditLog) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
	}
}

func (l *auditLog) firstError() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return fmt.Errorf("devkms: audit log: %w", l.err)
	}
	return nil
}

// Calls returns the calls so far, oldest first, faulty ones included. Of very
// many it keeps the latest 50,000 at least.
func (s *Server) Calls() []Call {
	s.audit.mu.Lock()
	defer s.audit.mu.Unlock()
	return slices.Clone(s.audit.calls)
}

// ResetCalls forgets the calls so far. The audit log that is written out is
// not touched.
func (s *Server) ResetCalls() {
	s.audit.mu.Lock()
	defer s.audit.mu.Unlock()
	s.audit.calls = nil
}
