package s3

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/publish"
	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
	"github.com/seed-1f7fdfb8/sops/internal/test/publishtest"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms"
)

func object(t *testing.T, s *publishtest.Server, key string) *Object {
	t.Helper()
	values := map[string]string{
		"AWS_ACCESS_KEY_ID": publishtest.AccessKey, "AWS_SECRET_ACCESS_KEY": publishtest.SecretKey,
		"AWS_ENDPOINT_URL_S3": s.URL, "AWS_EC2_METADATA_DISABLED": "true", "HOME": t.TempDir(),
	}
	k := awskms.New(awskms.Options{Env: func(name string) (string, bool) { v, ok := values[name]; return v, ok }})
	return &Object{Bucket: "backups", Key: key, Data: []byte("data"), Connect: func(ctx context.Context) (*awskms.Caller, error) {
		return k.Caller(ctx, awskms.Account{Region: publishtest.Region})
	}}
}

func server(t *testing.T) *publishtest.Server {
	s := publishtest.New()
	t.Cleanup(s.Close)
	s.AddBucket("backups", publishtest.Region)
	return s
}

func TestKeysOfAllKindsAreSignedAsTheyAreSent(t *testing.T) {
	t.Parallel()
	s := server(t)
	for _, key := range []string{"a", "a/b c", "ü+%2F", "a//b", "a=b&c?d#e", "~a*(b)'!", "a:b@c,d;e$"} {
		o := object(t, s, key)
		if d, err := o.Compare(t.Context()); err != nil || d.State != publish.New {
			t.Errorf("%q: %v, %v", key, d.State, err)
		}
		if err := o.Write(t.Context()); err != nil {
			t.Errorf("%q: %v", key, err)
		}
		if got, ok := s.Object("backups", key); !ok || string(got.Data) != "data" {
			t.Errorf("%q: it is not there", key)
		}
		if d, err := o.Compare(t.Context()); err != nil || d.State != publish.Same {
			t.Errorf("%q: %v, %v", key, d.State, err)
		}
	}
	if all := s.Complaints(); len(all) > 0 {
		t.Errorf("the server complains: %q", all)
	}
}

func TestNamesThatLeadElsewhereAreRefused(t *testing.T) {
	t.Parallel()
	s := server(t)
	for _, c := range [][2]string{{"backups", "a/../b"}, {"backups", "."}, {"a/b", "c"}, {"", "c"}, {"..", "c"}, {"a@b", "c"}} {
		o := object(t, s, c[1])
		o.Bucket = c[0]
		if _, err := o.Compare(t.Context()); err == nil {
			t.Errorf("%q: no error", c)
		}
		if err := o.Write(t.Context()); err == nil {
			t.Errorf("%q: no error", c)
		}
	}
	if calls := s.Calls(); len(calls) > 0 {
		t.Errorf("calls: %q", calls)
	}
}

// TestNoFaultIsTakenForAnUpload holds for every way in which a server, or what
// is between, can fail: either the object is there or there is an error.
func TestNoFaultIsTakenForAnUpload(t *testing.T) {
	t.Parallel()
	for _, mode := range httpfault.Modes() {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			s := server(t)
			o := object(t, s, "a")
			s.Faults.Set(httpfault.Fault{Mode: mode, Delay: 10 * time.Millisecond})
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
			defer cancel()
			err := o.Write(ctx)
			if _, there := s.Object("backups", "a"); (err == nil) != there {
				t.Errorf("error %v, and the object is there: %v", err, there)
			}
			if d, err := o.Compare(ctx); err == nil && d.State == publish.Same && mode != httpfault.Slow {
				t.Errorf("an object is said to be there")
			}
		})
	}
}

func TestAServerThatIsBusyIsAskedAgain(t *testing.T) {
	t.Parallel()
	for _, mode := range []httpfault.Mode{httpfault.Throttle, httpfault.InternalError, httpfault.Drop} {
		s := server(t)
		s.Faults.Set(httpfault.Fault{Mode: mode, Times: 1})
		if err := object(t, s, "a").Write(t.Context()); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

func TestWithoutARegionNothingIsCalled(t *testing.T) {
	t.Parallel()
	s := server(t)
	o := object(t, s, "a")
	o.Connect = func(ctx context.Context) (*awskms.Caller, error) {
		k := awskms.New(awskms.Options{Env: func(string) (string, bool) { return "", false }})
		return k.Caller(ctx, awskms.Account{})
	}
	var usage *awskms.UsageError
	if _, err := o.Compare(t.Context()); !errors.As(err, &usage) {
		t.Errorf("got %v", err)
	}
}
