//go:build unix

package keyserver

import (
	"context"
	"net"

	"golang.org/x/sys/unix"
)

// socket makes a Unix socket for the user alone, or for all. The mask is that of
// the whole process, which does nothing else while it begins to listen.
func socket(ctx context.Context, p Place) (net.Listener, error) {
	mask := 0o177
	if p.Shared {
		mask = 0o111
	}
	defer unix.Umask(unix.Umask(mask))
	return new(net.ListenConfig).Listen(ctx, "unix", p.Address)
}
