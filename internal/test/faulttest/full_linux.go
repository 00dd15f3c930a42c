package faulttest

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

const canBeFull = true

// full is a listener whose queue of connections is full, so that the system
// drops the first packet of each new one, as a firewall does.
type full struct {
	socket int
	addr   string
	queue  []net.Conn
}

func newFull() (*full, error) {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	f := &full{socket: socket}
	if err := f.fill(); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

func (f *full) fill() error {
	if err := syscall.Bind(f.socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return err
	}
	if err := syscall.Listen(f.socket, 0); err != nil {
		return err
	}
	name, err := syscall.Getsockname(f.socket)
	if err != nil {
		return err
	}
	f.addr = fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	const patience, enough = 200 * time.Millisecond, 16
	for range enough {
		c, err := net.DialTimeout("tcp4", f.addr, patience)
		if err != nil {
			return nil // no connection is accepted any more
		}
		f.queue = append(f.queue, c)
	}
	return errors.New("a queue of no length takes any number of connections")
}

func (f *full) close() error {
	errs := []error{syscall.Close(f.socket)}
	for _, c := range f.queue {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
