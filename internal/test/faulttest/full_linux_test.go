package faulttest

import (
	"errors"
	"net"
	"testing"
	"time"
)

// TestAFullQueueTakesNobody guards the fault that is hardest to play: a system
// that answered it with a refusal would make it an easy one.
func TestAFullQueueTakesNobody(t *testing.T) {
	t.Parallel()
	s, err := New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.DialTimeout("tcp4", s.full.addr, 300*time.Millisecond)
	var slow net.Error
	if !errors.As(err, &slow) || !slow.Timeout() {
		t.Errorf("got %v, %v, want silence", c, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
