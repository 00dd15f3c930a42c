// Package audit records who decrypted and encrypted which file: in PostgreSQL, as
// SOPS does, as JSON lines in a file, and through syslog. The files that say where
// are made by whoever administers the machine:
//
//	backends:
//	  postgres:
//	    - connection_string: postgres://sops:...@db.example.com/sops
//	  file:
//	    - path: /var/log/sops/audit.jsonl
//	  syslog:
//	    - address: udp://log.example.com:514
//
// What cannot be recorded must not happen: a mistake in these files, or a backend
// that does not answer, is an error of the command. It is no wall against those
// who can run other programs with the same keys.
package audit

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/yamlread"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Actions, as SOPS names them.
const (
	Decrypt = "decrypt"
	Encrypt = "encrypt"
	Rotate  = "rotate"
)

// patience is how long a backend may take to answer.
const patience = 10 * time.Second

// An Event is one use of a file.
type Event struct {
	Version int    `json:"v"`
	Type    string `json:"type"` // "audit"
	Time    string `json:"time"`
	Action  string `json:"action"`
	Command string `json:"command"`
	File    string `json:"file"` // absolute; of standard input the working directory
	User    string `json:"user"`
	UID     string `json:"uid"`
	Host    string `json:"host,omitempty"`
	PID     int    `json:"pid"`
	// Keys are the master keys of the file, and OpenedBy those that gave the
	// data key.
	Keys     []Key `json:"keys"`
	OpenedBy []Key `json:"openedBy,omitempty"`
}

// A Key is a master key, with the role, the profile and the encryption context
// under which it is used.
type Key struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// NewEvent returns an event about a file with these keys.
func NewEvent(action, file string, groups [][]keeper.MasterKey) Event {
	return Event{Action: action, File: file, Keys: append([]Key{}, Keys(slices.Concat(groups...))...)}
}

// Keys returns master keys as events name them.
func Keys(keys []keeper.MasterKey) (out []Key) {
	for _, k := range keys {
		out = append(out, Key{Type: k.Kind, ID: k.Identity()})
	}
	return out
}

// A Trail is where the events of a run go. The zero Trail has no backends.
type Trail struct {
	Configs []string // files that say where; those that do not exist say nothing
	// Demanded is one more file, which must exist and name a backend; "" is none.
	Demanded string
	Command  string
	Host     string
	PID      int
	Now      func() time.Time

	once     sync.Once
	backends []placed
	err      error
}

// A backend is one place that events go to.
type backend interface {
	// open finds out whether events can be recorded.
	open(ctx context.Context) error
	write(ctx context.Context, e Event) error
	close()
	// String names the place, without secrets.
	String() string
}

// A placed backend knows where a configuration speaks of it.
type placed struct {
	backend
	config string
	at     yamlread.Place
}

// Open reads the configurations and reaches every backend, once.
func (t *Trail) Open(ctx context.Context) error {
	if t == nil {
		return nil
	}
	t.once.Do(func() { t.err = t.open(ctx) })
	return t.err
}

func (t *Trail) open(ctx context.Context) error {
	for _, path := range t.Configs {
		all, err := load(path)
		if err != nil {
			return err
		}
		t.backends = append(t.backends, all...)
	}
	if t.Demanded != "" {
		all, err := load(t.Demanded)
		if err == nil && len(all) == 0 {
			err = &Error{Path: t.Demanded, Msg: "does not exist or names no backend, so that the use of files cannot be recorded"}
		}
		if err != nil {
			return err
		}
		t.backends = append(t.backends, all...)
	}
	return t.each(ctx, func(ctx context.Context, b backend) error { return b.open(ctx) })
}

// Record writes an event to every backend. File, action and keys are for the
// caller to say.
func (t *Trail) Record(ctx context.Context, e Event) error {
	if err := t.Open(ctx); err != nil || t == nil || len(t.backends) == 0 {
		return err
	}
	e.Version, e.Type, e.Command, e.Host, e.PID = 1, "audit", t.Command, t.Host, t.PID
	e.Time = t.Now().UTC().Format(time.RFC3339Nano)
	e.User, e.UID = whoami()
	return t.each(ctx, func(ctx context.Context, b backend) error { return b.write(ctx, e) })
}

// each does the same to every backend, until one fails.
func (t *Trail) each(ctx context.Context, do func(context.Context, backend) error) error {
	for _, b := range t.backends {
		if err := b.within(ctx, do); err != nil {
			return err
		}
	}
	return nil
}

func (p placed) within(ctx context.Context, do func(context.Context, backend) error) error {
	limited, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no answer within %s", patience))
	defer cancel()
	err := do(limited, p.backend)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case limited.Err() != nil:
		err = context.Cause(limited)
	}
	return &Error{
		Path: p.config, At: p.at,
		Msg:  hint.Line(fmt.Sprintf("the use of the file cannot be recorded: %s: %v", p.backend, err)),
		hint: "every use of a file is recorded on this machine, and nothing is done without; ask who administers it",
	}
}

// Close ends what Open began.
func (t *Trail) Close() {
	if t == nil {
		return
	}
	for _, b := range t.backends {
		b.close()
	}
}

// whoami returns the name and the number of the user that runs this program.
func whoami() (name, id string) {
	u, err := user.Current()
	if err != nil {
		return "", strconv.Itoa(os.Getuid())
	}
	return u.Username, u.Uid
}

// An Error is what keeps events from being recorded.
type Error struct {
	Path string // of the configuration
	At   yamlread.Place
	Msg  string
	hint string
}

func (e *Error) Error() string {
	if e.At.Line == 0 {
		return e.Path + ": " + e.Msg
	}
	return fmt.Sprintf("%s: line %d: %s", e.Path, e.At.Line, e.Msg)
}

// File returns the path of the configuration.
func (e *Error) File() string { return e.Path }

// Position returns line and column.
func (e *Error) Position() (line, column int) { return e.At.Line, e.At.Column }

// Hints returns the hint, if there is one.
func (e *Error) Hints() []string {
	if e.hint == "" {
		return nil
	}
	return []string{e.hint}
}

// Code is the name of the failure for programs.
func (e *Error) Code() string { return "AuditFailed" }
