// Package serve has the commands that serve other programs: keyservice.
package serve

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/keyserver"
	"github.com/seed-1f7fdfb8/sops/internal/term"
)

// KeyServiceOptions are the options of the command keyservice.
type KeyServiceOptions struct {
	Access  app.Access
	Place   keyserver.Place
	Policy  keyserver.Policy
	Prompt  bool
	Log     string // a file, "-" for standard error, "" for none
	Timeout time.Duration
}

// KeyService lets other programs use the keys of this machine until ctx ends.
func KeyService(ctx context.Context, a *app.App, o KeyServiceOptions) error {
	if err := check(o); err != nil {
		return err
	}
	to, closeLog, err := openLog(a, o.Log)
	if err != nil {
		return err
	}
	defer closeLog()
	place := o.Place
	place.Shared = len(o.Policy.Callers) > 0
	for _, file := range []*string{&place.Cert, &place.Key, &place.ClientCA} {
		if *file != "" {
			*file = a.Abs(*file)
		}
	}
	if place.Network == "unix" {
		place.Address = a.Abs(place.Address)
	}
	l, err := keyserver.Listen(ctx, place)
	if err != nil {
		return fmt.Errorf("keyservice: %w", err)
	}
	address := place.Network + "://" + l.Addr().String()
	if !l.Safe() {
		a.Warnf("whatever can reach %s can use the keys of this machine: ask for certificates with --tls-client-ca, or listen on 127.0.0.1", address)
	}
	log := slog.New(slog.NewJSONHandler(to, nil))
	log.Info("listening", "address", address)
	if term.IsTerminal(a.Stderr) {
		a.Notef("keys of this machine can be used at %s, until Ctrl-C", hint.Line(address))
	}
	options := keyserver.Options{Keeper: a.OwnKeepers(ctx, o.Access), Policy: o.Policy, Log: log, Limit: o.Timeout}
	if o.Prompt {
		options.Ask = func(ctx context.Context, question string) (bool, error) {
			return a.Agreed(ctx, question+" (y/n):", "\n")
		}
	}
	err = keyserver.New(options).Serve(ctx, l)
	log.Info("ended")
	return err
}

// check finds options that do not fit together.
func check(o KeyServiceOptions) error {
	p := o.Place
	secure, named := p.Cert != "" || p.Key != "" || p.ClientCA != "", p.Network == "unix" || p.ClientCA != ""
	switch {
	case p.Network != "tcp" && p.Network != "tcp4" && p.Network != "tcp6" && p.Network != "unix":
		return app.Fail(app.Other, "use --network tcp or --network unix", "--network: %q is not known", p.Network)
	case secure && (p.Cert == "" || p.Key == ""):
		return app.Fail(app.Conflict, "give both, --tls-cert FILE --tls-key FILE", "TLS needs a certificate and its key")
	case secure && p.Network == "unix":
		return app.Fail(app.Conflict, "leave the flags of TLS out", "there is no TLS at a Unix socket: the system vouches for callers")
	case len(o.Policy.Callers) > 0 && !named:
		return app.Fail(app.Conflict, "use --network unix, or TLS with --tls-client-ca", "--allow-caller: nothing vouches for the name of a caller over plain TCP")
	}
	return o.Policy.Check()
}

// openLog returns where lines of the log go.
func openLog(a *app.App, name string) (to io.Writer, closeLog func(), err error) {
	switch name {
	case "":
		return io.Discard, func() {}, nil
	case "-":
		return a.Stderr, func() {}, nil
	}
	f, err := os.OpenFile(a.Abs(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, app.Fail(app.Output, "", "log: %w", err)
	}
	return f, func() { _ = f.Close() }, nil // what it could say has been written
}
