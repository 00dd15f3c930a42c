package huaweitest

import (
	"net/http"
	"strings"
	"testing"
)

// TestTheCanonicalRequestIsThatOfTheDescription signs a request of which every
// part needs care: a path without a final slash, a query to sort and to escape.
// The signature was computed apart from this package, with Python's hmac.
func TestTheCanonicalRequestIsThatOfTheDescription(t *testing.T) {
	t.Parallel()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://h/v1.0/p%20q/kms?b=2&a=x%20y", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Sdk-Date", "20261201T010203Z")
	got := signature(r, []byte(`{"a":"b"}`), []string{"host", "x-sdk-date"}, "secret")
	const want = "42a9d4d2959036d248b23bd8854a38403d8b9f9156b4ab465dba651da1b19e97"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestARequestThatIsNotSignedAsItMustBeIsRefused(t *testing.T) {
	t.Parallel()
	s := New("r")
	t.Cleanup(s.Close)
	ak, _ := s.User("ann")
	for _, header := range []string{
		"", "Basic x", scheme + " Access=" + ak + ", SignedHeaders=x-sdk-date",
		scheme + " Access=" + ak + ", SignedHeaders=host, Signature=00",
		scheme + " Access=" + ak + ", SignedHeaders=x-sdk-date;host, Signature=00",
		scheme + " Access=" + ak + ", SignedHeaders=host;x-sdk-date, Signature=00",
		scheme + " Access=unknown, SignedHeaders=host;x-sdk-date, Signature=00",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/v1.0/"+Project+"/kms/encrypt-data", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", header)
		r.Header.Set(dateHeader, "20261201T010203Z")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%q: status %d", header, resp.StatusCode)
		}
	}
}
