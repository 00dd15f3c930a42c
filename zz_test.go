package sops_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"bytes"

	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/standard"
)

func TestZZ(t *testing.T) {
	for _, name := range strings.Split(os.Getenv("ZZ"), ",") {
		crlf := strings.HasSuffix(name, "+crlf")
		name = strings.TrimSuffix(name, "+crlf")
		n, _ := standard.ForPath(name)
		f, _ := standard.Format(n, config.Stores{})
		src, _ := os.ReadFile(name)
		if crlf { src = variants["CRLF"](src) }
		c, err := sealText(t, f, src)
		if err != nil { t.Fatal(err) }
		w, _ := leaks(f, c.opened, c.sealed)
		body := bodyOf(t, f, c.sealed)
		fmt.Println(name, w)
		for _, x := range w {
			for l := range strings.Lines(string(body)) { if strings.Contains(l, x) { fmt.Printf("   %.150q\n", l) } }
		}
		back, err := c.open(c.sealed)
		if err != nil { t.Fatal(err) }
		if !bytes.Equal(back.Plain(), src) {
			a, b := strings.SplitAfter(string(src), "\n"), strings.SplitAfter(string(back.Plain()), "\n")
			for i := range a { if i >= len(b) || a[i] != b[i] { fmt.Printf("line %d: %q\n became %q\n", i+1, a[max(0,i-3):min(i+4,len(a))], b[max(0,i-3):min(i+4,len(b))]); break } }
			os.WriteFile("/tmp/w/sealed.yaml", c.sealed, 0o644)
		}
	}
}
