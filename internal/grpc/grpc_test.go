package grpc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// serve starts a server of HTTP/2 without TLS.
func serve(t *testing.T, h http.Handler) *Client {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	return &Client{HTTP: &http.Client{Transport: Transport()}, URL: s.URL}
}

// methods are the same on every server of these tests.
func methods() *Handler {
	return &Handler{Methods: map[string]func(context.Context, []byte) ([]byte, error){
		"/s/Echo": func(_ context.Context, m []byte) ([]byte, error) { return m, nil },
		"/s/Refuse": func(context.Context, []byte) ([]byte, error) {
			return nil, Errorf(PermissionDenied, "100%% no:\nünglaublich")
		},
		"/s/Fail": func(context.Context, []byte) ([]byte, error) { return nil, io.ErrClosedPipe },
		"/s/Wait": func(ctx context.Context, _ []byte) ([]byte, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	}}
}

func TestAMessageGoesAndComes(t *testing.T) {
	t.Parallel()
	c := serve(t, methods())
	for _, m := range []string{"", "a", strings.Repeat("long", MaxMessage/4)} {
		if got, err := c.Call(t.Context(), "/s/Echo", []byte(m), 0); err != nil || string(got) != m {
			t.Errorf("%d bytes: %v, %d bytes", len(m), err, len(got))
		}
	}
}

func TestAStatusGoesWithItsText(t *testing.T) {
	t.Parallel()
	c := serve(t, methods())
	for method, want := range map[string]*Error{
		"/s/Refuse": {PermissionDenied, "100% no:\nünglaublich"},
		"/s/Fail":   {Unknown, io.ErrClosedPipe.Error()},
		"/s/Other":  {Unimplemented, `there is no method "/s/Other"`},
		"/s/Wait":   {DeadlineExceeded, context.DeadlineExceeded.Error()},
	} {
		var got *Error
		_, err := c.Call(t.Context(), method, nil, 50*time.Millisecond)
		if !errors.As(err, &got) || *got != *want {
			t.Errorf("%s: %v, want %v", method, err, want)
		}
	}
	var got *Error
	if _, err := c.Call(t.Context(), "/s/Echo", make([]byte, MaxMessage+1), 0); !errors.As(err, &got) || got.Code != ResourceExhausted {
		t.Errorf("a message that is too long: %v", err)
	}
}

func TestWhatIsNoCallIsRefused(t *testing.T) {
	t.Parallel()
	good := frame([]byte("m"))
	for what, c := range map[string]struct {
		kind, timeout string
		body          []byte
		status        int
		code          string
	}{
		"a form":                  {kind: "application/x-www-form-urlencoded", body: good, status: 415},
		"another kind of gRPC":    {kind: "application/grpc-web", body: good, status: 415},
		"with its encoding":       {kind: "application/grpc+proto", body: good, status: 200, code: "0"},
		"a malformed timeout":     {kind: contentType, timeout: "soon", body: good, status: 200, code: "3"},
		"no message":              {kind: contentType, status: 200, code: "3"},
		"a message cut off":       {kind: contentType, body: good[:5], status: 200, code: "3"},
		"two messages":            {kind: contentType, body: append(good, good...), status: 200, code: "3"},
		"a compressed message":    {kind: contentType, body: append([]byte{1}, good[1:]...), status: 200, code: "3"},
		"a length beyond the end": {kind: contentType, body: []byte{0, 0, 0, 0xff, 0xff, 'm'}, status: 200, code: "3"},
		"a length without limit":  {kind: contentType, body: []byte{0, 0xff, 0xff, 0xff, 0xff, 'm'}, status: 200, code: "8"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/s/Echo", bytes.NewReader(c.body))
		r.Header.Set("Content-Type", c.kind)
		if c.timeout != "" {
			r.Header.Set(headerTimeout, c.timeout)
		}
		w := httptest.NewRecorder()
		methods().ServeHTTP(w, r)
		if got := w.Result().Trailer.Get(headerStatus); w.Code != c.status || got != c.code {
			t.Errorf("%s: %d, status %q, want %d, %q", what, w.Code, got, c.status, c.code)
		}
	}
}

func TestAServerOfSomethingElseIsNamedSo(t *testing.T) {
	t.Parallel()
	for what, answer := range map[string]func(http.ResponseWriter){
		"a page":    func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<html>") },
		"an error":  func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) },
		"no status": func(w http.ResponseWriter) { w.Header().Set("Content-Type", contentType); _, _ = w.Write(frame(nil)) },
		"no answer": func(w http.ResponseWriter) { w.Header().Set("Content-Type", contentType) },
		"a status in words": func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", contentType)
			w.Header().Set(headerStatus, "fine")
		},
		"a message that is cut": func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", contentType)
			_, _ = w.Write(frame([]byte("ab"))[:6])
		},
		"an endless message": func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", contentType)
			_, _ = w.Write([]byte{0, 0xff, 0xff, 0xff, 0xff})
		},
	} {
		c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w) }))
		if got, err := c.Call(t.Context(), "/s/Echo", nil, 0); err == nil {
			t.Errorf("%s: %q", what, got)
		}
	}
}

func TestTimeoutsAreRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"5S": 5 * time.Second, "100m": 100 * time.Millisecond, "1u": time.Microsecond, "7n": 7, "2M": 2 * time.Minute, "1H": time.Hour} {
		if got, ok := parseTimeout(text); !ok || got != want {
			t.Errorf("%s: %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "5", "S", "-1S", "123456789S", "5s", "5.5S", " 5S"} {
		if got, ok := parseTimeout(text); ok {
			t.Errorf("%q is taken as %v", text, got)
		}
	}
	if got, ok := parseTimeout("99999999H"); !ok || got <= 0 {
		t.Errorf("got %v, %v", got, ok)
	}
	for d, want := range map[time.Duration]string{time.Second: "1000m", time.Nanosecond: "1m", 1 << 62: "99999999m"} {
		if got := formatTimeout(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

func FuzzATextIsTheSameAfterItsTravel(f *testing.F) {
	f.Add("100% ü\n\x00\xff %41 %zz %")
	f.Fuzz(func(t *testing.T, text string) {
		got := escape(text)
		if strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r > '~' }) || unescape(got) != text {
			t.Errorf("%q became %q and %q", text, got, unescape(got))
		}
		_ = unescape(text)
	})
}

func FuzzABodyIsOneMessageOrAnError(f *testing.F) {
	f.Add(frame([]byte("abc")))
	f.Add([]byte{0, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := readFrame(bytes.NewReader(body), 1000)
		if err == nil && !bytes.Equal(frame(m), body) {
			t.Errorf("%x was read of %x", m, body)
		}
	})
}
