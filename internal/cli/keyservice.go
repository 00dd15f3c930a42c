package cli

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app/serve"
	"github.com/seed-1f7fdfb8/sops/internal/command"
)

// Topics of the flags of keyservice.
const (
	topicPlace  = "WHERE IT LISTENS"
	topicPolicy = "WHAT IT ALLOWS"
)

func (r *run) keyservice() *command.Command {
	var o serve.KeyServiceOptions
	o.Place.Network, o.Place.Address = "tcp", "127.0.0.1:5000"
	network := command.String(&o.Place.Network, topicPlace, "network", "listen on `NETWORK`: tcp, or unix for a socket that only this user can use (default tcp)", "net")
	network.Values = func(context.Context, []string) []command.Candidate {
		return []command.Candidate{{Word: "tcp", Meaning: "HOST:PORT"}, {Word: "unix", Meaning: "the path of a socket"}}
	}
	return &command.Command{
		Name:    "keyservice",
		Summary: "let other programs use the keys of this machine",
		Examples: `sops keyservice --network unix --address ~/keys.sock --prompt
sops decrypt --keyservice unix:///home/ann/keys.sock prod.yaml`,
		Help: `It wraps and unwraps data keys for programs without credentials, until Ctrl-C: in
a container, on another machine, under another user. SOPS can be at the other end.

Over plain TCP nothing vouches for callers: whatever reaches the address can
use the keys.`,
		Flags: join([]*command.Flag{
			network,
			command.String(&o.Place.Address, topicPlace, "address", "listen on `HOST:PORT`, or the path of a socket (default 127.0.0.1:5000)", "addr"),
			command.String(&o.Place.Cert, topicPlace, "tls-cert", "speak TLS, with the certificate in `FILE`"),
			command.String(&o.Place.Key, topicPlace, "tls-key", "the key of the certificate is in `FILE`"),
			command.String(&o.Place.ClientCA, topicPlace, "tls-client-ca", "refuse callers without a certificate that one in `FILE` has signed"),
			command.Bool(&o.Prompt, topicPolicy, "prompt", "ask before each use of a key"),
			command.List(&o.Policy.Keys, topicPolicy, "allow-key", "use only this key: an ARN, a recipient, a fingerprint, a URL; * is any text without a slash"),
			command.List(&o.Policy.Routes, topicPolicy, "allow-route", "also with this role or profile, if a file names it; with --allow-key no other is used"),
			command.List(&o.Policy.Callers, topicPolicy, "allow-caller", "answer only this user, by name or number, at a socket; or this name in a certificate"),
			command.String(&o.Log, topicOther, "log", "append one line of JSON for each request to `FILE`; - is standard error"),
			command.Duration(&o.Timeout, topicOther, "timeout", "give up on a request after `DURATION`, not counting time at a prompt (default 30s)"),
			command.Bool(&r.app.Verbose, topicOther, "verbose", "report on standard error what is done"),
			command.Bool(&r.app.JSON, topicOther, "json", "print errors and warnings as JSON, one object a line"),
		}, ownIdentity(&o.Access)),
		Run: func(ctx context.Context, _ *command.Call) error {
			return serve.KeyService(ctx, r.app, o)
		},
	}
}
