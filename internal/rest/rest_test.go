package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func serve(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) (url string, calls *atomic.Int32) {
	t.Helper()
	calls = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(int(calls.Add(1)), w, r) }))
	t.Cleanup(s.Close)
	return s.URL, calls
}

func TestABusyServerIsAskedAgain(t *testing.T) {
	t.Parallel()
	for _, status := range []int{429, 500, 503} {
		url, calls := serve(t, func(n int, w http.ResponseWriter, _ *http.Request) {
			if n < 3 {
				w.WriteHeader(status)
			}
			_, _ = w.Write([]byte("{}"))
		})
		a, err := new(Client).Do(t.Context(), Call{Method: "POST", URL: url, Body: map[string]string{}})
		if err != nil || !a.OK() || calls.Load() != 3 {
			t.Errorf("%d: %v, %v, %d calls", status, a, err, calls.Load())
		}
	}
}

func TestARefusalIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, status := range []int{302, 400, 401, 403, 404, 501} {
		url, calls := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(status)
		})
		a, err := new(Client).Do(t.Context(), Call{Method: "GET", URL: url})
		if err != nil || a.Status != status || calls.Load() != 1 {
			t.Errorf("%d: %v, %v, %d calls", status, a, err, calls.Load())
		}
	}
}

func TestASilentServerIsNamed(t *testing.T) {
	t.Parallel()
	url, calls := serve(t, func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	_, err := (&Client{Limit: 50 * time.Millisecond}).Do(t.Context(), Call{Method: "GET", URL: url})
	host := strings.TrimPrefix(url, "http://")
	if err == nil || err.Error() != "no answer from "+host+" within 50ms" || calls.Load() != 1 {
		t.Errorf("got %v, %d calls", err, calls.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err = new(Client).Do(ctx, Call{Method: "GET", URL: url}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestNoAgreementOnTLSIsNotRepeated: neither side changes its mind. The server
// counts connections.
func TestNoAgreementOnTLSIsNotRepeated(t *testing.T) {
	t.Parallel()
	trust := func(s *httptest.Server, c *tls.Config) {
		c.RootCAs = x509.NewCertPool()
		c.RootCAs.AddCert(s.Certificate())
	}
	for _, test := range []struct {
		name           string
		server         func(*tls.Config)
		client         func(*httptest.Server, *tls.Config)
		plain          bool // the server speaks HTTP
		untrusted, raw bool // what the error is
	}{
		{"a certificate of another authority", func(*tls.Config) {}, func(*httptest.Server, *tls.Config) {}, false, true, false},
		{"an old version", func(c *tls.Config) { c.MaxVersion = tls.VersionTLS11 }, trust, false, false, false},
		{"a certificate that the client lacks", func(c *tls.Config) { c.ClientAuth = tls.RequireAndVerifyClientCert }, trust, false, false, false},
		{"no TLS", func(*tls.Config) {}, func(*httptest.Server, *tls.Config) {}, true, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var made atomic.Int32
			s := httptest.NewUnstartedServer(http.NotFoundHandler())
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateNew {
					made.Add(1)
				}
			}
			client := &tls.Config{}
			if test.plain {
				s.Start()
			} else {
				s.TLS = &tls.Config{}
				test.server(s.TLS)
				s.StartTLS()
				test.client(s, client)
			}
			t.Cleanup(s.Close)
			_, err := (&Client{Transport: &http.Transport{TLSClientConfig: client}}).Do(t.Context(), Call{Method: "GET", URL: "https://" + s.Listener.Addr().String()})
			if err == nil || IsUntrusted(err) != test.untrusted || SpeaksNoTLS(err) != test.raw || made.Load() != 1 {
				t.Errorf("%v, %d connections", err, made.Load())
			}
		})
	}
}

func TestRequestsOfALibraryEndWithTheContext(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := new(Client).Within(ctx).Get(url); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestALongRetryAfterIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	url, calls := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	a, err := new(Client).Do(ctx, Call{Method: "GET", URL: url})
	if err != nil || a.Status != 429 || calls.Load() != 1 || ctx.Err() != nil {
		t.Errorf("%v, %v, %d calls", a, err, calls.Load())
	}
}

func TestAServerCannotHoldUpACallerWithoutADeadline(t *testing.T) {
	t.Parallel()
	url, calls := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	a, err := new(Client).Do(context.WithoutCancel(t.Context()), Call{Method: "GET", URL: url})
	if err != nil || a.Status != 503 || calls.Load() != 1 {
		t.Errorf("%v, %v, %d calls", a, err, calls.Load())
	}
}

func TestANegativeNumberOfAttemptsIsTheUsualOne(t *testing.T) {
	t.Parallel()
	url, calls := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	if a, err := (&Client{Attempts: -1}).Do(t.Context(), Call{Method: "GET", URL: url}); err != nil || a.OK() || calls.Load() != DefaultAttempts {
		t.Errorf("%v, %v, %d calls", a, err, calls.Load())
	}
}

func TestAnAnswerWithoutAnEndIsCutOff(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = w.Write(make([]byte, 1<<16))
		}
	})
	if _, err := new(Client).Do(t.Context(), Call{Method: "GET", URL: url}); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("got %v", err)
	}
}

func TestAPageIsNoAnswerOfAService(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "<html>", "null", "[]", "{", "\x00"} {
		var foreign *ForeignError
		if err := (&Answer{Body: []byte(body)}).Decode(new(struct{})); !errors.As(err, &foreign) {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestOnlyThisMachineIsCalledWithoutTLS(t *testing.T) {
	t.Parallel()
	for url, ok := range map[string]bool{
		"https://a.test": true, "https://a.test:8443/x": true, "http://127.0.0.1:1": true, "http://[::1]:1": true, "http://localhost": true,
		"http://a.test": false, "ftp://a.test": false, "https://u:p@a.test": false, "a.test": false, "": false, "https://": false,
		"http://127.0.0.1.a.test": false,
	} {
		if err := CheckURL(url); (err == nil) != ok {
			t.Errorf("%q: %v", url, err)
		}
	}
}
