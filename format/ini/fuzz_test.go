package ini

import (
	"bytes"
	"errors"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/initext"
	"github.com/seed-1f7fdfb8/sops/internal/test/formattest"
)

func seed(f *testing.F) {
	for _, src := range corner() {
		f.Add([]byte(src), uint64(0x5))
		f.Add([]byte(src), ^uint64(0))
		f.Add([]byte(src), uint64(0))
	}
}

func FuzzUnmaskOfMaskIsExact(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src []byte, bits uint64) {
		d, err := Format{}.Parse(src)
		if err != nil || d.Reserved() > 0 {
			return
		}
		choose := func(ref int, _ bool) bool { return bits>>(ref%64)&1 == 1 }
		err = lawsHold(src, choose)
		if err == nil || errors.Is(err, errRefused) || errors.Is(err, errInexact) && loneReturn(src) {
			return
		}
		t.Fatalf("%q: %v", src, err)
	})
}

func FuzzSOPSReadsTheSameTree(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src []byte, _ uint64) {
		if _, err := initext.Scan(string(src), true); err != nil {
			if _, libErr := readByLibrary(src); libErr == nil && !utf16(src) {
				t.Fatalf("%q: refused, but not by SOPS: %v", src, err)
			}
			return
		}
		d, err := read(string(src), true)
		if err != nil {
			t.Fatal(err)
		}
		if diff := sopsDiff(src, d); diff != "" {
			t.Fatalf("%q: %s", src, diff)
		}
	})
}

func FuzzSetIsReadAndUnsetTakesItAway(f *testing.F) {
	for _, src := range corner() {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if end := bytes.TrimSpace(src); bytes.HasSuffix(end, []byte(`\`)) || bytes.HasSuffix(end, []byte(initext.Triple)) || loneReturn(src) {
			return // what comes after is part of the last value, or may be
		}
		if err := formattest.Edits(Format{}, src); err != nil && !errors.Is(err, formattest.ErrRefused) {
			t.Fatalf("%q: %v", src, err)
		}
	})
}

func utf16(src []byte) bool {
	return len(src) > 1 && (src[0] == 0xff && src[1] == 0xfe || src[0] == 0xfe && src[1] == 0xff)
}

// loneReturn reports whether src holds a carriage return that is no part of a
// line break. Such a text may come back inexactly, which the root package
// notices and mends with the whole text.
func loneReturn(src []byte) bool {
	return bytes.Count(src, []byte("\r")) > bytes.Count(src, []byte("\r\n"))
}
