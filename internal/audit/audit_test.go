package audit

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func trail(t *testing.T, config string) *Trail {
	t.Helper()
	path := filepath.Join(t.TempDir(), "audit.yaml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &Trail{
		Configs: []string{path, filepath.Join(t.TempDir(), "missing.yaml")}, Command: "decrypt", Host: "host.example", PID: 42,
		Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC) },
	}
	t.Cleanup(a.Close)
	return a
}

func sample() Event {
	return Event{Action: Decrypt, File: "/srv/a b.yaml", Keys: []Key{{"age", "age1<x>"}}, OpenedBy: []Key{{"age", "age1<x>"}}}
}

// payload checks that what follows the frame is the event.
func payload(t *testing.T, message, frame string) {
	t.Helper()
	m := regexp.MustCompile("^" + frame + `(\{.*\})\n?$`).FindStringSubmatch(message)
	if m == nil {
		t.Fatalf("got  %q\nwant %q and an object", message, frame)
	}
	var e Event
	if err := json.Unmarshal([]byte(m[1]), &e); err != nil {
		t.Fatal(err)
	}
	if e.Action != Decrypt || e.Command != "decrypt" || e.File != "/srv/a b.yaml" || e.PID != 42 || len(e.Keys) != 1 || len(e.OpenedBy) != 1 {
		t.Errorf("got %+v", e)
	}
}

func TestSyslogOverTheNetworkIsRFC5424(t *testing.T) {
	t.Parallel()
	const frame = `<133>1 2026-01-02T03:04:05\.000006Z host\.example secrets 42 audit - `
	t.Run("udp", func(t *testing.T) {
		t.Parallel()
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		a := trail(t, "backends: {syslog: [{address: 'udp://"+c.LocalAddr().String()+"', tag: secrets, facility: local0}]}")
		if err := a.Record(context.Background(), sample()); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 4096)
		n, _, err := c.ReadFrom(b)
		if err != nil {
			t.Fatal(err)
		}
		payload(t, string(b[:n]), frame)
	})
	t.Run("tcp", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		a := trail(t, "backends: {syslog: [{address: 'tcp://"+l.Addr().String()+"', tag: secrets, facility: local0}]}")
		if err := a.Record(context.Background(), sample()); err != nil {
			t.Fatal(err)
		}
		a.Close()
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var all strings.Builder
		if _, err := bufio.NewReader(c).WriteTo(&all); err != nil {
			t.Fatal(err)
		}
		payload(t, all.String(), `[0-9]+ `+frame)
	})
}

func TestSyslogOfThisMachineHasTheFormThatEveryDaemonReads(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "s") // a short path: the names of sockets are bounded
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "log")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Skipf("this system has no such sockets: %v", err)
	}
	a := trail(t, "backends: {syslog: [{address: 'unix://"+path+"'}]}")
	read := func(c *net.UnixConn) {
		t.Helper()
		b := make([]byte, 4096)
		n, err := c.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		payload(t, string(b[:n]), `<85>[A-Z][a-z][a-z] [ 0-9]\d \d\d:\d\d:\d\d sops\[42\]: `)
	}
	if err := a.Record(context.Background(), sample()); err != nil {
		t.Fatal(err)
	}
	read(c)
	// The daemon is started anew while the program runs.
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(path)
	if c, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"}); err != nil {
		t.Fatal(err)
	}
	if err := a.Record(context.Background(), sample()); err != nil {
		t.Fatal(err)
	}
	read(c)
	// It is gone.
	_ = c.Close()
	_ = os.Remove(path)
	if err := a.Record(context.Background(), sample()); err == nil {
		t.Error("the event was recorded where nothing listens")
	}
}

func TestABackendThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // it accepts, and says nothing
	a := trail(t, "backends: {postgres: [{connection_string: 'postgres://u:canary@"+l.Addr().String()+"/d?sslmode=disable&connect_timeout=1'}]}")
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := a.Open(ctx); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v", err)
	}
}

func TestNoTrailRecordsNothing(t *testing.T) {
	t.Parallel()
	var none *Trail
	if err := none.Record(context.Background(), sample()); err != nil {
		t.Error(err)
	}
	none.Close()
}

// Whatever the file holds, there is a result or a mistake, and no message quotes a
// password.
func FuzzNoMistakeShowsAPassword(f *testing.F) {
	f.Add("backends: {postgres: [{connection_string: 'postgres://u:", "@h/d'}]}")
	f.Add("backends:\n  postgres:\n    - connection_string: user=u password=", " host=h port=x")
	f.Add("backends:\n  postgres:\n    - postgres://u:", "@h/d: x")
	f.Add("backends:\n  syslog:\n    - address: tcp://u:", "@h:1")
	f.Add("backends:\n  postgres://u:", "@h/d: 1")
	f.Fuzz(func(t *testing.T, before, after string) {
		const secret = "pa55canary"
		if !strings.Contains(before, "password=") && !strings.Contains(before, "://") {
			return
		}
		_, wrong := parse([]byte(before + secret + after))
		if wrong != nil && strings.Contains(wrong.Error(), secret) && strings.Contains(after, "@") {
			t.Errorf("%q: %v", before+secret+after, wrong)
		}
	})
}
