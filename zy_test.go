package sops_test

import (
	"fmt"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/standard"
	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/tree"
)

func zshow(n tree.Node) {
	switch n := n.(type) {
	case *tree.Map: for _, it := range n.Items { zshow(it.Value) }
	case *tree.List: for _, it := range n.Items { zshow(it) }
	case *tree.Comment: fmt.Printf("  %d %q\n", n.Ref, n.Text)
	case *tree.Scalar: fmt.Printf("  %d = %q\n", n.Ref, n.Value.Canonical())
	}
}

func TestZY(t *testing.T) {
	f, _ := standard.Format("yaml", config.Stores{})
	for _, src := range []string{"l:\r\n  - a: x\r\n  #\r\n  # Rules\r\n  #\r\n  - a: y\r\n", "v:\r\n  l:\r\n    G: &g \"x\"\r\n    W: *g\r\n    # c\r\n    Z: 1\r\n"} {
		c, err := sealText(t, f, []byte(src))
		if err != nil { t.Fatal(err) }
		fmt.Printf("%.700s\n", c.sealed)
		for _, x := range c.opened.Trees() { zshow(x) }
		d, _ := f.ParseSealed(c.sealed)
		for _, x := range d.Trees() { zshow(x) }
		s, _ := sops.Read(c.sealed, f)
		back, _ := s.OpenWith(c.opened.Data, sops.OpenOptions{Warn: func(m string) { fmt.Println("WARN", m) }})
		fmt.Printf("%q\n", back.Plain())
	}
}
