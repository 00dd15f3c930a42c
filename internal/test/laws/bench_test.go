package laws_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/std"
)

// flat returns a file of n keys on one level, the shape that makes careless
// programs quadratic.
func flat(format string, n int) []byte {
	var b strings.Builder
	switch format {
	case "json":
		b.WriteString("{\n")
	case "ini":
		b.WriteString("[s]\n")
	}
	for i := range n {
		switch format {
		case "yaml":
			fmt.Fprintf(&b, "key_%06d: a value of some length %d\n", i, i)
		case "json":
			comma := ","
			if i == n-1 {
				comma = ""
			}
			fmt.Fprintf(&b, "\t\"key_%06d\": \"a value of some length %d\"%s\n", i, i, comma)
		case "dotenv", "ini":
			fmt.Fprintf(&b, "key_%06d=a value of some length %d\n", i, i)
		default:
			fmt.Fprintf(&b, "line %06d of a binary file \x00\n", i)
		}
	}
	if format == "json" {
		b.WriteString("}\n")
	}
	return []byte(b.String())
}

func benchFormat(b *testing.B, name string) format.Format {
	b.Helper()
	f, err := std.Format(name)
	if err != nil {
		b.Fatal(err)
	}
	return f
}

// memoryKeeper wraps by doing nothing: the benchmarks are about documents.
type memoryKeeper struct{}

func (memoryKeeper) Kind() string { return keeper.Age }

func (memoryKeeper) Wrap(_ context.Context, m keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	return keeper.WrappedKey{MasterKey: m, Enc: hex.EncodeToString(d.Bytes())}, nil
}

func (memoryKeeper) Unwrap(_ context.Context, w keeper.WrappedKey) (keeper.Data, error) {
	b, err := hex.DecodeString(w.Enc)
	return keeper.NewData(b), err
}

func encryptNew(b testing.TB, f format.Format, src []byte) (*envelope.Decrypted, []byte) {
	b.Helper()
	plan := envelope.Plan{Groups: [][]keeper.MasterKey{{keeper.New(keeper.Age, "recipient", "r")}}, Random: rand.Reader}
	o, err := envelope.New(b.Context(), src, f, plan, memoryKeeper{})
	if err != nil {
		b.Fatal(err)
	}
	out, err := o.Encrypt(encryptOptions())
	if err != nil {
		b.Fatal(err)
	}
	return o, out
}

var benchSizes = []int{1000, 10_000, 100_000}

func BenchmarkEncrypt(b *testing.B) {
	for _, name := range std.Names() {
		for _, n := range benchSizes {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				src, f := flat(name, n), benchFormat(b, name)
				b.SetBytes(int64(len(src)))
				b.ReportAllocs()
				for b.Loop() {
					encryptNew(b, f, src)
				}
			})
		}
	}
}

func BenchmarkDecrypt(b *testing.B) {
	for _, name := range std.Names() {
		for _, n := range benchSizes {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				f := benchFormat(b, name)
				o, encrypted := encryptNew(b, f, flat(name, n))
				b.SetBytes(int64(len(encrypted)))
				b.ReportAllocs()
				for b.Loop() {
					s, err := envelope.Parse(encrypted, f)
					if err != nil {
						b.Fatal(err)
					}
					if _, err := s.DecryptWith(o.Data, envelope.DecryptOptions{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// zeros is no randomness at all, so that a failure can be repeated.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func encryptOptions() envelope.EncryptOptions {
	return envelope.EncryptOptions{Now: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC), Random: rand.Reader}
}
