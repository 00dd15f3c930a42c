// Package postgrestest gives tests a real PostgreSQL of their own: a cluster in a
// temporary directory that listens on 127.0.0.1, with a database for each test.
package postgrestest

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/lib/pq"
)

// password holds a word that must be in no message.
const password = "canary-password"

// A Server is a cluster.
type Server struct {
	dir     string
	address string
	log     bytes.Buffer
	stdin   io.Closer
	cmd     *exec.Cmd
	admin   *sql.DB
	mu      sync.Mutex
	made    int
}

// Bin returns the directory of the programs of PostgreSQL, "" if it is not
// installed.
func Bin() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path)
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(found[len(found)-1])
}

// Start makes and starts a cluster.
func Start() (*Server, error) {
	bin := Bin()
	if bin == "" {
		return nil, errors.New("PostgreSQL is not installed")
	}
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir}
	if err := s.start(bin); err != nil {
		s.Close()
		return nil, fmt.Errorf("%w\n%s", err, s.log.Bytes())
	}
	return s, nil
}

func (s *Server) start(bin string) error {
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		return err
	}
	if err := giveAway(s.dir, secret); err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-A", "scram-sha-256", "-U", "postgres", "--pwfile="+secret, "--no-sync", "--no-locale", "-E", "UTF8")
	initdb.Dir, initdb.Stdout, initdb.Stderr = s.dir, &s.log, &s.log
	asOther(initdb)
	if err := initdb.Run(); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.address = l.Addr().String()
	_, port, _ := net.SplitHostPort(s.address)
	if err := l.Close(); err != nil {
		return err
	}
	// It ends with its standard input, so that it does not outlive a test that was
	// killed.
	s.cmd = exec.Command("sh", "-c", `"$@" & read -r _; kill -INT $!; wait $!`, "sh",
		filepath.Join(bin, "postgres"), "-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "fsync=off", "-c", "log_statement=all", "-c", "max_connections=50")
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.dir, &s.log, &s.log
	asOther(s.cmd)
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	return s.connect()
}

// connect waits until the server answers.
func (s *Server) connect() error {
	config, err := pq.NewConfig(s.url("postgres"))
	if err != nil {
		return err
	}
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return err
	}
	s.admin = sql.OpenDB(connector)
	for range 600 {
		if err = s.admin.Ping(); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

func (s *Server) url(database string) string {
	return fmt.Sprintf("postgres://postgres:%s@%s/%s?sslmode=disable", password, s.address, database)
}

// Database makes a database with the table of SOPS, and returns its connection
// string.
func (s *Server) Database() (string, error) {
	s.mu.Lock()
	s.made++
	name := fmt.Sprintf("audit%d", s.made)
	s.mu.Unlock()
	if _, err := s.admin.Exec("CREATE DATABASE " + name); err != nil {
		return "", err
	}
	url := s.url(name)
	_, err := Query(url, "CREATE TABLE audit_event (id SERIAL PRIMARY KEY, timestamp TIMESTAMP DEFAULT NOW(), action TEXT, username TEXT, file TEXT)")
	return url, err
}

// Query runs a statement and returns its rows, a line each, as "a|b|c".
func Query(url, statement string) (string, error) {
	config, err := pq.NewConfig(url)
	if err != nil {
		return "", err
	}
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return "", err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	rows, err := db.Query(statement)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for rows.Next() {
		values, into := make([]string, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return "", err
		}
		b.WriteString(strings.Join(values, "|") + "\n")
	}
	return b.String(), rows.Err()
}

// Close ends the server and removes the cluster.
func (s *Server) Close() {
	if s.admin != nil {
		_ = s.admin.Close()
	}
	if s.stdin != nil {
		_ = s.stdin.Close()
		_ = s.cmd.Wait()
	}
	_ = os.RemoveAll(s.dir)
}
