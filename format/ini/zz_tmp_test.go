package ini

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sops "github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/keeper/age"
	"github.com/seed-1f7fdfb8/sops/key"
	"github.com/seed-1f7fdfb8/sops/tree"
)

func TestTmpPeer(t *testing.T) {
	r1 := "age1ym9y2kmj7n2sw2jmpapp2qvmxa25c6xrmp2e38s4wvw7naq0tskqzu3dsz"
	k := age.New(age.Options{})
	rules := map[string]rule.Rule{"all": {}, "none": {EncryptedRegex: "^nothing$"}, "some": {EncryptedRegex: "^(k|x|password|q|m|a|s)$"}, "un": {UnencryptedRegex: "^(k|x|password|q|m)$"}}
	texts := corner()
	files, _ := filepath.Glob("/work/shared/corpus/ini/*")
	for _, f := range files {
		b, _ := os.ReadFile(f)
		texts = append(texts, string(b))
	}
	n, same, full := 0, 0, 0
	for _, src := range texts {
		for name, r := range rules {
			var warned string
			o, err := sops.New(context.Background(), []byte(src), Format{}, sops.Plan{Groups: [][]key.MasterKey{{key.New(key.Age, "recipient", r1)}}, Selection: r, Random: rand.Reader, Warn: func(s string) { warned = s }}, k)
			if err != nil {
				t.Logf("%.40q: new: %v", src, err)
				continue
			}
			out, err := o.Seal(sops.SealOptions{Random: rand.Reader, Now: time.Now()})
			if err != nil {
				t.Errorf("%q: seal: %v", src, err)
				continue
			}
			if warned != "" {
				full++
				t.Logf("%.60q %s: warned %.300s", src, name, warned)
			}
			p := filepath.Join(t.TempDir(), "x.ini")
			os.WriteFile(p, out, 0o600)
			n++
			c := exec.Command("/root/cache/bin/sops", "decrypt", "--output-type", "json", p)
			c.Env = append(os.Environ(), "SOPS_AGE_KEY_FILE=/work/shared/fixtures/keys/age-main.txt")
			var errb bytes.Buffer
			c.Stderr = &errb
			got, err := c.Output()
			if err != nil {
				t.Errorf("%q %s: peer: %v %.300s\n%s", src, name, err, errb.String(), out)
				continue
			}
			c2 := exec.Command("/root/cache/bin/sops", "decrypt", p)
			c2.Env = c.Env
			if o2, err := c2.CombinedOutput(); err != nil {
				t.Errorf("%q %s: peer ini: %.300s\n%s", src, name, o2, out)
			}
			c3 := exec.Command("/root/cache/bin/sops", "rotate", "-i", p)
			c3.Env = c.Env
			if o2, err := c3.CombinedOutput(); err != nil {
				t.Errorf("%q %s: peer rotate: %.300s\n%s", src, name, o2, out)
			} else {
				b, _ := os.ReadFile(p)
				sl, err := sops.Read(b, Format{})
				if err != nil {
					t.Errorf("%q %s: read: %v\n%s", src, name, err, b)
					continue
				}
				op, err := sl.Open(context.Background(), age.New(age.Options{Env: func(n string) (string, bool) {
					if n == "SOPS_AGE_KEY_FILE" {
						return "/work/shared/fixtures/keys/age-main.txt", true
					}
					return "", false
				}}), sops.OpenOptions{})
				if err != nil {
					t.Errorf("%q %s: open after rotate: %v\n%s", src, name, err, b)
					continue
				}
				d0, _ := Format{}.Parse([]byte(src))
				d1, err := Format{}.Parse(op.Plain())
				if err != nil {
					t.Errorf("%q: %v", op.Plain(), err)
				} else if diff := tree.Diff(d0.Trees(), d1.Trees()); diff != "" && !strings.HasPrefix(src, "- =") {
					t.Errorf("%q %s: after rotate %s\n%s", src, name, diff, op.Plain())
				}
			}
			if errb.Len() > 0 {
				t.Logf("%q %s: peer says %.200s", src, name, errb.String())
			}
			d, _ := Format{}.Parse([]byte(src))
			for _, sec := range d.Trees()[0].Items {
				for _, it := range sec.Value.(*tree.Map).Items {
					if s, ok := it.Value.(*tree.Scalar); ok {
						j, _ := Format{}.RenderValue(&tree.List{Items: []tree.Node{s}})
						txt := strings.TrimSuffix(strings.TrimPrefix(string(j), "["), "]")
						if !strings.Contains(string(got), ": "+txt) {
							t.Errorf("%.100q %s: peer lost %s %s", src, name, it.Key, txt)
						}
					}
				}
			}
			same++
		}
	}
	t.Logf("%d sealed, %d read by peer, %d with warnings", n, same, full)
}
