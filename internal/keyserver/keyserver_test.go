package keyserver

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/grpc"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/keyservice/wire"
)

// plain is a keeper whose wrapped keys are the data keys. Some keys make it fail.
type plain struct{}

func (plain) Kind() string { return "" }

func (plain) Wrap(_ context.Context, m keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	return keeper.WrappedKey{MasterKey: m, Enc: string(d.Bytes())}, nil
}

func (plain) Unwrap(ctx context.Context, w keeper.WrappedKey) (keeper.Data, error) {
	switch w.Text("recipient") {
	case "panic":
		panic("canary")
	case "hang":
		<-ctx.Done()
		return keeper.Data{}, ctx.Err()
	}
	return keeper.NewData([]byte(w.Enc)), nil
}

// serve starts a server and returns its address and a client of it.
func serve(t *testing.T, o Options) (address string, c *grpc.Client) {
	t.Helper()
	o.Keeper = plain{}
	l, err := Listen(t.Context(), Place{Network: "tcp", Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- New(o).Serve(ctx, l) }()
	transport := grpc.Transport()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String(), &grpc.Client{HTTP: &http.Client{Transport: transport}, URL: "http://" + l.Addr().String()}
}

func request(t *testing.T, recipient string) []byte {
	t.Helper()
	b, err := wire.Request{Key: keeper.Undescribed("age", "recipient", recipient), Data: []byte("data")}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func code(err error) grpc.Code {
	var e *grpc.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return grpc.OK
}

func TestNoRequestStopsTheServer(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	_, c := serve(t, Options{Limit: 100 * time.Millisecond, Log: slog.New(slog.NewJSONHandler(&log, nil))})
	for _, r := range []struct {
		what, method string
		message      []byte
		want         grpc.Code
	}{
		{"without a key", wire.Decrypt, nil, grpc.NotFound},
		{"with an empty key", wire.Encrypt, []byte{0x0a, 0}, grpc.NotFound},
		{"garbage", wire.Decrypt, []byte{0xff, 0xff}, grpc.InvalidArgument},
		{"a bug", wire.Decrypt, request(t, "panic"), grpc.Internal},
		{"a hanging key", wire.Decrypt, request(t, "hang"), grpc.DeadlineExceeded},
		{"another method", "/KeyService/List", nil, grpc.Unimplemented},
		{"a package", "/sops.KeyService/Decrypt", nil, grpc.Unimplemented},
	} {
		if _, err := c.Call(t.Context(), r.method, r.message, 0); code(err) != r.want {
			t.Errorf("%s: %v, want %v", r.what, err, r.want)
		}
	}
	got, err := c.Call(t.Context(), wire.Decrypt, request(t, "r"), 0)
	if data, _ := wire.DecodeAnswer(got); err != nil || string(data) != "data" {
		t.Errorf("afterwards: %v, %q", err, data)
	}
	if text := log.String(); strings.Contains(text, "canary") || strings.Count(text, "\n") != 6 {
		t.Errorf("the log:\n%s", text)
	}
}

// TestHostileCallersKeepNoOtherOut opens 1,000 connections that say nothing, or
// nonsense, or begin a call and stop, and then calls as usual.
func TestHostileCallersKeepNoOtherOut(t *testing.T) {
	t.Parallel()
	address, c := serve(t, Options{})
	const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	var open []net.Conn
	defer func() {
		for _, conn := range open {
			_ = conn.Close()
		}
	}()
	for i := range 1000 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, conn)
		says := []string{"", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", preface, preface + strings.Repeat("\xff", 100), "\x00\x00"}
		_, _ = io.WriteString(conn, says[i%len(says)]) // it may have been cut off
	}
	start := time.Now()
	if _, err := c.Call(t.Context(), wire.Encrypt, request(t, "r"), 0); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("a call took %s", took)
	}
}

func TestAPersonIsAskedBeforeAKeyIsUsed(t *testing.T) {
	t.Parallel()
	var asked []string
	answer, asking := true, sync.Mutex{}
	_, c := serve(t, Options{Ask: func(_ context.Context, question string) (bool, error) {
		if !asking.TryLock() {
			t.Error("two questions at a time")
		}
		defer asking.Unlock()
		asked = append(asked, question)
		return answer, nil
	}})
	if _, err := c.Call(t.Context(), wire.Decrypt, request(t, "age1\x1b[2J"), 0); err != nil {
		t.Fatal(err)
	}
	answer = false
	if _, err := c.Call(t.Context(), wire.Decrypt, request(t, "panic"), 0); code(err) != grpc.PermissionDenied {
		t.Errorf("got %v", err)
	}
	if want := `127.0.0.1 wants to decrypt a data key with age age1\x1b[2J. Allow it?`; len(asked) != 2 || asked[0] != want {
		t.Errorf("asked %q, want %q", asked, want)
	}
}

func TestAPolicyNamesKeysRoutesAndCallers(t *testing.T) {
	t.Parallel()
	const arn, role = "arn:aws:kms:us-east-1:1:key/k", "arn:aws:iam::1:role/r"
	bare := awskey.Kind().Key("arn", arn).With("context", map[string]string{"a": "b"})
	routed := awskey.Kind().Key("arn", arn, "role", role)
	profiled := awskey.Kind().Key("arn", arn, "aws_profile", "prod")
	ann, other := caller{names: []string{"ann", "1000"}}, caller{names: []string{"bob", "1001"}, foreign: true}
	for _, c := range []struct {
		p    Policy
		by   caller
		m    keeper.MasterKey
		want bool
	}{
		{Policy{}, ann, routed, true},
		{Policy{}, caller{at: "127.0.0.1"}, bare, true},
		{Policy{}, other, bare, false},
		{Policy{Callers: []string{"1001"}}, other, bare, true},
		{Policy{Callers: []string{"bob"}}, ann, bare, false},
		{Policy{Callers: []string{"bob"}}, caller{at: "127.0.0.1"}, bare, false},
		{Policy{Keys: []string{arn}}, ann, bare, true},
		{Policy{Keys: []string{"arn:aws:kms:*:1:key/*"}}, ann, bare, true},
		{Policy{Keys: []string{"arn:*"}}, ann, bare, false},
		{Policy{Keys: []string{arn}}, ann, routed, false},
		{Policy{Keys: []string{arn}}, ann, profiled, false},
		{Policy{Keys: []string{arn}, Routes: []string{role}}, ann, routed, true},
		{Policy{Keys: []string{arn}, Routes: []string{role}}, ann, profiled, false},
		{Policy{Routes: []string{"pro*"}}, ann, profiled, true},
	} {
		if err := c.p.allows(c.by, c.m); (err == nil) != c.want {
			t.Errorf("%+v: %s with %s: %v", c.p, c.by, c.m.Identity(), err)
		}
	}
}
