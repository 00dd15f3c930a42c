package keyserver

import (
	"context"
	"net"
)

// socket makes a Unix socket, which has the rights of its directory.
func socket(ctx context.Context, p Place) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, "unix", p.Address)
}
