package devkms_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// describe asks for devKey within the time.
func (c caller) describe(within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	_, err := c.kms().DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: ptr(devKey)})
	return err
}

func TestEveryFaultStrikesInItsWay(t *testing.T) {
	t.Parallel()
	// Only what hangs is worth a wait; all else ends by itself, though late
	// on a busy machine.
	const patience, never = 300 * time.Millisecond, time.Minute
	waits := map[devkms.FaultMode]time.Duration{devkms.Hang: patience, devkms.HangAfterHeaders: patience}
	silence := func(err error) bool { return strings.HasPrefix(code(err), "no answer") }
	is := func(target error) func(error) bool { return func(err error) bool { return errors.Is(err, target) } }
	answers := func(want string) func(error) bool { return func(err error) bool { return code(err) == want } }
	html := func(err error) bool { return err != nil && strings.Contains(err.Error(), "deserialization failed") }
	want := map[devkms.FaultMode]func(error) bool{
		devkms.Refuse:           is(syscall.ECONNRESET),
		devkms.Drop:             is(io.EOF),
		devkms.Hang:             silence,
		devkms.HangAfterHeaders: silence,
		devkms.InternalError:    answers("KMSInternalException"),
		devkms.Unavailable:      html,
		devkms.Throttle:         answers("ThrottlingException"),
		devkms.Reset:            is(syscall.ECONNRESET),
		devkms.Garbage:          html,
		devkms.Slow:             func(err error) bool { return err == nil },
		devkms.Deny:             answers("AccessDeniedException"),
		devkms.Expire:           answers("ExpiredTokenException"),
	}
	for _, mode := range devkms.FaultModes() {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			s := devkms.Start(t, nil)
			s.SetFault(devkms.Fault{Mode: mode, Delay: 20 * time.Millisecond})
			start := time.Now()
			err := as(s, "alice").describe(cmp.Or(waits[mode], never))
			if !want[mode](err) {
				t.Errorf("got %v", err)
			}
			atLeast := map[devkms.FaultMode]time.Duration{devkms.Slow: 20 * time.Millisecond, devkms.Hang: patience, devkms.HangAfterHeaders: patience}
			if took := time.Since(start); took < atLeast[mode] {
				t.Errorf("it was over after %v", took)
			}
			if calls := s.Calls(); len(calls) != 1 || calls[0].Fault != mode {
				t.Errorf("the audit log has %+v", calls)
			}
			s.ClearFaults()
			if err := as(s, "alice").describe(never); err != nil {
				t.Errorf("after ClearFaults: %v", err)
			}
		})
	}
}

func TestFaultsStrikeSTSInItsOwnWords(t *testing.T) {
	t.Parallel()
	s := devkms.Start(t, nil)
	for mode, want := range map[devkms.FaultMode]string{devkms.Throttle: "Throttling", devkms.InternalError: "InternalFailure", "no such mode": "InternalFailure"} {
		s.ClearFaults()
		s.SetFault(devkms.Fault{Operation: "GetCallerIdentity", Mode: mode})
		_, err := as(s, "alice").sts().GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{})
		if code(err) != want {
			t.Errorf("%s: got %v, want %s", mode, err, want)
		}
	}
}

func TestFaultsAreChosenByKeyRegionAndOperation(t *testing.T) {
	t.Parallel()
	s := devkms.Start(t, nil)
	l := &lab{as(s, "alice"), t, s, context.Background()}
	blob, other := l.sealed(devKey, nil), l.sealed(appKey, nil)
	const struck = "ThrottlingException"
	cases := []struct {
		fault devkms.Fault
		run   func() error
		want  string
	}{
		{devkms.Fault{}, func() error { return l.use("DescribeKey", devKey, nil) }, struck},
		{devkms.Fault{Key: devKey}, func() error { return l.use("DescribeKey", devKey, nil) }, struck},
		{devkms.Fault{Key: devKey}, func() error { return l.use("DescribeKey", "alias/sops-dev", nil) }, struck},
		{devkms.Fault{Key: "alias/sops-dev"}, func() error { return l.use("DescribeKey", devKey, nil) }, struck},
		{devkms.Fault{Key: "11111111-1111-4111-8111-000000000001"}, func() error { return l.decrypt(blob, nil) }, struck},
		{devkms.Fault{Key: devKey}, func() error { return l.use("ReEncrypt from", appKey, other) }, struck},
		{devkms.Fault{Key: devKey}, func() error { return l.use("DescribeKey", appKey, nil) }, ""},
		{devkms.Fault{Region: "eu-west-1"}, func() error { return l.use("DescribeKey", devKey, nil) }, ""},
		{devkms.Fault{Region: "eu-west-1"}, func() error { return l.region("eu-west-1").use("DescribeKey", devKeyEU, nil) }, struck},
		{devkms.Fault{Operation: "Decrypt"}, func() error { return l.decrypt(blob, nil) }, struck},
		{devkms.Fault{Operation: "Decrypt"}, func() error { return l.use("DescribeKey", devKey, nil) }, ""},
		{devkms.Fault{Operation: "Decrypt", Region: "eu-west-1"}, func() error { return l.decrypt(blob, nil) }, ""},
	}
	for _, c := range cases {
		c.fault.Mode = devkms.Throttle
		s.SetFault(c.fault)
		if got := code(c.run()); got != c.want && !(c.want == struck && strings.Contains(got, struck)) {
			t.Errorf("%+v: got %q, want %q", c.fault, got, c.want)
		}
		s.ClearFaults()
	}
}

func TestFaultsWearOff(t *testing.T) {
	t.Parallel()
	s := devkms.Start(t, nil)
	s.SetFault(devkms.Fault{Mode: devkms.Throttle, Times: 2})
	s.SetFault(devkms.Fault{Mode: devkms.InternalError, Times: 1})
	for i, want := range []string{"ThrottlingException", "ThrottlingException", "KMSInternalException", ""} {
		if got := code(as(s, "alice").describe(time.Minute)); got != want {
			t.Errorf("call %d: got %q, want %q", i, got, want)
		}
	}
}

func TestCloseEndsWhatHangs(t *testing.T) {
	t.Parallel()
	s := devkms.Start(t, nil)
	s.SetFault(devkms.Fault{Mode: devkms.Hang})
	ended := make(chan error)
	go func() { ended <- as(s, "alice").describe(time.Minute) }()
	for len(s.Calls()) == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err == nil {
			t.Error("the call that hangs has been answered")
		}
	case <-time.After(10 * time.Second):
		t.Error("the call still hangs")
	}
}
