package formattest_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/format/json"
	"github.com/seed-1f7fdfb8/sops/internal/test/formattest"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// broken is a format with one fault.
type broken struct {
	format.Format
	fault func(format.Document) format.Document
}

func (b broken) Parse(src []byte) (format.Document, error) { return b.with(b.Format.Parse(src)) }

func (b broken) ParseEncrypted(src []byte) (format.Document, error) {
	return b.with(b.Format.ParseEncrypted(src))
}

func (b broken) with(d format.Document, err error) (format.Document, error) {
	if err != nil {
		return nil, err
	}
	return b.fault(d), nil
}

type reformats struct{ format.Document }

func (r reformats) Unmask(v []format.Plain, l *format.Layout) ([]byte, error) {
	b, err := r.Document.Unmask(v, l)
	return bytes.ReplaceAll(b, []byte(" "), nil), err
}

type forgetsToMask struct{ format.Document }

func (f forgetsToMask) Mask(tokens []string) (format.Masked, error) {
	return f.Document.Mask(make([]string, len(tokens)))
}

type miscounts struct{ format.Document }

func (m miscounts) Leaves() int { return m.Document.Leaves() + 1 }

type keepsMeta struct {
	format.Document
	src []byte
}

func (k keepsMeta) SetMeta(*tree.Map) ([]byte, error) { return k.src, nil }

type setsNothing struct{ format.Document }

func (s setsNothing) Apply([]format.Change) (format.Document, error) { return s.Document, nil }

func TestBreachesAreFound(t *testing.T) {
	t.Parallel()
	src := []byte(`{"a": 1, "b": ["x"]}`)
	for want, fault := range map[string]func(format.Document) format.Document{
		"Unmask gives":      func(d format.Document) format.Document { return reformats{d} },
		"encrypted: leaf 0": func(d format.Document) format.Document { return forgetsToMask{d} },
		"Leaves() is":       func(d format.Document) format.Document { return miscounts{d} },
		"SetMeta with the":  func(d format.Document) format.Document { return keepsMeta{d, src} },
	} {
		err := formattest.RoundTrip(broken{json.Format{}, fault}, src, formattest.All)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	err := formattest.Edits(broken{json.Format{}, func(d format.Document) format.Document { return setsNothing{d} }}, src)
	if err == nil || !strings.Contains(err.Error(), "the type of the value changed") {
		t.Errorf("got %v", err)
	}
}

func TestRefusalsAreNoBreaches(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "[]", `{"sops": 1}`} {
		if err := formattest.RoundTrip(json.Format{}, []byte(text), formattest.All); !errors.Is(err, formattest.ErrRefused) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTokensAreWellFormedAndDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for ref := range 1000 {
		token := formattest.Token(ref, "str")
		if !strings.HasPrefix(token, "ENC[AES256_GCM,data:") || !strings.HasSuffix(token, ",type:str]") {
			t.Fatal(token)
		}
		seen[format.TokenHash(token)] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d hashes of 1000 tokens", len(seen))
	}
}
