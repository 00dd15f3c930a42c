package ssm

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/publish"
	"github.com/seed-1f7fdfb8/sops/internal/publish/awscall"
	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
	"github.com/seed-1f7fdfb8/sops/internal/test/publishtest"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms"
	"github.com/seed-1f7fdfb8/sops/tree"
)

func parameters(t *testing.T, s *publishtest.Server) *Parameters {
	t.Helper()
	values := map[string]string{
		"AWS_ACCESS_KEY_ID": publishtest.AccessKey, "AWS_SECRET_ACCESS_KEY": publishtest.SecretKey,
		"AWS_ENDPOINT_URL_SSM": s.URL, "AWS_EC2_METADATA_DISABLED": "true", "HOME": t.TempDir(),
	}
	k := awskms.New(awskms.Options{Env: func(name string) (string, bool) { v, ok := values[name]; return v, ok }})
	c, err := publish.NewContent([]*tree.Map{{Items: []tree.Item{{Key: "a", Value: tree.Text("canary")}}}})
	if err != nil {
		t.Fatal(err)
	}
	return &Parameters{Name: "/p", Content: c, Connect: func(ctx context.Context) (awscall.Caller, error) {
		return k.Caller(ctx, awskms.Account{Region: publishtest.Region})
	}}
}

// TestNoFaultIsTakenForAWrite holds for every way in which a server, or what is
// between, can fail: either the parameter is there or there is an error, which
// has no value in it.
func TestNoFaultIsTakenForAWrite(t *testing.T) {
	t.Parallel()
	for _, mode := range httpfault.Modes() {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			s := publishtest.New()
			t.Cleanup(s.Close)
			p := parameters(t, s)
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
			defer cancel()
			if d, err := p.Compare(ctx); err != nil || d.State != publish.New {
				t.Fatalf("%v, %v", d.State, err)
			}
			s.Faults.Set(httpfault.Fault{Mode: mode, Delay: 10 * time.Millisecond})
			err := p.Write(ctx)
			if _, there := s.Parameter("/p"); (err == nil) != there {
				t.Errorf("error %v, and the parameter is there: %v", err, there)
			}
			if err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("the error has a value: %v", err)
			}
		})
	}
}

func TestAMessageThatQuotesTheValueIsNotShown(t *testing.T) {
	t.Parallel()
	s := publishtest.New()
	t.Cleanup(s.Close)
	p := parameters(t, s)
	if _, err := p.Compare(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.all[0].text = strings.Repeat("canary", 1500) // more than the service takes, which quotes it
	err := p.Write(t.Context())
	if err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "ValidationException") {
		t.Errorf("got %v", err)
	}
}
