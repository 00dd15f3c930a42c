package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/deadline"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
)

// A Client calls other engines of one server, with the token and the settings
// that keys are used with.
type Client struct {
	k       *Keeper
	address string
}

// Client returns a client of the server at an address, or of that which
// VAULT_ADDR names if it is "".
func (k *Keeper) Client(address string) (*Client, error) {
	set, err := k.settings()
	if err != nil {
		return nil, err
	}
	if address == "" {
		address = set.address
	}
	if address == "" {
		return nil, errors.New("no server is named: set vault_address in the destination rule, or VAULT_ADDR")
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%s is not the address of a server", clean(address))
	}
	if u.User != nil {
		return nil, errors.New("the address of the server has a user name or a password")
	}
	return &Client{k, strings.TrimRight(address, "/")}, nil
}

// Address is that of the server, without a slash at its end.
func (c *Client) Address() string { return c.address }

// Do makes a call of a path below v1/ and returns the data of the answer, which
// may be nil. The error of a server that refuses is a *Refusal.
func (c *Client) Do(ctx context.Context, method, path string, body any) (json.RawMessage, error) {
	ctx, cancel := deadline.With(ctx, overall, context.DeadlineExceeded)
	defer cancel()
	set, err := c.k.settings()
	if err != nil {
		return nil, err
	}
	if err := set.admitServer(c.address); err != nil {
		return nil, err
	}
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if s == "" || s == "." || s == ".." {
			return nil, fmt.Errorf("%q is not the path of a secret", clean(path))
		}
		segments[i] = url.PathEscape(s)
	}
	t, err := c.k.findToken(ctx, set)
	if err != nil {
		return nil, err
	}
	answer, err := set.sendTo(ctx, c.address, rest.Call{
		Method: method, URL: c.address + "/v1/" + strings.Join(segments, "/"), Header: set.header(t), Body: body,
	})
	if err != nil {
		return nil, err
	}
	return c.read(path, t, answer)
}

func (c *Client) read(path string, t *token, answer *rest.Answer) (json.RawMessage, error) {
	if answer.Status == http.StatusNoContent {
		return nil, nil
	}
	var out struct {
		Data     json.RawMessage `json:"data"`
		Errors   []string        `json:"errors"`
		Warnings []string        `json:"warnings"`
	}
	if err := answer.Decode(&out); err != nil {
		return nil, err
	}
	if answer.OK() && len(out.Data) > 0 && string(out.Data) != "null" {
		return out.Data, nil
	}
	if answer.OK() {
		return nil, &rest.ForeignError{Host: answer.Host, Status: answer.Status}
	}
	return nil, &Refusal{
		Path: path, Status: answer.Status, Message: reasons(append(out.Errors, out.Warnings...)),
		Data: out.Data, from: t.from, address: c.address,
	}
}

// A Refusal is what a server says that does not do what it is asked.
type Refusal struct {
	Path    string
	Status  int
	Message string          // in its words, fit to be shown; it may quote what was sent
	Data    json.RawMessage // that comes with it

	from, address string
}

func (e *Refusal) Error() string {
	text := fmt.Sprintf("the server answers %d", e.Status)
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.IsDenied() {
		text += " (token from " + e.from + ")"
	}
	return text
}

// IsDenied reports whether the token is not known, or may not do it.
func (e *Refusal) IsDenied() bool {
	return e.Status == http.StatusForbidden || e.Status == http.StatusUnauthorized
}

// Hints says what helps.
func (e *Refusal) Hints() []string {
	at := "-address=" + hint.ShellWord(e.address)
	switch {
	case e.IsDenied():
		return []string{
			"see what the token may do there: vault token capabilities " + at + " " + hint.ShellWord(e.Path),
			"or log in again: vault login " + at,
		}
	case e.Status == http.StatusNotFound:
		return []string{"see which mounts there are: vault secrets list " + at}
	}
	return nil
}
