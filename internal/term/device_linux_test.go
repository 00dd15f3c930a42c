package term_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/term"
)

func TestTheDeviceOfATerminalIsWhatOthersCanOpen(t *testing.T) {
	t.Parallel()
	_, program := pty(t)
	if got := term.Device(&bytes.Buffer{}, nil, program); !strings.HasPrefix(got, "/dev/pts/") {
		t.Errorf("got %q", got)
	}
	if got := term.Device(&bytes.Buffer{}, nil); got != "" {
		t.Errorf("without a terminal: %q", got)
	}
}
