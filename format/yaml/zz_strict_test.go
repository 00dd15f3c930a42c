package yaml

import (
	"errors"
	"github.com/seed-1f7fdfb8/sops/doc"
	"math/rand"
	"os"
	"path/filepath"
	"testing"
)

func TestZZStrict(t *testing.T) {
	var seeds [][]byte
	for _, g := range []string{"testdata/corpus/*.yaml", "/work/shared/corpus/yaml-suite/*.yaml"} {
		ps, _ := filepath.Glob(g)
		for _, p := range ps {
			b, _ := os.ReadFile(p)
			seeds = append(seeds, b)
		}
	}
	r := rand.New(rand.NewSource(7))
	acc, n := 0, 0
	kinds := map[string]int{}
	for n = 0; n < 400000 && len(kinds) < 2500; n++ {
		src := append([]byte{}, seeds[r.Intn(len(seeds))]...)
		for k := 1 + r.Intn(3); k > 0; k-- {
			if len(src) == 0 {
				break
			}
			i := r.Intn(len(src))
			switch r.Intn(5) {
			case 0:
				src = append(src[:i], src[i+1:]...)
			case 1:
				const cs = "-:#,[]{}&*!|>'\"%@` \n\t?ab1~\r"
				src = append(src[:i], append([]byte{cs[r.Intn(len(cs))]}, src[i:]...)...)
			case 2:
				o := seeds[r.Intn(len(seeds))]
				if len(o) > 2 {
					a := r.Intn(len(o) - 1)
					b := a + 1 + r.Intn(min(len(o)-a-1, 30))
					src = append(src[:i], append(append([]byte{}, o[a:b]...), src[i:]...)...)
				}
			case 3:
				j := i + r.Intn(min(len(src)-i, 20))
				src = append(src[:j], append(append([]byte{}, src[i:j]...), src[j:]...)...)
			case 4:
				j := i + r.Intn(min(len(src)-i, 10))
				src = append(src[:i], src[j:]...)
			}
		}
		_, err := roundTrip(Format{}, src, nil)
		if _, no := err.(refused); no {
			continue
		}
		acc++
		var de *doc.Error
		if err == nil || errors.Is(err, errMoved) || errors.As(err, &de) && len(err.Error()) > 5 && err.Error()[:5] == "mask:" {
			continue
		}
		s := err.Error()
		if len(s) > 34 {
			s = s[:34]
		}
		kinds[s]++
		if kinds[s] < 4 {
			t.Logf("%q: %v", src, err)
		}
	}
	t.Log(n, acc, kinds)
}
