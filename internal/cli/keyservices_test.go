package cli_test

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// keyService starts a key service with the credentials that the script has now:
//
//	keyservice ours|theirs [ARGS...]   ends with the script; $SERVICE leads to it
func keyService(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 || args[0] != "ours" && args[0] != "theirs" {
		ts.Fatalf("usage: keyservice ours|theirs [ARGS...]")
	}
	program := "sops"
	if args[0] == "theirs" {
		program = ts.Getenv("THEIRS")
	}
	address := freeAddress(ts)
	cmd := exec.Command(program, append([]string{"keyservice", "--address", address}, args[1:]...)...)
	cmd.Dir, cmd.Env = ts.MkAbs("."), theirsEnv(ts)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		ts.Logf("%s keyservice: %s", args[0], out.Bytes())
	})
	for range 500 {
		if conn, err := net.Dial("tcp", address); err == nil {
			ts.Check(conn.Close())
			ts.Setenv("SERVICE", "tcp://"+address)
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("the key service does not listen on %s", address)
}

func freeAddress(ts *testscript.TestScript) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	defer l.Close()
	return l.Addr().String()
}

// certificates makes files of an authority, ca.pem, and of a server and two
// clients that it has signed: server.pem, server.key, ann.pem ...
func certificates(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: certificates")
	}
	files, err := newAuthority([]string{"server", "ann", "bob"})
	ts.Check(err)
	for name, pem := range files {
		ts.Check(os.WriteFile(ts.MkAbs(name), pem, 0o600))
	}
}
