//go:build unix

package editor

import (
	"os"

	"golang.org/x/sys/unix"
)

const hasFIFO = true

// A feeder writes into a FIFO, once, when a reader comes.
type feeder struct {
	path   string
	fifo   os.FileInfo
	opened chan struct{} // a reader is there
	done   chan struct{}
}

// feed makes a FIFO and begins to write content into it.
func feed(path string, content []byte) (*feeder, error) {
	if err := unix.Mkfifo(path, 0o600); err != nil {
		return nil, &os.PathError{Op: "mkfifo", Path: path, Err: err}
	}
	fifo, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	f := &feeder{path, fifo, make(chan struct{}), make(chan struct{})}
	go f.write(content)
	return f, nil
}

func (f *feeder) write(content []byte) {
	defer close(f.done)
	w, err := os.OpenFile(f.path, os.O_WRONLY, 0)
	close(f.opened)
	if err != nil {
		return // the program has removed it
	}
	defer w.Close()
	_, _ = w.Write(content) // the reader may have seen enough
}

// stop ends the writer, which may still wait for a reader: it gets one that
// reads nothing.
func (f *feeder) stop() {
	r, err := os.OpenFile(f.path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		return // removed; a writer that waits in it ends with the process
	}
	defer r.Close()
	if now, err := r.Stat(); err != nil || !os.SameFile(now, f.fifo) {
		return // replaced, likewise
	}
	<-f.opened
	r.Close()
	<-f.done
}
