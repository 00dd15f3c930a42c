package yaml

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

func seeds(f *testing.F) {
	f.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "corpus", "*.yaml"))
	if err != nil || len(paths) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, p := range paths {
		src, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
}

// FuzzUnmaskOfMaskIsTheText: to mask all values, or some, and to unmask gives the
// same bytes. A text may be refused, when parsed or masked; and what a reader
// would find changed is for the root package to notice, which then encrypts a
// rendering. What reads back right must open exactly.
func FuzzUnmaskOfMaskIsTheText(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, pick := range []func(int, testLeaf) bool{nil, func(i int, _ testLeaf) bool { return i%3 == 0 }} {
			_, err := roundTrip(Format{}, src, pick)
			if errors.Is(err, errDiffers) {
				t.Errorf("%q: %v", src, err)
			}
		}
	})
}

// FuzzPlacesHoldTheirValues: places are in order and apart, and each text alone
// reads as its value, in a flow map if it is in a flow collection: a dash is
// a string there.
func FuzzPlacesHoldTheirValues(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		d, err := Format{}.parse(src, false)
		if err != nil {
			return
		}
		taken := make([]bool, len(d.src)+1)
		for ref := range d.leaves {
			l := d.leafAt(ref)
			if l.via > 0 {
				continue
			}
			if l.start > l.end || l.end > len(d.src) {
				t.Fatalf("leaf %d is at [%d,%d) of %d", ref, l.start, l.end, len(d.src))
			}
			for i := l.start; i < l.end && !l.block(); i++ {
				if taken[i] {
					t.Fatalf("leaf %d is at [%d,%d), where another one does", ref, l.start, l.end)
				}
				taken[i] = true
			}
			if text := string(d.src[l.start:l.end]); !l.comment && l.prop == l.start && l.tag < 0 && !l.block() {
				around := "k: %s\n"
				if l.flow {
					around = "{k: %s}\n"
				}
				if alone, err := (Format{}).Parse(fmt.Appendf(nil, around, text)); l.end > l.start && oneLine(text) == text {
					if err != nil || tree.Diff([]*tree.Map{{Items: []tree.Item{{Key: "k", Value: tree.NewScalar(l.value)}}}}, alone.Trees()) != "" {
						t.Fatalf("%q: leaf %d is at %q, which reads otherwise", src, ref, text)
					}
				}
			}
			if l.comment && oneLine(l.value.Str()) == " " {
				continue
			}
			if text := string(d.src[l.start:l.end]); l.comment && !sameComment(text, l.value.Str()) {
				t.Fatalf("comment %d: %q is at %q", ref, l.value.Str(), text)
			}
		}
	})
}

func sameComment(text, comment string) bool {
	return bytes.Equal(bytes.TrimRight([]byte(text), " \t"), bytes.TrimRight([]byte(comment), " \t"))
}

// FuzzMetadataComesAndGoes: what is inserted without a token is cut without a
// trace.
func FuzzMetadataComesAndGoes(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		_, err := roundTrip(Format{}, src, func(int, testLeaf) bool { return false })
		if errors.Is(err, errDiffers) {
			t.Errorf("%q: %v", src, err)
		}
	})
}

// FuzzNoLayoutBreaksAText: whatever a layout says, Unmask ends, without panic.
func FuzzNoLayoutBreaksAText(f *testing.F) {
	f.Add([]byte("a: "+fakeToken(0, "str")+"\nsops: {}\n"), []byte(`{"s":{"000000000000":"x"},"a":{"000000000000":"3*x"},"l":{"end":"|"},"nonl":true}`))
	f.Add([]byte("a: {b: \""+fakeToken(0, "str")+"\"}\nsops: {}\n"), []byte(`{"s":{"000000000000":"p"},"a":{"000000000000":"1*x"}}`))
	f.Fuzz(func(t *testing.T, src, layout []byte) {
		var l format.Layout
		if json.Unmarshal(layout, &l) != nil {
			return
		}
		d, err := Format{}.ParseEncrypted(src)
		if err != nil {
			return
		}
		values := make([]format.Plain, d.Leaves())
		for i := range values {
			values[i] = format.Plain{Set: true, Value: tree.StringValue("v\nw"), Comment: i%2 == 0}
		}
		if out, err := d.Unmask(values, &l); err == nil {
			_, _ = Format{}.Parse(out)
		}
	})
}

// FuzzSetKeepsItsLaws: setting what is there changes nothing, and what was
// added can be taken away.
func FuzzSetKeepsItsLaws(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) < 4096 {
			setLaws(t, string(src), src, 1+len(src)/200)
		}
	})
}
