package many

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/term"
)

const (
	showAfter = 500 * time.Millisecond // short runs show no progress
	showEvery = 100 * time.Millisecond
	barWidth  = 20
	mostPath  = 40 // characters of a path: the line must not wrap
)

// A progress is the line at the bottom of a terminal that says how far a run is. What
// else is written there goes through it, so that the line is never in the middle
// of other text. The nil progress shows nothing.
type progress struct {
	io.Writer // the terminal
	now       func() time.Time
	start     time.Time
	fd        uintptr

	mu    sync.Mutex
	last  time.Time
	shown bool
	asked bool // a question was put, after which nothing is drawn: it may wait for its answer
}

// watch shows the progress of r where a person sees it.
func (r *report) watch() (stop func()) {
	a := r.app
	file, ok := a.Stderr.(interface {
		io.Writer
		Fd() uintptr
	})
	kind := a.Env.Get("TERM")
	if !ok || !term.IsTerminal(a.Stderr) || a.JSON || kind == "dumb" || a.Env.Get("CI") != "" || r.total < 2 {
		return func() {}
	}
	p := &progress{Writer: file, now: time.Now, start: time.Now(), fd: file.Fd()}
	terminal := a.Terminal
	a.Stderr = p
	a.Terminal = func() (*term.Terminal, error) {
		t, err := terminal()
		if err == nil {
			p.ask()
		}
		return t, err
	}
	r.line = p
	return func() { p.erase(); a.Stderr, a.Terminal = file, terminal }
}

// Fd makes the line as good a terminal as the one it is on.
func (p *progress) Fd() uintptr { return p.fd }

// Write writes other text.
func (p *progress) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	return p.Writer.Write(b)
}

// ask makes room for a question.
func (p *progress) ask() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.asked = true
}

// erase takes the line away.
func (p *progress) erase() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *progress) clear() {
	if p.shown {
		_, _ = io.WriteString(p.Writer, "\r\x1b[K") // only looks are lost
		p.shown = false
	}
}

// draw shows how far r is.
func (p *progress) draw(r *report, path string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.asked || now.Sub(p.start) < showAfter || now.Sub(p.last) < showEvery {
		return
	}
	p.clear()
	full := barWidth * r.done / r.total
	text := fmt.Sprintf("[%s%s] %d/%d %s", strings.Repeat("#", full), strings.Repeat("-", barWidth-full), r.done, r.total, shortened(hint.Line(path)))
	if n := r.counts["failed"]; n > 0 {
		text += fmt.Sprintf(" (%d failed)", n)
	}
	_, _ = io.WriteString(p.Writer, text)
	p.last, p.shown = now, true
}

// shortened keeps the end of a long path.
func shortened(path string) string {
	if letters := []rune(path); len(letters) > mostPath {
		return "…" + string(letters[len(letters)-mostPath+1:])
	}
	return path
}
