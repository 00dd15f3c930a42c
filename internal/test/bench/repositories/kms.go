package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

const (
	firstKey  = "arn:aws:kms:us-east-1:111111111111:alias/sops-dev"
	secondKey = "arn:aws:kms:us-east-1:111111111111:alias/sops-mrk"
)

// A far listener is one whose connections take a while to be made.
type far struct {
	net.Listener
	wait time.Duration
}

// Accept returns a connection on which nothing is read before the time is over.
func (f far) Accept() (net.Conn, error) {
	c, err := f.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &farConn{Conn: c, wait: f.wait}, nil
}

type farConn struct {
	net.Conn
	once sync.Once
	wait time.Duration
}

func (c *farConn) Read(b []byte) (int, error) {
	c.once.Do(func() { time.Sleep(c.wait) })
	return c.Conn.Read(b)
}

// A kms is AWS KMS with a way to it that takes time.
type kms struct {
	server  *devkms.Server
	front   *http.Server
	environ []string
}

func startKMS(dir string, wait time.Duration) (*kms, error) {
	s, err := devkms.New(devkms.Options{})
	if err != nil {
		return nil, err
	}
	if _, err := s.Listen(); err != nil {
		return nil, err
	}
	vars, err := s.Environ(dir)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	front := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(wait)
		s.ServeHTTP(w, r)
	})}
	go func() { _ = front.Serve(far{l, wait}) }() // ends with Close
	for i, v := range vars {                      // every service is asked through the front
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_ENDPOINT_URL") {
			vars[i] = name + "=http://" + l.Addr().String()
		}
	}
	vars = append(vars, "AWS_ENDPOINT_URL=http://"+l.Addr().String(), "HOME="+dir)
	return &kms{server: s, front: front, environ: append(os.Environ(), vars...)}, nil
}

func (k *kms) close() {
	_ = k.front.Close() // the process ends soon
	_ = k.server.Close()
}

// underKMS measures files under AWS KMS, far away and near.
func (b *bench) underKMS() error {
	for _, wait := range []time.Duration{delay, 0} {
		if err := b.underKMSAt(wait); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) underKMSAt(wait time.Duration) error {
	dir := filepath.Join(b.dir, "kms-"+wait.String())
	if err := b.make(dir, b.files, 1); err != nil {
		return err
	}
	k, err := startKMS(dir, wait)
	if err != nil {
		return err
	}
	defer k.close()
	rule := func(keys string) error {
		return os.WriteFile(filepath.Join(dir, ".sops.yaml"), []byte("creation_rules:\n  - path_regex: ^d\n    kms: "+keys+"\n"), 0o644)
	}
	if err := rule(firstKey); err != nil {
		return err
	}
	if _, err := run(dir, k.environ, b.ours, "encrypt", "-i", "-r", "."); err != nil {
		return err
	}
	fmt.Printf("\n| %d files, %v a request, %v a connection | ours | calls | a loop over SOPS 3.13.3 | xargs -P8 | kept |\n|---|---|---|---|---|---|\n", b.files, wait, wait)
	for _, step := range []struct {
		rule, loop string
		args       []string
		most       time.Duration
	}{
		{firstKey, "decrypt FILE > /dev/null", []string{"decrypt", "-r", "--output-dir", filepath.Join(b.dir, "out"), "."}, readTime},
		{firstKey + "," + secondKey, "updatekeys -y FILE", []string{"updatekeys", "-y", "-r", "."}, readTime},
		{firstKey + "," + secondKey, "rotate -i FILE", []string{"rotate", "-i", "-r", "."}, rotateTime},
	} {
		if err := rule(step.rule); err != nil {
			return err
		}
		loop, parallel, err := b.reference(dir, k.environ, step.loop)
		if err != nil {
			return err
		}
		k.server.ResetCalls()
		f, err := run(dir, k.environ, append([]string{b.ours}, step.args...)...)
		if err != nil {
			return err
		}
		kept := b.keep(wait == 0 || f.wall <= step.most)
		if wait == 0 && loop.cpu > 0 {
			kept = b.keep(f.cpu.Seconds() <= cpuShare*loop.cpu.Seconds())
		}
		fmt.Printf("| %s | %s | %d | %s | %s | %s |\n", step.args[0], f, len(k.server.Calls()), loop, parallel, kept)
	}
	return nil
}

// reference measures SOPS, file by file and eight at once, on a copy.
func (b *bench) reference(dir string, environ []string, command string) (loop, parallel figure, err error) {
	if b.sops == "" {
		return loop, parallel, nil
	}
	for _, way := range []struct {
		to     *figure
		script string
	}{
		{&loop, "for f in d*/*; do " + strings.ReplaceAll("\"$SOPS\" "+command, "FILE", "\"$f\"") + " 2>&1 || exit 1; done"},
		{&parallel, "ls d*/* | xargs -P8 -n1 sh -c '" + strings.ReplaceAll("\"$SOPS\" "+command, "FILE", "\"$0\"") + " 2>&1'"},
	} {
		work, err := os.MkdirTemp(b.dir, "sops")
		if err != nil {
			return loop, parallel, err
		}
		if out, err := exec.Command("cp", "-r", dir+"/.", work).CombinedOutput(); err != nil {
			return loop, parallel, fmt.Errorf("cp: %w: %s", err, out)
		}
		if *way.to, err = run(work, append(environ, "SOPS="+b.sops), "sh", "-c", way.script); err != nil {
			return loop, parallel, err
		}
	}
	return loop, parallel, nil
}
