package httpfault_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
)

func TestEveryModeStrikesInItsWay(t *testing.T) {
	t.Parallel()
	silent := func(_ int, _ string, err error) bool { return errors.Is(err, context.DeadlineExceeded) }
	status := func(code int, part string) func(int, string, error) bool {
		return func(got int, body string, err error) bool {
			return err == nil && got == code && strings.Contains(body, part)
		}
	}
	broken := func(target error) func(int, string, error) bool {
		return func(_ int, _ string, err error) bool { return errors.Is(err, target) }
	}
	want := map[httpfault.Mode]func(status int, body string, err error) bool{
		httpfault.Refuse:           broken(syscall.ECONNRESET),
		httpfault.Drop:             broken(io.EOF),
		httpfault.Hang:             silent,
		httpfault.HangAfterHeaders: silent,
		httpfault.InternalError:    status(http.StatusInternalServerError, "no"),
		httpfault.Unavailable:      status(http.StatusServiceUnavailable, "hotel"),
		httpfault.Throttle:         status(http.StatusTooManyRequests, "no"),
		httpfault.Reset:            broken(syscall.ECONNRESET),
		httpfault.Garbage:          status(http.StatusOK, "hotel"),
		httpfault.Nonsense:         status(http.StatusOK, "cheese"),
		httpfault.Endless:          silent,
		httpfault.Slow:             status(http.StatusOK, "well"),
	}
	for _, mode := range httpfault.Modes() {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			faults := &httpfault.Switch{Error: func(w http.ResponseWriter, status int) { http.Error(w, "no", status) }}
			server := httptest.NewServer(faults.Around(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "well") })))
			defer server.Close()
			faults.Set(httpfault.Fault{Path: "/a", Mode: mode, Delay: time.Millisecond, Times: 1})
			within := time.Minute
			if mode == httpfault.Hang || mode == httpfault.HangAfterHeaders || mode == httpfault.Endless {
				within = 300 * time.Millisecond
			}
			if code, body, err := get(t, server.URL+"/a", within); !want[mode](code, body, err) {
				t.Errorf("got %d, %.100q, %v", code, body, err)
			}
			if code, body, err := get(t, server.URL+"/a", time.Minute); code != http.StatusOK || body != "well" {
				t.Errorf("the second request: %d, %q, %v", code, body, err)
			}
			if calls := faults.Calls(); len(calls) != 2 || !strings.HasSuffix(calls[0], "/a") {
				t.Errorf("calls %q", calls)
			}
		})
	}
}

func get(t *testing.T, url string, within time.Duration) (int, string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(body), err
}
