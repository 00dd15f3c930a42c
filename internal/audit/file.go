package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// line returns an event as a line of JSON.
func line(e Event) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(e)
	return b.Bytes(), err
}

// A file takes a line for each event. Several programs may write to it: each line
// is appended with one write.
type file struct {
	path string
	mu   sync.Mutex
	f    *os.File
}

func (f *file) String() string { return f.path }

// open appends and never truncates. A pipe without a reader is an error.
func (f *file) open(context.Context) (err error) {
	const mode = 0o600
	f.f, err = os.OpenFile(f.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK, mode)
	if err != nil {
		return fmt.Errorf("%s", reason(err))
	}
	return nil
}

func (f *file) write(ctx context.Context, e Event) error {
	text, err := line(e)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if t, ok := ctx.Deadline(); ok {
		_ = f.f.SetWriteDeadline(t) // a regular file takes none, and needs none
	}
	defer func() { _ = f.f.SetWriteDeadline(time.Time{}) }()
	switch n, err := f.f.Write(text); {
	case err != nil:
		return fmt.Errorf("%s", reason(err))
	case n < len(text):
		return io.ErrShortWrite
	}
	if info, err := f.f.Stat(); err != nil || !info.Mode().IsRegular() {
		return err
	}
	if err := f.f.Sync(); err != nil {
		return fmt.Errorf("%s", reason(err))
	}
	return nil
}

func (f *file) close() {
	if f.f != nil {
		_ = f.f.Close() // every line has been synced
	}
}
