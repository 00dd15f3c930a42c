// Package keyserver lets other programs use the keys of this one, by the protocol
// of key services of SOPS.
//
//	s := keyserver.New(keyserver.Options{Keeper: k, Policy: p})
//	err := s.Serve(ctx, listener) // until ctx ends
//
// A request is decided before anything is done: is the caller known, may the key
// be used, does the person agree. Each has its line in the log, which names the
// caller and the key and holds no secret. A server is made for hostile callers:
// messages are short, calls and connections are limited in number and time, and
// a connection that says nothing makes room for one that does.
package keyserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/deadline"
	"github.com/seed-1f7fdfb8/sops/internal/grpc"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/keyservice/wire"
)

// DefaultLimit is how long a call may take, without the time of a person.
const DefaultLimit = 30 * time.Second

// Limits of a server.
const (
	maxConnections = 256
	maxStreams     = 8  // at a time, of one connection
	maxCalls       = 32 // at a time, of all; others wait
	readTimeout    = 10 * time.Second
	idleTimeout    = 2 * time.Minute
	pingAfter      = 30 * time.Second
	farewell       = 3 * time.Second // for calls that run when the server ends
)

// Options of a Server.
type Options struct {
	Keeper keeper.Keeper
	Policy Policy
	// Ask asks a person before each use of a key; nil is no question. It is
	// called for one request at a time.
	Ask func(ctx context.Context, question string) (bool, error)
	Log *slog.Logger // nil for none
	// Limit is how long a call may take; 0 is DefaultLimit.
	Limit time.Duration
}

// A Server answers requests for keys.
type Server struct {
	o     Options
	calls chan struct{} // one for each that runs
	turn  chan struct{} // of the one that asks the person
}

// New returns a Server.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Limit <= 0 {
		o.Limit = DefaultLimit
	}
	return &Server{o: o, calls: make(chan struct{}, maxCalls), turn: make(chan struct{}, 1)}
}

// Serve answers what comes through l until ctx ends, and then closes l.
func (s *Server) Serve(ctx context.Context, l *Listener) error {
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	crowd := &crowd{max: maxConnections}
	h := &http.Server{
		Handler: s.handler(), Protocols: &protocols, TLSConfig: l.tls,
		ConnContext: withCaller, ConnState: crowd.note,
		ReadTimeout: readTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: grpc.MaxMessage,
		HTTP2:    &http.HTTP2Config{MaxConcurrentStreams: maxStreams, SendPingTimeout: pingAfter, WriteByteTimeout: readTimeout},
		ErrorLog: log.New(io.Discard, "", 0), // what callers do wrong is their matter
	}
	ended := make(chan error, 1)
	go func() {
		if l.tls != nil {
			ended <- h.ServeTLS(l, "", "")
		} else {
			ended <- h.Serve(l)
		}
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	if h.Shutdown(last) != nil {
		_ = h.Close() // calls that do not end are cut off
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// handler answers calls; it knows the caller of each.
func (s *Server) handler() http.Handler {
	calls := &grpc.Handler{Methods: map[string]func(context.Context, []byte) ([]byte, error){
		wire.Encrypt: s.logged("encrypt", s.wrap),
		wire.Decrypt: s.logged("decrypt", s.unwrap),
	}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.ServeHTTP(w, r.WithContext(withCertificate(r.Context(), r.TLS)))
	})
}

// operation is one of the two things that a server does.
type operation func(ctx context.Context, r wire.Request) ([]byte, error)

func (s *Server) wrap(ctx context.Context, r wire.Request) ([]byte, error) {
	w, err := s.o.Keeper.Wrap(ctx, r.Key, keeper.NewData(r.Data))
	return []byte(w.Enc), err
}

func (s *Server) unwrap(ctx context.Context, r wire.Request) ([]byte, error) {
	d, err := s.o.Keeper.Unwrap(ctx, keeper.WrappedKey{MasterKey: r.Key, Enc: string(r.Data)})
	return d.Bytes(), err
}

// logged answers requests for an operation, each with its line in the log.
func (s *Server) logged(name string, do operation) func(context.Context, []byte) ([]byte, error) {
	return func(ctx context.Context, message []byte) ([]byte, error) {
		start := time.Now()
		r, err := wire.DecodeRequest(message)
		var data []byte
		switch {
		case errors.Is(err, wire.ErrNoKey):
			err = &grpc.Error{Code: grpc.NotFound, Message: "Must provide a key: " + err.Error()}
		case err != nil:
			err = &grpc.Error{Code: grpc.InvalidArgument, Message: err.Error()}
		default:
			data, err = s.answer(ctx, name, r, do)
		}
		s.log(ctx, name, r.Key, time.Since(start), err)
		if err != nil {
			return nil, err
		}
		return wire.EncodeAnswer(data), nil
	}
}

// answer decides on a request, and does what it asks for.
func (s *Server) answer(ctx context.Context, name string, r wire.Request, do operation) (data []byte, err error) {
	caller := callerOf(ctx)
	if err := s.o.Policy.allows(caller, r.Key); err != nil {
		return nil, &grpc.Error{Code: grpc.PermissionDenied, Message: err.Error()}
	}
	ctx, cancel := deadline.With(ctx, s.o.Limit, fmt.Errorf("the key service gave up after %s", s.o.Limit))
	defer cancel()
	if err := s.consent(ctx, name, caller, r.Key); err != nil {
		return nil, err
	}
	select {
	case s.calls <- struct{}{}:
		defer func() { <-s.calls }()
	case <-ctx.Done():
		return nil, &grpc.Error{Code: grpc.ResourceExhausted, Message: "the key service is busy"}
	}
	defer func() {
		if cause := recover(); cause != nil {
			// What it says may be about secrets.
			data, err = nil, &grpc.Error{Code: grpc.Internal, Message: "the key service failed: this is a bug"}
		}
	}()
	data, err = do(ctx, r)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return data, err
}

// consent asks the person, whose time is not counted.
func (s *Server) consent(ctx context.Context, name string, c caller, m keeper.MasterKey) error {
	if s.o.Ask == nil {
		return nil
	}
	defer deadline.Pause(ctx)()
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	yes, err := s.o.Ask(ctx, fmt.Sprintf("%s wants to %s a data key with %s. Allow it?", hint.Line(c.String()), name, m.Name()))
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return &grpc.Error{Code: grpc.PermissionDenied, Message: "the person at the key service could not be asked"}
	case !yes:
		return &grpc.Error{Code: grpc.PermissionDenied, Message: "Request rejected by user"}
	}
	return nil
}

func (s *Server) log(ctx context.Context, name string, m keeper.MasterKey, took time.Duration, err error) {
	fields := []slog.Attr{slog.String("caller", callerOf(ctx).String())}
	if m.Kind != "" {
		fields = append(fields, slog.String("kind", m.Kind), slog.String("key", m.Identity()))
	}
	level, result := slog.LevelInfo, "done"
	if err != nil {
		level, result = slog.LevelWarn, "failed"
		var refused *grpc.Error
		if errors.As(err, &refused) {
			result = "refused"
		}
		fields = append(fields, slog.String("error", hint.Line(strings.TrimSpace(err.Error()))))
	}
	fields = append(fields, slog.String("result", result), slog.Int64("ms", took.Milliseconds()))
	s.o.Log.LogAttrs(ctx, level, name, fields...)
}
