package yamltext

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
)

// teams returns nested data of n values: teams of services of ten fields.
func teams(n int) string {
	r := rand.New(rand.NewSource(1))
	var b strings.Builder
	for i := 0; i*10 < n; i++ {
		if i%10 == 0 {
			fmt.Fprintf(&b, "# team %d\nteam_%d:\n", i/10, i/10)
		}
		fmt.Fprintf(&b, "  service_%d:\n    # access\n", i%10)
		fmt.Fprintf(&b, "    password: %s\n    port: %d\n    url: https://host-%d.example.org/path?q=%d\n    enabled: %v\n", letters(r, 10+r.Intn(80)), 1000+i, i, i, i%2 == 0)
		fmt.Fprintf(&b, "    note: \"%s\" # quoted\n    ratio: %d.5\n    user: '%s'\n", letters(r, 10+r.Intn(60)), i, letters(r, 12))
		fmt.Fprintf(&b, "    tags:\n    - %s\n    - %s\n    empty: null\n", letters(r, 10), letters(r, 20))
	}
	return b.String()
}

func letters(r *rand.Rand, n int) string {
	const signs = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/+"
	b := make([]byte, n)
	b[0] = 'x'
	for i := 1; i < n; i++ {
		b[i] = signs[r.Intn(len(signs))]
	}
	return string(b)
}

// encrypted returns text with a token for each of its values and comments, of
// the length that it would have.
func encrypted(text string) string {
	f, err := Parse(text)
	if err != nil {
		panic(err)
	}
	type spot struct {
		start, end int32
		quote      string
	}
	var spots []spot
	key, flow := make([]bool, len(f.nodes)), make([]bool, len(f.nodes))
	for i := range f.nodes {
		n, id := &f.nodes[i], ID(i)
		isKey := n.Kind == Mapping
		for c := range f.Children(id) {
			key[c], flow[c] = isKey, flow[i] || n.Style == Flow
			isKey = n.Kind == Mapping && !isKey
		}
		if n.Kind == Scalar && n.Type != Null && !key[i] && !n.Empty() {
			quote := ""
			if flow[i] || n.Style == DoubleQuoted {
				quote = `"`
			}
			spots = append(spots, spot{n.Start, n.End, quote})
		}
	}
	for _, c := range f.All() {
		spots = append(spots, spot{c.Start + 1, c.End, ""})
	}
	slices.SortFunc(spots, func(a, b spot) int { return int(a.start - b.start) })
	var b strings.Builder
	at := int32(0)
	for _, s := range spots {
		if s.start < at {
			continue // a comment in the header of a block scalar
		}
		b.WriteString(text[at:s.start])
		data := strings.Repeat("q", (int(s.end-s.start)+2)/3*4)
		fmt.Fprintf(&b, "%sENC[AES256_GCM,data:%s,iv:%s=,tag:%s==,type:str]%s", s.quote, data, strings.Repeat("I", 43), strings.Repeat("T", 22), s.quote)
		at = s.end
	}
	b.WriteString(text[at:])
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	plain := teams(10_000)
	texts := map[string]string{
		"plain": plain, "encrypted": encrypted(plain),
		"deep block": deepBlock(1000), "deep flow": deepFlow(9000), "long block scalar": "a: |\n" + strings.Repeat("  "+strings.Repeat("x", 78)+"\n", 100_000),
	}
	for name, text := range texts {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLibrary is what the library takes for the same texts, for comparison.
func BenchmarkLibrary(b *testing.B) {
	plain := teams(10_000)
	for name, text := range map[string]string{"plain": plain, "encrypted": encrypted(plain)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := readLibrary(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func deepBlock(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%sk:\n", strings.Repeat(" ", i))
	}
	b.WriteString(strings.Repeat(" ", n) + "v\n")
	return b.String()
}

func deepFlow(n int) string { return strings.Repeat("[", n) + "v" + strings.Repeat("]", n) + "\n" }
