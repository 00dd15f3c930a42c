package sops_test

import (
	"bytes"
	"crypto/rand"
	"testing"

	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/key"
)

func TestSweepRotate(t *testing.T) {
	n, bad := 0, 0
	for _, file := range realFiles(t) {
		for variant, change := range variants {
			if variant != "as is" && variant != "no newline" {
				continue
			}
			src := change(file.src)
			c, err := sealText(t, file.format, src)
			if err != nil {
				continue
			}
			back, err := c.open(c.sealed)
			if err != nil {
				t.Error(err)
				continue
			}
			n++
			if err := back.Rotate(t.Context(), memoryKeeper{}, [][]key.MasterKey{{key.New(key.Age, "recipient", "r")}}, 0, rand.Reader); err != nil {
				t.Error(err)
				continue
			}
			out, err := back.Seal(sealOptions())
			if err != nil {
				t.Errorf("%s %s: rotate: %v", file.name, variant, err)
				continue
			}
			s, err := sops.Read(out, file.format)
			if err != nil {
				t.Errorf("%s %s: rotate read: %v", file.name, variant, err)
				continue
			}
			again, err := s.OpenWith(back.Data, sops.OpenOptions{})
			if err != nil {
				t.Errorf("%s %s: rotate open: %v", file.name, variant, err)
				continue
			}
			if !bytes.Equal(again.Plain(), src) {
				bad++
				t.Errorf("%s %s: layout lost by rotate", file.name, variant)
			}
			if l, _ := leaks(file.format, again, out); len(l) > 0 {
				t.Errorf("%s %s: leak %q", file.name, variant, l)
			}
		}
	}
	t.Logf("%d files, %d bad", n, bad)
}
