package laws_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// TestSealAndLayoutAreInTheFirstDocumentOnly: they are about the whole file, and
// a copy in each document makes files grow with the square of its documents.
func TestSealAndLayoutAreInTheFirstDocumentOnly(t *testing.T) {
	t.Parallel()
	var src strings.Builder
	for i := range 150 {
		fmt.Fprintf(&src, "---\n# document %d\nkind: Secret\ndata: {user: \"u%d\", note: 'n', n: 0x1F}\n", i, i)
	}
	f := formatFor(t, "x.yaml")
	c, err := encryptText(t, f, []byte(src.String()))
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"    seal: ", "    layout: "} {
		if n := bytes.Count(c.encrypted, []byte("\n"+field)); n != 1 {
			t.Errorf("%q is there %d times, want once", field, n)
		}
	}
	if n := bytes.Count(c.encrypted, []byte("\nsops:\n")); n != 150 {
		t.Errorf("%d documents have metadata, want all 150", n)
	}
	o, err := c.open(c.encrypted)
	if err != nil || string(plainOf(o)) != src.String() {
		t.Fatalf("the text does not come back: %v", err)
	}
	if err := o.Set(tree.Address{{Key: "kind", IsKey: true}}, tree.Text("Other")); err != nil {
		t.Fatal(err)
	}
	changed, err := o.Encrypt(encryptOptions())
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(changed, []byte("\n    seal: ")); n != 1 {
		t.Errorf("after a change the seal is there %d times, want once", n)
	}
}

// TestFilesWithASealInEachDocumentOpen holds for files of older versions.
func TestFilesWithASealInEachDocumentOpen(t *testing.T) {
	t.Parallel()
	const src = "a: 0x1F\n---\nb: 0x2F\n"
	c, err := encryptText(t, formatFor(t, "x.yaml"), []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	first, second, _ := strings.Cut(string(c.encrypted), "---\n")
	_, meta, _ := strings.Cut(first, "sops:\n")
	body, _, _ := strings.Cut(second, "sops:\n")
	o, err := c.open([]byte(first + "---\n" + body + "sops:\n" + meta))
	if err != nil || string(plainOf(o)) != src {
		t.Errorf("%q, %v", plainOf(o), err)
	}
}
