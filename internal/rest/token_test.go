package rest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestATokenNeverPrintsItself(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, v := range []any{Token{Secret: "s3cret"}, &Token{Secret: "s3cret"}} {
			if got := fmt.Sprintf(verb, v); !strings.Contains(got, "hidden") {
				t.Errorf("%s prints %s", verb, got)
			}
		}
	}
}

func TestATokenLastsUntilALittleBeforeItsEnd(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	for _, c := range []struct {
		t    Token
		want bool
	}{
		{Token{}, false},
		{Token{Secret: "a"}, true},
		{Token{Secret: "a", Expires: now.Add(61 * time.Second)}, true},
		{Token{Secret: "a", Expires: now.Add(time.Minute)}, false},
		{Token{Secret: "a", Expires: now.Add(-time.Minute)}, false},
	} {
		if got := c.t.Lasts(now, time.Minute); got != c.want {
			t.Errorf("%v: %v", c.t.Expires, got)
		}
	}
}

func TestWorkOfALibraryIsLimited(t *testing.T) {
	t.Parallel()
	c := &Client{Limit: 20 * time.Millisecond}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	wait := func(ctx context.Context) error {
		<-ctx.Done()
		return errors.New("a page of the library")
	}
	quick := errors.New("quick")
	for _, test := range []struct {
		name string
		ctx  context.Context
		work func(context.Context) error
		want string
		is   error
	}{
		{"done", t.Context(), func(context.Context) error { return nil }, "<nil>", nil},
		{"failed", t.Context(), func(context.Context) error { return quick }, "quick", quick},
		{"the attempt is over", t.Context(), wait, "no answer within 20ms", context.DeadlineExceeded},
		{"the caller is over", ended, wait, "no answer in time", context.Canceled},
	} {
		if err := c.Limited(test.ctx, test.work); fmt.Sprint(err) != test.want || test.is != nil && !errors.Is(err, test.is) {
			t.Errorf("%s: got %v", test.name, err)
		}
	}
}
