package audit

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"
)

// locals are the sockets of this machine's log, as systems name them.
func locals() []string { return []string{"/dev/log", "/var/run/syslog", "/var/run/log"} }

// severity is "notice" of RFC 5424.
const severity = 5

// facilities are those of RFC 5424 that fit.
func facilities() map[string]int {
	return map[string]int{
		"user": 1, "daemon": 3, "auth": 4, "authpriv": 10, "local0": 16, "local1": 17, "local2": 18, "local3": 19,
		"local4": 20, "local5": 21, "local6": 22, "local7": 23,
	}
}

// A syslog takes a message for each event: RFC 5424 over the network, and the
// older form, which every daemon reads, on this machine.
type syslog struct {
	network string // "" is this machine
	address string
	tag     string
	prio    int

	mu   sync.Mutex
	conn net.Conn
}

// parseSyslog reads an address: udp://HOST:PORT, tcp://HOST:PORT, unix:///PATH, or
// nothing for the log of this machine.
func parseSyslog(address, tag, facility string) (*syslog, error) {
	number, ok := facilities()[facility]
	if !ok {
		return nil, fmt.Errorf("%q is no facility of syslog; there are user, daemon, auth, authpriv and local0 to local7", facility)
	}
	if strings.ContainsAny(tag, " []:\n") || len(tag) > 32 {
		return nil, fmt.Errorf("%q is no tag: one word of up to 32 characters is", tag)
	}
	const factor = 8
	s := &syslog{tag: tag, prio: number*factor + severity}
	if address == "" {
		return s, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("%q is no address of syslog: udp://HOST:514, tcp://HOST:514 and unix:///dev/log are", address)
	}
	switch {
	case (u.Scheme == "udp" || u.Scheme == "tcp") && u.Hostname() != "" && u.Port() != "" && u.Path == "":
		s.network, s.address = u.Scheme, u.Host
	case u.Scheme == "unix" && u.Host == "" && u.Path != "":
		s.network, s.address = "unix", u.Path
	default:
		return nil, fmt.Errorf("%q is no address of syslog: udp://HOST:514, tcp://HOST:514 and unix:///dev/log are", address)
	}
	return s, nil
}

func (s *syslog) String() string {
	if s.network == "" {
		return "syslog"
	}
	return "syslog at " + s.address
}

func (s *syslog) open(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dial(ctx)
}

func (s *syslog) dial(ctx context.Context) (err error) {
	var d net.Dialer
	paths := []string{s.address}
	switch s.network {
	case "udp", "tcp":
		s.conn, err = d.DialContext(ctx, s.network, s.address)
		return err
	case "":
		paths = locals()
	}
	for _, path := range paths {
		for _, network := range []string{"unixgram", "unix"} {
			if s.conn, err = d.DialContext(ctx, network, path); err == nil {
				return nil
			}
		}
	}
	return err
}

func (s *syslog) write(ctx context.Context, e Event) error {
	text, err := line(e)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	message := s.message(e, strings.TrimSuffix(string(text), "\n"))
	if err = s.send(ctx, message); err == nil {
		return nil
	}
	// The daemon may have been started anew since: once more.
	_ = s.conn.Close()
	if err := s.dial(ctx); err != nil {
		return err
	}
	return s.send(ctx, message)
}

func (s *syslog) send(ctx context.Context, message string) error {
	if t, ok := ctx.Deadline(); ok {
		_ = s.conn.SetWriteDeadline(t)
	}
	_, err := s.conn.Write([]byte(message))
	return err
}

// message frames one event.
func (s *syslog) message(e Event, text string) string {
	t, err := time.Parse(time.RFC3339Nano, e.Time)
	if err != nil {
		panic("audit: the time of an event is not one of its own: " + err.Error())
	}
	switch s.network {
	case "udp", "tcp":
		m := fmt.Sprintf("<%d>1 %s %s %s %d audit - %s", s.prio, t.Format("2006-01-02T15:04:05.000000Z07:00"), orDash(e.Host), s.tag, e.PID, text)
		if s.network == "tcp" {
			m = fmt.Sprintf("%d %s", len(m), m) // octet counting, RFC 6587
		}
		return m
	}
	m := fmt.Sprintf("<%d>%s %s[%d]: %s", s.prio, t.Local().Format(time.Stamp), s.tag, e.PID, text)
	if s.conn.LocalAddr().Network() == "unix" {
		m += "\n" // a stream has no borders of its own
	}
	return m
}

func orDash(name string) string {
	if name == "" {
		return "-"
	}
	return name
}

func (s *syslog) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		_ = s.conn.Close()
	}
}
