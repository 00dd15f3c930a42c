package git

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
)

// A Batch reads many objects by one process.
type Batch struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// Batch starts one. It ends with Close, or with ctx.
func (r *Repo) Batch(ctx context.Context) (*Batch, error) {
	b := &Batch{cmd: r.command(ctx, "cat-file", "--batch")}
	var err error
	if b.in, err = b.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	b.out = bufio.NewReaderSize(out, 64<<10)
	return b, b.cmd.Start()
}

// Object returns an object by any name that git knows, without line breaks in it. It
// is not ok if there is none.
func (b *Batch) Object(name string) (id, kind string, data []byte, ok bool, err error) {
	if strings.ContainsAny(name, "\n\x00") {
		return "", "", nil, false, fmt.Errorf("%q cannot be asked for", name)
	}
	if _, err := io.WriteString(b.in, name+"\n"); err != nil {
		return "", "", nil, false, err
	}
	line, err := b.out.ReadString('\n')
	if err != nil {
		return "", "", nil, false, fmt.Errorf("git cat-file: %w", err)
	}
	f := strings.Fields(line)
	if len(f) != 3 || strings.HasSuffix(line, " missing\n") {
		return "", "", nil, false, nil
	}
	size, err := strconv.ParseInt(f[2], 10, 64)
	if err != nil {
		return "", "", nil, false, nil // ambiguous, or a submodule
	}
	data = make([]byte, size+1)
	if _, err := io.ReadFull(b.out, data); err != nil {
		return "", "", nil, false, fmt.Errorf("git cat-file: %w", err)
	}
	return f[0], f[1], data[:size], true, nil
}

// Close ends the process.
func (b *Batch) Close() error {
	err := b.in.Close()
	if waited := b.cmd.Wait(); err == nil {
		err = waited
	}
	return err
}
