// Package bench_test measures the engine alone, without processes, files and keys:
//
//	go test -bench 'Encrypt/nested/yaml/10000$' -cpuprofile cpu.out ./internal/test/bench
//
// scripts/compare measures whole programs.
package bench_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/test/bench/shapes"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/std"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// each runs a benchmark over shapes, formats and sizes.
func each(b *testing.B, run func(b *testing.B, f format.Format, src []byte)) {
	for _, s := range shapes.All() {
		for _, name := range s.Formats {
			f, err := std.Format(name)
			if err != nil {
				b.Fatal(err)
			}
			for _, n := range []int{1000, 10_000, 100_000} {
				if s.Name == "deep" && n > 1000 {
					continue // the text is quadratic in its depth
				}
				b.Run(fmt.Sprintf("%s/%s/%d", s.Name, name, n), func(b *testing.B) { run(b, f, s.Make(name, n)) })
			}
		}
	}
}

func BenchmarkEncrypt(b *testing.B) {
	each(b, func(b *testing.B, f format.Format, src []byte) {
		b.SetBytes(int64(len(src)))
		b.ReportAllocs()
		for b.Loop() {
			encrypt(b, f, src)
		}
	})
}

func BenchmarkDecrypt(b *testing.B) {
	each(b, func(b *testing.B, f format.Format, src []byte) {
		data, encrypted := encrypt(b, f, src)
		b.SetBytes(int64(len(encrypted)))
		b.ReportAllocs()
		for b.Loop() {
			d := decrypt(b, f, data, encrypted)
			if plain, err := d.Plain(); err != nil || len(plain) != len(src) {
				b.Fatal(len(plain), err)
			}
		}
	})
}

// One of many values is set, as sops set does it.
func BenchmarkSet(b *testing.B) {
	each(b, func(b *testing.B, f format.Format, src []byte) {
		if f.Name() == "binary" {
			b.Skip("a binary file has one value")
		}
		data, encrypted := encrypt(b, f, src)
		b.ReportAllocs()
		for b.Loop() {
			d := decrypt(b, f, data, encrypted)
			first := d.Trees()[0].Items[0].Key
			at := tree.Address{{Key: "a_new_one", IsKey: true}}
			if f.Name() == "ini" {
				at = append(tree.Address{{Key: first, IsKey: true}}, at...)
			}
			if err := d.Set(at, tree.Text("x")); err != nil {
				b.Fatal(err)
			}
			if _, err := d.Encrypt(envelope.EncryptOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// noKeeper wraps by doing nothing: the benchmarks are about documents.
type noKeeper struct{}

func (noKeeper) Kind() string { return keeper.Age }

func (noKeeper) Wrap(_ context.Context, m keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	return keeper.WrappedKey{MasterKey: m, Enc: hex.EncodeToString(d.Bytes())}, nil
}

func (noKeeper) Unwrap(_ context.Context, w keeper.WrappedKey) (keeper.Data, error) {
	key, err := hex.DecodeString(w.Enc)
	return keeper.NewData(key), err
}

func encrypt(b *testing.B, f format.Format, src []byte) (keeper.Data, []byte) {
	b.Helper()
	plan := envelope.Plan{Groups: [][]keeper.MasterKey{{keeper.Undescribed(keeper.Age, "recipient", "r")}}}
	d, err := envelope.New(b.Context(), src, f, plan, noKeeper{})
	if err != nil {
		b.Fatal(err)
	}
	out, err := d.Encrypt(envelope.EncryptOptions{})
	if err != nil {
		b.Fatal(err)
	}
	return d.Data, out
}

func decrypt(b *testing.B, f format.Format, data keeper.Data, encrypted []byte) *envelope.Decrypted {
	b.Helper()
	e, err := envelope.Parse(encrypted, f)
	if err != nil {
		b.Fatal(err)
	}
	d, err := e.DecryptWith(data, envelope.DecryptOptions{})
	if err != nil {
		b.Fatal(err)
	}
	return d
}
