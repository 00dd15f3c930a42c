package sops_test

import (
	"crypto/rand"
	mrand "math/rand"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/internal/standard"
	"github.com/seed-1f7fdfb8/sops/key"
)

func TestAttackErrorsShowNoSecret(t *testing.T) {
	limit, err := time.ParseDuration(os.Getenv("SOPS_FUZZ"))
	if err != nil {
		limit = time.Second
	}
	seed, _ := strconv.ParseInt(os.Getenv("SOPS_STORY"), 10, 64)
	r := mrand.New(mrand.NewSource(seed))
	seeds := map[string][]string{}
	for k, v := range seedTexts {
		seeds[k] = append(seeds[k], v...)
	}
	seeds["yaml"] = append(seeds["yaml"], "a: &x MARKZ\nb: *x\nc: !!int \"MARKZ\"\nd: [MARKZ, {k: MARKZ}]\ne: \"MARKZ\\q\"\nf: 'MARKZ\n  MARKZ'\n# MARKZ\ng: |\n  MARKZ\n", "a: 2001-13-45MARKZ\nb: !!float MARKZ\nc: !!binary MARKZ\nd: MARKZ: x\ne: @MARKZ\n")
	seeds["json"] = append(seeds["json"], `{"a": "MARKZ", "b": ["MARKZ", MARKZ, 12MARKZ, 1e99999, "MARKZ\q"], "c": {"d": "MARKZ`, `{"a":123456789123456789123MARKZ}`)
	seeds["dotenv"] = append(seeds["dotenv"], "A=MARKZ\nMARKZ\nB='MARKZ\n")
	seeds["ini"] = append(seeds["ini"], "[s]\na = MARKZ\nMARKZ\nb = \"\"\"MARKZ\nMARKZ\n[s\n")
	names := []string{"yaml", "json", "dotenv", "ini"}
	begin := time.Now()
	seen := map[string]bool{}
	for time.Since(begin) < limit {
		name := names[r.Intn(4)]
		f := lawFormat(t, byte(indexOf(standard.Names(), name)))
		var others [][]byte
		for _, s := range seeds[name] {
			s = strings.NewReplacer("one", "MARKZ", "two", "MARKZ", "text", "MARKZ", "root", "MARKZ", "Name", "MARKZ", "web", "MARKZ").Replace(s)
			others = append(others, []byte(s))
		}
		src := mutate(r, others[r.Intn(len(others))], others)
		check := func(where string, err error) {
			if err == nil {
				return
			}
			text := err.Error()
			if h, ok := err.(interface{ Hints() []string }); ok {
				text += strings.Join(h.Hints(), " ")
			}
			if strings.Contains(text, "MARKZ") {
				k := where + name + text[max(0, strings.Index(text, "MARKZ")-30):min(len(text), strings.Index(text, "MARKZ")+20)]
				if !seen[k] && len(seen) < 40 {
					seen[k] = true
					t.Errorf("%s %s: %s\n%q", name, where, text, src)
				}
			}
		}
		_, err := f.Parse(src)
		check("parse", err)
		o, err := sops.New(t.Context(), src, f, sops.Plan{Groups: [][]key.MasterKey{{key.New(key.Age, "recipient", "r")}}, Random: rand.Reader, Warn: func(m string) {
			if strings.Contains(m, "MARKZ") {
				t.Errorf("warn %s", m)
			}
		}}, memoryKeeper{})
		check("new", err)
		if err != nil {
			continue
		}
		_, err = o.Seal(sealOptions())
		check("seal", err)
	}
}

func indexOf(all []string, s string) int {
	for i, x := range all {
		if x == s {
			return i
		}
	}
	return 0
}
