// Package process runs the credential_process of a profile: a program that prints
// credentials.
package process

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"

	"github.com/seed-1f7fdfb8/sops/internal/deadline"
	"github.com/seed-1f7fdfb8/sops/internal/helper"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/term"
)

// A Provider hands out the credentials that a program prints. The SDK could run it
// too, but not end what the program has started, nor say how it ended without
// showing what it printed.
type Provider struct {
	command string
	limit   time.Duration

	mu      sync.Mutex
	known   aws.Credentials
	current *run // nil unless the program runs
}

// New returns the Provider of a command, which may take as long as limit.
func New(command string, limit time.Duration) *Provider {
	return &Provider{command: command, limit: limit}
}

// A run is one run of the program, shared by all who wait for it.
type run struct {
	done   chan struct{}
	cancel context.CancelFunc
	wait   int // how many do
	got    aws.Credentials
	err    error
}

// Retrieve runs the program, unless its last credentials are still good. It may
// wait for a person, so that no deadline counts meanwhile but its own. It is
// ended when nothing waits for it any more.
func (p *Provider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	p.mu.Lock()
	if p.known.HasKeys() && !p.known.Expired() {
		defer p.mu.Unlock()
		return p.known, nil
	}
	r := p.current
	if r == nil {
		r = p.start(ctx)
	}
	r.wait++
	p.mu.Unlock()
	defer deadline.Pause(ctx)()
	select {
	case <-r.done:
		return r.got, r.err
	case <-ctx.Done():
	}
	p.mu.Lock()
	r.wait--
	last := r.wait == 0
	p.mu.Unlock()
	if last {
		r.cancel()
		<-r.done
	}
	return aws.Credentials{}, ctx.Err()
}

func (p *Provider) start(ctx context.Context) *run {
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), p.limit, errSlow)
	r := &run{done: make(chan struct{}), cancel: cancel}
	p.current = r
	go func() {
		defer cancel()
		r.got, r.err = p.ask(ctx)
		p.mu.Lock()
		p.known, p.current = r.got, nil
		p.mu.Unlock()
		close(r.done)
	}()
	return r
}

var errSlow = errors.New("it took too long")

// ask runs the program as the SDK does: by the shell, with our input and error
// stream if they are a terminal.
func (p *Provider) ask(ctx context.Context) (aws.Credentials, error) {
	argv := []string{"sh", "-c", p.command}
	if runtime.GOOS == "windows" {
		argv = []string{"cmd.exe", "/C", p.command}
	}
	said := &tail{}
	program := helper.Program{Argv: argv, Stderr: said}
	if term.IsTerminal(os.Stderr) {
		program.Stderr = io.MultiWriter(os.Stderr, said)
	}
	if term.IsTerminal(os.Stdin) {
		program.Stdin = os.Stdin
	}
	out, err := helper.Output(ctx, program)
	defer clear(out)
	if err != nil {
		return aws.Credentials{}, p.failure(err, p.withoutArguments(said.String()))
	}
	c, err := parse(out)
	if err != nil {
		return c, &Error{Reason: err.Error(), Said: p.withoutArguments(said.String())}
	}
	return c, nil
}

// withoutArguments leaves out what the program repeats of its command line but
// its name, since that may hold a password.
func (p *Provider) withoutArguments(said string) string {
	const short = 8 // is no password
	for i, word := range strings.Fields(p.command) {
		if i > 0 && len(word) >= short && !strings.ContainsAny(word, "/") {
			said = strings.ReplaceAll(said, word, "...")
		}
	}
	return said
}

func (p *Provider) failure(err error, said string) error {
	e := &Error{Said: said, err: err}
	var ended interface{ ExitCode() int }
	switch {
	case errors.Is(err, errSlow):
		e.Reason = fmt.Sprintf("did not end within %s", p.limit)
		e.Limit = p.limit
	case errors.Is(err, helper.ErrTooMuch):
		e.Reason = "prints without end"
	case errors.As(err, &ended) && ended.ExitCode() >= 0:
		e.Reason = fmt.Sprintf("ended with exit status %d", ended.ExitCode())
	case errors.As(err, &ended):
		e.Reason = "was killed"
	default:
		e.Reason = "did not start: " + err.Error()
	}
	return e
}

// parse reads what a program printed. Its errors show nothing of that.
func parse(out []byte) (aws.Credentials, error) {
	var text struct {
		Version         int
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string
		Expiration      *time.Time
		AccountID       string `json:"AccountId"`
	}
	c := aws.Credentials{Source: processcreds.ProviderName}
	switch err := json.Unmarshal(out, &text); {
	case len(bytes.TrimSpace(out)) == 0:
		return c, errors.New("printed nothing")
	case err != nil:
		return c, errors.New("printed something else than credentials in JSON")
	case text.Version != 1:
		return c, fmt.Errorf("printed credentials of version %d, not 1", text.Version)
	case text.AccessKeyID == "":
		return c, errors.New("printed credentials without AccessKeyId")
	case text.SecretAccessKey == "":
		return c, errors.New("printed credentials without SecretAccessKey")
	case text.Expiration != nil && text.Expiration.Before(time.Now()):
		return c, errors.New("printed credentials that have expired at " + text.Expiration.UTC().Format(time.RFC3339))
	}
	c.AccessKeyID, c.SecretAccessKey, c.SessionToken, c.AccountID = text.AccessKeyID, text.SecretAccessKey, text.SessionToken, text.AccountID
	if text.Expiration != nil {
		c.CanExpire, c.Expires = true, *text.Expiration
	}
	return c, nil
}

// A Error says how a credential_process failed, and what it said on its
// error stream. What it printed is not shown, since it may be a secret.
type Error struct {
	Reason string
	Said   string
	Limit  time.Duration // that it exceeded, or 0
	err    error
}

func (e *Error) Error() string {
	text := "credential_process " + e.Reason
	if e.Said != "" {
		text += ": " + e.Said
	}
	return text
}

func (e *Error) Unwrap() error { return e.err }

// tail keeps the end of what is written to it.
type tail struct{ text []byte }

const tailSize = 400

func (t *tail) Write(b []byte) (int, error) {
	t.text = append(t.text, b...)
	if over := len(t.text) - tailSize; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(b), nil
}

// String is the text in one clean line.
func (t *tail) String() string {
	return hint.Line(strings.Join(strings.Fields(strings.ToValidUTF8(string(t.text), "")), " "))
}
