package formattest

import (
	"fmt"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format"
)

// Bench measures what a format does to encrypt and to decrypt a file, without
// the cipher, at three sizes: the time for a leaf must not grow with them.
func Bench(b *testing.B, f format.Format, text func(leaves int) string) {
	for _, n := range []int{1000, 10_000, 100_000} {
		src := []byte(text(n))
		plain, tokens := open(b, f, src)
		encrypted := encryptNew(b, f, src, tokens)
		b.Run(fmt.Sprintf("parse/%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := f.Parse(src); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("encrypt/%d", n), func(b *testing.B) {
			for b.Loop() {
				encryptNew(b, f, src, tokens)
			}
		})
		b.Run(fmt.Sprintf("decrypt/%d", n), func(b *testing.B) {
			for b.Loop() {
				d, err := f.ParseEncrypted(encrypted)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := d.Unmask(plain, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// open returns the values of all leaves, and a token for each.
func open(b *testing.B, f format.Format, src []byte) ([]format.Plain, []string) {
	_, leaves, err := parse(f, src)
	if err != nil {
		b.Fatal(err)
	}
	tokens, _, values := mask(leaves, All)
	return values, tokens
}

func encryptNew(b *testing.B, f format.Format, src []byte, tokens []string) []byte {
	d, err := f.Parse(src)
	if err != nil {
		b.Fatal(err)
	}
	masked, err := d.Mask(tokens)
	if err != nil {
		b.Fatal(err)
	}
	encrypted, err := masked.Insert(Meta("bench"))
	if err != nil {
		b.Fatal(err)
	}
	return encrypted
}
