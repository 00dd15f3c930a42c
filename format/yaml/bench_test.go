package yaml

import (
	"fmt"
	"strings"
	"testing"
)

// flatText returns n keys of mixed types, about 42 bytes a line.
func flatText(n int) []byte {
	var b strings.Builder
	for i := range n {
		switch i % 5 {
		case 0:
			fmt.Fprintf(&b, "service_%06d_password: s3cret-%08x-value\n", i, i*7919)
		case 1:
			fmt.Fprintf(&b, "service_%06d_port: %d\n", i, 1000+i)
		case 2:
			fmt.Fprintf(&b, "service_%06d_url: https://host-%d.example.org/x\n", i, i)
		case 3:
			fmt.Fprintf(&b, "service_%06d_on: %v\n", i, i%2 == 0)
		default:
			fmt.Fprintf(&b, "service_%06d_note: \"quoted text number %d here\"\n", i, i)
		}
	}
	return []byte(b.String())
}

// mixedText returns n groups of nested maps, lists, comments and blocks.
func mixedText(n int) []byte {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "# team %d\nteam_%d:\n  name: team number %d # inline\n  members:\n  - alice\n  - bob\n  - {name: carol, age: %d}\n", i, i, i, i%90)
		fmt.Fprintf(&b, "  key: |\n    -----BEGIN KEY-----\n    %032x\n    -----END KEY-----\n  limits: [1, 2.5, true]\n", i*31337)
	}
	return []byte(b.String())
}

func shapes() map[string][]byte {
	return map[string][]byte{
		"flat1k": flatText(1000), "flat10k": flatText(10_000), "flat100k": flatText(100_000), "mixed10k": mixedText(1000),
	}
}

func BenchmarkParse(b *testing.B) {
	for name, src := range shapes() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				if _, err := (Format{}).Parse(src); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func tokensFor(b *testing.B, src []byte) (*document, []string) {
	d, err := Format{}.parse(src, false)
	if err != nil {
		b.Fatal(err)
	}
	tokens := make([]string, d.Leaves())
	for i, l := range leavesOf(d.Trees()) {
		if l.masked {
			tokens[i] = fakeToken(i, "str")
		}
	}
	return d, tokens
}

func encryptNew(b *testing.B, d *document, tokens []string) []byte {
	m, err := d.Mask(tokens)
	if err != nil {
		b.Fatal(err)
	}
	out, err := m.Insert(fakeMeta())
	if err != nil {
		b.Fatal(err)
	}
	return out
}

func BenchmarkMaskAndInsert(b *testing.B) {
	for name, src := range shapes() {
		b.Run(name, func(b *testing.B) {
			d, tokens := tokensFor(b, src)
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				encryptNew(b, d, tokens)
			}
		})
	}
}

func BenchmarkParseEncrypted(b *testing.B) {
	for name, src := range shapes() {
		b.Run(name, func(b *testing.B) {
			encrypted := encryptNew(b, func() *document { d, _ := tokensFor(b, src); return d }(), func() []string { _, t := tokensFor(b, src); return t }())
			b.SetBytes(int64(len(encrypted)))
			for b.Loop() {
				if _, err := (Format{}).ParseEncrypted(encrypted); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
