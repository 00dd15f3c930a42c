package sops_test

import (
	"bytes"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/doc"
	"github.com/seed-1f7fdfb8/sops/key"
	"github.com/seed-1f7fdfb8/sops/tree"
)

func mutate(r *rand.Rand, src []byte, others [][]byte) []byte {
	b := bytes.Clone(src)
	for range 1 + r.Intn(4) {
		if len(b) == 0 {
			return b
		}
		switch r.Intn(9) {
		case 0:
			b[r.Intn(len(b))] = byte(r.Intn(256))
		case 1:
			i := r.Intn(len(b))
			b = append(b[:i:i], b[min(len(b), i+1+r.Intn(8)):]...)
		case 2:
			i := r.Intn(len(b))
			c := []string{"\x00", "\"", "'", "\n", "\r", ":", "- ", "#", "{", "[", "]", "}", "&a ", "*a", "!!str ", "|", ">", "\t", "ENC[AES256_GCM,", ",type:comment]", "\ufeff", "\u2028", "---\n", "...\n", "? ", "<<: ", "__list_0", "__map_", ";", "=", "\\", "%YAML 1.2\n", "\xff", "null", "~"}
			b = append(b[:i:i], append([]byte(c[r.Intn(len(c))]), b[i:]...)...)
		case 3, 4, 5:
			lines := bytes.SplitAfter(b, []byte("\n"))
			i, j := r.Intn(len(lines)), r.Intn(len(lines))
			switch r.Intn(4) {
			case 0:
				lines[i], lines[j] = lines[j], lines[i]
			case 1:
				lines[i] = append(bytes.Clone(lines[i]), lines[j]...)
			case 2:
				lines[i] = nil
			case 3:
				lines[i] = append([]byte("  "), lines[i]...)
			}
			b = bytes.Join(lines, nil)
		case 6:
			toks := tokenForm.FindAllIndex(b, -1)
			if len(toks) > 1 {
				x, y := toks[r.Intn(len(toks))], toks[r.Intn(len(toks))]
				b = []byte(string(b[:x[0]]) + string(b[y[0]:y[1]]) + string(b[x[1]:]))
			}
		case 7:
			for _, t := range []string{"type:str", "type:int", "type:comment", "type:bool", "type:time", "type:float", "mac", "age", "sops", "\"", "enc"} {
				if r.Intn(6) == 0 {
					u := []string{"type:comment", "type:str", "type:", "type:time", "MAC", "AGE", "key_groups", "", "seal", "layout"}[r.Intn(10)]
					b = []byte(strings.Replace(string(b), t, u, 1))
				}
			}
		case 8:
			o := others[r.Intn(len(others))]
			i, j := r.Intn(len(b)), r.Intn(len(o)+1)
			b = append(b[:i:i], o[j:]...)
		}
	}
	return b
}

func TestAttackMutations(t *testing.T) {
	limit, err := time.ParseDuration(os.Getenv("SOPS_FUZZ"))
	if err != nil {
		limit = time.Second
	}
	seed, _ := strconv.ParseInt(os.Getenv("SOPS_STORY"), 10, 64)
	r := rand.New(rand.NewSource(seed))
	type base struct {
		name string
		f    doc.Format
		src  []byte
		data key.Data
	}
	var all []base
	byFormat := map[string][][]byte{}
	for _, pattern := range []string{"files/*/enc*", "accept/*", "tamper/*"} {
		names, _ := filepath.Glob(filepath.Join(fixtures, pattern))
		for _, n := range names {
			if strings.HasSuffix(n, ".dec") || strings.HasSuffix(n, ".bin") {
				continue
			}
			rel, _ := filepath.Rel(fixtures, n)
			f := formatFor(t, rel)
			src := readFixture(t, rel)
			if len(src) > 20000 {
				continue
			}
			o, err := openFixture(t, f, rel, nil, sops.OpenOptions{IgnoreMAC: true})
			if err != nil {
				continue
			}
			if r.Intn(2) == 0 {
				if out, err := o.Seal(sealOptions()); err == nil {
					src = out
				}
			}
			all = append(all, base{rel, f, src, o.Data})
			byFormat[f.Name()] = append(byFormat[f.Name()], src)
		}
	}
	t.Logf("%d bases", len(all))
	begin := time.Now()
	n, opened, sealedOK, sealedNot := 0, 0, 0, 0
	for time.Since(begin) < limit {
		b := all[r.Intn(len(all))]
		src := mutate(r, b.src, byFormat[b.f.Name()])
		n++
		func() {
			start := time.Now()
			defer func() {
				if p := recover(); p != nil {
					name := fmt.Sprintf("/tmp/attack/panic-%d-%d.%s", seed, n, b.f.Name())
					os.WriteFile(name, src, 0o600)
					t.Errorf("%s: panic %v %s\n%s", b.name, p, name, debug.Stack())
				}
				if d := time.Since(start); d > 1500*time.Millisecond {
					name := fmt.Sprintf("/tmp/attack/slow-%d-%d.%s", seed, n, b.f.Name())
					os.WriteFile(name, src, 0o600)
					t.Errorf("%s: slow %v %s", b.name, d, name)
				}
			}()
			if d, err := b.f.Parse(src); err == nil {
				d.Set(tree.Address{{Key: "q", IsKey: true}}, tree.Text("x"))
			}
			s, err := sops.Read(src, b.f)
			if err != nil {
				return
			}
			s.SetKeys(s.Meta.Keys(), s.Meta.Threshold, r)
			o, err := s.OpenWith(b.data, sops.OpenOptions{IgnoreMAC: r.Intn(2) == 0})
			if err != nil {
				return
			}
			opened++
			if r.Intn(2) == 0 {
				o.Set(tree.Address{{Key: []string{"q", "a", "b"}[r.Intn(3)], IsKey: true}}, tree.Text("new value"))
			}
			if r.Intn(3) == 0 {
				o.Rotate(t.Context(), memoryKeeper{}, [][]key.MasterKey{{key.New(key.Age, "recipient", "r")}}, 0, r)
			}
			plain := bytes.Clone(o.Plain())
			trees := cloned(o.Trees())
			out, err := o.Seal(sealOptions())
			if err != nil {
				sealedNot++
				return
			}
			sealedOK++
			s2, err := sops.Read(out, b.f)
			if err == nil {
				var o2 *sops.Opened
				o2, err = s2.OpenWith(o.Data, sops.OpenOptions{})
				if err == nil {
					x, e1 := b.f.Render(trees)
					y, e2 := b.f.Render(o2.Trees())
					if d := tree.Diff(trees, o2.Trees()); d != "" && (e1 != nil || e2 != nil || !bytes.Equal(withoutComments(x), withoutComments(y))) {
						err = fmt.Errorf("differs: %s", d)
					}
				}
			}
			if err != nil {
				name := fmt.Sprintf("/tmp/attack/bad-%d-%d.%s", seed, n, b.f.Name())
				os.WriteFile(name, src, 0o600)
				t.Errorf("%s: sealed, then %v (%d bytes plain) %s", b.name, err, len(plain), name)
			}
		}()
	}
	t.Logf("%d mutations, %d opened, %d sealed, %d not", n, opened, sealedOK, sealedNot)
}
