// Package keyservice has data keys wrapped by another program, which has the
// credentials: sops keyservice, here or on another machine, ours or that of SOPS.
//
//	address, err := keyservice.ParseAddress("unix:///run/sops.sock", "/")
//	k := keyservice.New(address, keyservice.Options{})
//
// One Keeper asks one key service, for keys of every kind. What comes back is
// not trusted: a wrapped key must look like one of its kind, and a data key must
// have the length of one.
package keyservice

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/deadline"
	"github.com/seed-1f7fdfb8/sops/internal/grpc"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/keyservice/wire"
)

// DefaultConnect is how long a connection may take to be made.
const DefaultConnect = 5 * time.Second

// DefaultWrap is how long a service may take to wrap a data key.
const DefaultWrap = 30 * time.Second

// Options of a Keeper; the zero value serves.
type Options struct {
	Now func() time.Time // nil is time.Now
	// Connect limits the time until there is a connection; 0 is DefaultConnect.
	Connect time.Duration
	// Wrap limits the time for wrapping, where no other limit does; 0 is DefaultWrap.
	Wrap time.Duration
}

// A Keeper asks a key service.
type Keeper struct {
	address Address
	o       Options
	client  func() (*grpc.Client, error) // made once
}

// New returns a Keeper that asks the key service at a. It connects when it is
// used.
func New(a Address, o Options) *Keeper {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Connect <= 0 {
		o.Connect = DefaultConnect
	}
	if o.Wrap <= 0 {
		o.Wrap = DefaultWrap
	}
	k := &Keeper{address: a, o: o}
	k.client = sync.OnceValues(k.connect)
	return k
}

// Kind returns "": a key service is asked for keys of every kind.
func (*Keeper) Kind() string { return "" }

// String names the key service.
func (k *Keeper) String() string { return "key service " + k.address.String() }

// Close closes connections that are open.
func (k *Keeper) Close() {
	if c, err := k.client(); err == nil {
		c.HTTP.CloseIdleConnections()
	}
}

// connect makes the client; it dials nothing.
func (k *Keeper) connect() (*grpc.Client, error) {
	t := grpc.Transport()
	t.TLSHandshakeTimeout = k.o.Connect
	dialer := &net.Dialer{Timeout: k.o.Connect}
	t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, k.address.Network, k.address.Target)
	}
	c := &grpc.Client{HTTP: &http.Client{Transport: t}, URL: "http://" + k.address.Target}
	switch {
	case k.address.Network == "unix":
		c.URL = "http://localhost"
	case k.address.TLS != nil:
		config, err := k.address.TLS.config(k.address.Target)
		if err != nil {
			return nil, err
		}
		t.TLSClientConfig, c.URL = config, "https://"+k.address.Target
	}
	return c, nil
}

// Wrap has d wrapped under m.
func (k *Keeper) Wrap(ctx context.Context, m keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	ctx, cancel := context.WithTimeout(ctx, k.o.Wrap)
	defer cancel()
	enc, err := k.call(ctx, wire.Encrypt, wire.Request{Key: m, Data: d.Bytes()})
	if err != nil {
		return keeper.WrappedKey{}, err
	}
	if !looksWrapped(m.Kind, enc) {
		return keeper.WrappedKey{}, fmt.Errorf("%s: its answer is not a wrapped key of kind %s", k, m.Kind)
	}
	w := keeper.WrappedKey{MasterKey: m, Enc: string(enc)}
	if !m.Undated() {
		w.Created = k.o.Now()
	}
	return w, nil
}

// Unwrap has w unwrapped.
func (k *Keeper) Unwrap(ctx context.Context, w keeper.WrappedKey) (keeper.Data, error) {
	data, err := k.call(ctx, wire.Decrypt, wire.Request{Key: w.MasterKey, Data: []byte(w.Enc)})
	if err != nil {
		return keeper.Data{}, err
	}
	if n := len(data); n != keeper.Size && n != keeper.Size+1 {
		return keeper.Data{}, fmt.Errorf("%s: its answer of %d bytes is no data key", k, n)
	}
	return keeper.NewData(data), nil
}

// call sends a request and reads the answer. Errors name the service.
func (k *Keeper) call(ctx context.Context, method string, r wire.Request) ([]byte, error) {
	message, err := r.Encode()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k, err)
	}
	c, err := k.client()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k, err)
	}
	left, _ := deadline.Left(ctx) // 0, or less, is no limit
	reply, err := c.Call(ctx, method, message, left)
	if err == nil {
		reply, err = wire.DecodeAnswer(reply)
	}
	if err != nil {
		return nil, k.failed(ctx, err)
	}
	return reply, nil
}

// An Error is a call of a key service that failed.
type Error struct {
	Service string
	Err     error
	advice  string
}

func (e *Error) Error() string { return e.Service + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Hints returns what helps.
func (e *Error) Hints() []string {
	if e.advice == "" {
		return nil
	}
	return []string{e.advice}
}

// failed says what is wrong with a call, in few words and with advice.
func (k *Keeper) failed(ctx context.Context, err error) error {
	e := &Error{Service: k.String(), Err: err}
	var refused *grpc.Error
	if errors.As(err, &refused) {
		if refused.Code == grpc.DeadlineExceeded && ctx.Err() != nil {
			e.Err = errors.Join(ctx.Err(), refused)
		}
		return e
	}
	var outer *url.Error // has the URL once more
	if errors.As(err, &outer) {
		e.Err = outer.Err
	}
	var op *net.OpError
	switch {
	case ctx.Err() != nil:
		e.Err = ctx.Err()
	case errors.As(err, &op) && op.Timeout():
		e.Err = fmt.Errorf("no connection within %s", k.o.Connect)
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Err, e.advice = errors.New("nothing listens there"), "is it running? start it with: sops keyservice"
	case errors.Is(err, os.ErrNotExist) && k.address.Network == "unix":
		e.Err, e.advice = errors.New("there is no such socket"), "is it running? start it with: sops keyservice --network unix --address PATH"
	case k.address.TLS != nil && k.address.TLS.Cert == "" && !errors.As(err, new(*tls.CertificateVerificationError)):
		// A server may cut the connection before its reason arrives.
		e.advice = "it may want a certificate of the caller: add cert=PEM&key=PEM to its address"
	case errors.Is(err, os.ErrPermission):
		e.Err = errors.New("the socket may not be used by this user")
	}
	return e
}
