// Package rest calls services that speak JSON over HTTP, for keepers that need
// two or three calls of a service and not its SDK.
//
// A call has a limit of time and of size, goes to the host it names and to no
// other (a redirect is an answer), and is repeated where a server is busy or a
// connection breaks, but not where the server has refused. What an answer means
// is for the caller to say.
package rest

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// Usual values of a Client.
const (
	DefaultAttempts = 3
	DefaultLimit    = 10 * time.Second
	firstPause      = 200 * time.Millisecond
	longestPause    = 5 * time.Second
	maxAnswer       = 1 << 20
	maxHeader       = 64 << 10
)

// A Client makes calls. Its zero value is ready for use.
type Client struct {
	// Transport makes the connections; nil is NewTransport().
	Transport http.RoundTripper
	// Attempts is how often a call is made at most; less than 1 means DefaultAttempts.
	Attempts int
	// Limit is how long an attempt may take; 0 means DefaultLimit.
	Limit time.Duration

	once sync.Once
	http *http.Client
}

// NewTransport returns connections through the proxies of the environment, with
// TLS 1.2 at least, as Go has them.
func NewTransport() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t = t.Clone()
	t.MaxResponseHeaderBytes = maxHeader
	return t
}

// HTTP returns a client for libraries that want one, which stays at a host too.
func (c *Client) HTTP() *http.Client {
	c.once.Do(func() {
		c.http = &http.Client{
			Transport:     c.Transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
		if c.Transport == nil {
			c.http.Transport = NewTransport()
		}
	})
	return c.http
}

// Within returns HTTP for a library that makes requests of its own without a
// context: they end with ctx.
func (c *Client) Within(ctx context.Context) *http.Client {
	h := *c.HTTP()
	h.Transport = bound{ctx, h.Transport}
	return &h
}

// bound is kept no longer than the context it has.
type bound struct {
	ctx context.Context
	http.RoundTripper
}

// RoundTrip makes the request in the context.
func (b bound) RoundTrip(r *http.Request) (*http.Response, error) {
	return b.RoundTripper.RoundTrip(r.WithContext(b.ctx))
}

// A Call is a request.
type Call struct {
	Method, URL string
	Header      http.Header
	Body        any    // JSON is made of it; nil is no body
	Raw         []byte // the body as it is, of the type that Header says; not with Body
}

// An Answer is what a server says.
type Answer struct {
	Host   string
	Status int
	Header http.Header
	Body   []byte
}

// OK reports whether the answer is a success.
func (a *Answer) OK() bool { return a.Status >= 200 && a.Status < 300 }

// Decode reads the body as one JSON object. The error of a body that is none is
// a *ForeignError.
func (a *Answer) Decode(v any) error {
	if trimmed := bytes.TrimSpace(a.Body); len(trimmed) == 0 || trimmed[0] != '{' || json.Unmarshal(trimmed, v) != nil {
		return &ForeignError{Host: a.Host, Status: a.Status, Page: bytes.HasPrefix(trimmed, []byte("<"))}
	}
	return nil
}

// busy reports whether the server may do it if it is asked once more.
func (a *Answer) busy() bool {
	return a.Status == http.StatusTooManyRequests || a.Status >= http.StatusInternalServerError && a.Status != http.StatusNotImplemented
}

// A ForeignError is an answer that the service did not give: a page of a proxy
// or of the network, or what a damaged connection left.
type ForeignError struct {
	Host   string
	Status int
	Page   bool // of HTML
}

func (e *ForeignError) Error() string {
	what := "no JSON object"
	if e.Page {
		what = "a page of HTML"
	}
	return fmt.Sprintf("%s answered %d with %s: it is not the service that answers, but a proxy or the network", e.Host, e.Status, what)
}

// A ConnectionError is a call without an answer.
type ConnectionError struct {
	Host  string
	After time.Duration // the limit, if that was reached
	Err   error
}

func (e *ConnectionError) Error() string {
	if e.Silent() {
		if e.After == 0 {
			return "no answer from " + e.Host + " in time"
		}
		return fmt.Sprintf("no answer from %s within %s", e.Host, e.After)
	}
	var inner *url.Error // its text has the URL once more
	if errors.As(e.Err, &inner) {
		return e.Host + ": " + inner.Err.Error()
	}
	return e.Host + ": " + e.Err.Error()
}

// Silent reports whether the server let the time run out.
func (e *ConnectionError) Silent() bool { return errors.Is(e.Err, context.DeadlineExceeded) }

// Unwrap returns the reason.
func (e *ConnectionError) Unwrap() error { return e.Err }

// Do makes a call, again where that may help. The error is about the connection.
func (c *Client) Do(ctx context.Context, call Call) (*Answer, error) {
	body := call.Raw
	if call.Body != nil {
		var err error
		if body, err = json.Marshal(call.Body); err != nil {
			return nil, err
		}
	}
	attempts := c.Attempts
	if attempts <= 0 {
		attempts = DefaultAttempts
	}
	pause := firstPause
	limit := c.limit()
	for n := 1; ; n++ {
		answer, err := c.attempt(ctx, limit, call, body)
		if n == attempts || ctx.Err() != nil || err == nil && !answer.busy() || err != nil && !passing(err) {
			return answer, err
		}
		wait := time.Duration(rand.Int64N(int64(pause))) + time.Millisecond
		if answer != nil {
			wait = max(wait, retryAfter(answer.Header, time.Now()))
		}
		if wait > max(limit, longestPause) || !sleep(ctx, wait) { // a server cannot hold up a caller without a deadline
			return answer, err
		}
		pause = min(2*pause, longestPause)
	}
}

// passing reports whether a connection may do better if it is made once more. A
// server that is silent has had its time.
func passing(err error) bool {
	var c *ConnectionError
	return errors.As(err, &c) && !c.Silent() && !errors.As(err, new(*net.DNSError)) && !refusesTLS(err)
}

// refusesTLS reports whether the two sides do not agree on TLS, or on whether
// they speak it.
func refusesTLS(err error) bool {
	var alert *net.OpError // what the other side says, or is sent
	return IsUntrusted(err) || SpeaksNoTLS(err) || errors.As(err, new(tls.RecordHeaderError)) ||
		errors.As(err, &alert) && (alert.Op == "remote error" || alert.Op == "local error")
}

// IsUntrusted reports whether the certificate of the server is not trusted.
func IsUntrusted(err error) bool { return errors.As(err, new(*tls.CertificateVerificationError)) }

// SpeaksNoTLS reports whether the server has answered a call of https in plain
// HTTP.
func SpeaksNoTLS(err error) bool { return errors.Is(err, http.ErrSchemeMismatch) }

// sleep reports whether the time was there.
func sleep(ctx context.Context, d time.Duration) bool {
	if at, ok := ctx.Deadline(); ok && time.Until(at) < d {
		return false
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// retryAfter returns how long a server wants to be left alone.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if n, err := strconv.Atoi(text); err == nil && n >= 0 {
		return min(time.Duration(n), time.Duration(1<<20)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

// limit is how long an attempt may take.
func (c *Client) limit() time.Duration {
	if c.Limit > 0 {
		return c.Limit
	}
	return DefaultLimit
}

func (c *Client) attempt(ctx context.Context, limit time.Duration, call Call, body []byte) (*Answer, error) {
	inner, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	r, err := http.NewRequestWithContext(inner, call.Method, call.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, values := range call.Header {
		r.Header[name] = values
	}
	if call.Body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if call.Raw == nil {
		r.Header.Set("Accept", "application/json")
	}
	host := r.URL.Host
	response, err := c.HTTP().Do(r)
	if err != nil {
		return nil, c.broken(ctx, inner, host, limit, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, c.broken(ctx, inner, host, limit, err)
	case len(text) > maxAnswer:
		return nil, fmt.Errorf("%s: the answer is too long for one of the service", host)
	}
	return &Answer{Host: host, Status: response.StatusCode, Header: response.Header, Body: text}, nil
}

// broken says whose time was up, which an error of a cut connection need not.
func (c *Client) broken(ctx, inner context.Context, host string, limit time.Duration, err error) error {
	e := &ConnectionError{Host: host, Err: err}
	switch {
	case ctx.Err() != nil:
		e.Err = errors.Join(ctx.Err(), context.Cause(ctx), err)
	case inner.Err() != nil:
		e.After, e.Err = limit, errors.Join(inner.Err(), err)
	}
	return e
}

// CheckURL reports why a URL must not be called: only this machine may be
// called without TLS, and no URL has a password.
func CheckURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "":
		return errors.New("it is not a URL")
	case u.User != nil:
		return errors.New("it has a user name or a password")
	case u.Scheme == "https" || u.Scheme == "http" && Loopback(u.Hostname()):
		return nil
	case u.Scheme == "http":
		return errors.New("it is not https, and is not on this machine")
	}
	return errors.New("it is not https")
}

// Loopback reports whether a host is this machine.
func Loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
