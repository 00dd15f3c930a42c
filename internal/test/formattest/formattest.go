// Package formattest holds the laws that every file format keeps, as one suite:
//
//	formattest.Run(t, json.Format{}, formattest.Case{Name: "flat", Text: `{"a": 1}`})
//	formattest.RunEdits(t, json.Format{}, …)
//
// Run masks and unmasks each text with made-up tokens, in variants (CRLF, no line
// break at the end, BOM) and with all, none and some leaves masked. The laws are
// also there as functions that return errors, for fuzz targets and for tests
// over many files.
package formattest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A Case is a text that the format accepts.
type Case struct{ Name, Text string }

// ErrRefused is in the chain of errors about texts that the format refuses, or
// that hold a reserved name. This is no breach of a law.
var ErrRefused = errors.New("refused")

// Run checks RoundTrip for each case, its variants and several choices of
// leaves. Variants may be refused, the cases themselves may not.
func Run(t *testing.T, f format.Format, cases ...Case) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			for variant, text := range Variants(c.Text) {
				for choice, pick := range picks {
					err := RoundTrip(f, []byte(text), pick)
					if err != nil && (text == c.Text || !errors.Is(err, ErrRefused)) {
						t.Fatalf("%s, %s, text %q: %v", variant, choice, text, err)
					}
				}
			}
		})
	}
}

// Variants returns text as it is and in the shapes that editors give files.
func Variants(text string) map[string]string {
	return map[string]string{
		"as it is":      text,
		"CRLF":          strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n"),
		"no line break": strings.TrimRight(text, "\r\n"),
		"blank tail":    text + "\n\n",
		"BOM":           "\uFEFF" + strings.TrimPrefix(text, "\uFEFF"),
	}
}

// picks choose the leaves that become tokens, by their Ref.
var picks = map[string]func(int) bool{
	"all leaves":   All,
	"no leaves":    func(int) bool { return false },
	"every second": func(ref int) bool { return ref%2 == 0 },
	"two of three": func(ref int) bool { return ref%3 != 0 },
}

// All picks every leaf.
func All(int) bool { return true }

// Token returns a well-formed token that no two refs share.
func Token(ref int, typ string) string {
	sum := sha256.Sum256([]byte(strconv.Itoa(ref)))
	b64 := base64.StdEncoding.EncodeToString
	return "ENC[AES256_GCM,data:" + b64(sum[:5]) + ",iv:" + b64(sum[:]) + ",tag:" + b64(sum[8:24]) + ",type:" + typ + "]"
}

// Meta returns metadata as the program writes it, with a mark to tell two apart.
func Meta(mark string) *tree.Map {
	m := func(pairs ...string) *tree.Map {
		m := &tree.Map{}
		for i := 0; i < len(pairs); i += 2 {
			m.Put(pairs[i], tree.Text(pairs[i+1]))
		}
		return m
	}
	kms := m("arn", "arn:aws:kms:eu-west-1:111122223333:key/<"+mark+">", "aws_profile", "", "created_at", "2026-11-24T02:13:31Z", "enc", "AQID+/==")
	kms.Put("context", m("App", "a&b", "Env", mark))
	age := m("enc", "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n", "recipient", "age1"+mark)
	meta := &tree.Map{}
	meta.Put("age", &tree.List{Items: []tree.Node{age}})
	meta.Put("kms", &tree.List{Items: []tree.Node{kms}})
	meta.Put("lastmodified", tree.Text("2026-11-24T02:13:31Z"))
	meta.Put("mac", tree.Text(Token(1<<20, "str")))
	meta.Put("version", tree.Text("3.13.3"))
	return meta
}

// RoundTrip masks the picked leaves of src and unmasks them again. It
// returns the first law that is broken.
func RoundTrip(f format.Format, src []byte, pick func(ref int) bool) error {
	plain, leaves, err := parse(f, src)
	if err != nil {
		return err
	}
	tokens, want, values := mask(leaves, pick)
	masked, err := plain.Mask(tokens)
	if err != nil {
		return fmt.Errorf("Mask: %w", err)
	}
	layout, err := travelled(masked.Layout)
	if err != nil {
		return err
	}
	meta := Meta("first")
	encrypted, err := masked.Insert(meta)
	if err != nil {
		return fmt.Errorf("Insert: %w", err)
	}
	s, err := f.ParseEncrypted(encrypted)
	if err != nil {
		return fmt.Errorf("ParseEncrypted of its own text: %w; encrypted:\n%s", err, encrypted)
	}
	for _, law := range []func() error{
		func() error { return sameLeaves("encrypted", leavesOf(s.Trees()), want) },
		func() error { return sameMeta(s.Meta(), meta) },
		func() error { return exact(s, values, layout, src) },
		func() error { return looksOnly(f, s, values, leaves) },
		func() error { return metaAlone(f, s, encrypted, values, layout, src) },
	} {
		if err := law(); err != nil {
			return fmt.Errorf("%w; encrypted:\n%s", err, encrypted)
		}
	}
	return nil
}

func parse(f format.Format, src []byte) (format.Document, []leaf, error) {
	d, err := f.Parse(src)
	if err != nil {
		if e := (*format.Error)(nil); !errors.As(err, &e) {
			return nil, nil, fmt.Errorf("the error is no *doc.Error but %T: %w", err, err)
		}
		return nil, nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if line := d.Reserved(); line > 0 {
		return nil, nil, fmt.Errorf("%w: reserved name in line %d", ErrRefused, line)
	}
	leaves := leavesOf(d.Trees())
	if len(leaves) != d.Leaves() {
		return nil, nil, fmt.Errorf("Leaves() is %d, the trees have %d", d.Leaves(), len(leaves))
	}
	lines := bytes.Count(src, []byte("\n")) + bytes.Count(src, []byte("\r")) + 1
	for i, l := range leaves {
		if l.ref != i {
			return nil, nil, fmt.Errorf("leaf %d has Ref %d", i, l.ref)
		}
		if n := d.Line(i); n < 1 || n > lines {
			return nil, nil, fmt.Errorf("leaf %d is in line %d of %d", i, n, lines)
		}
	}
	return d, leaves, nil
}

// mask returns tokens for the picked leaves, what the encrypted text then holds,
// and the values that take it back.
func mask(leaves []leaf, pick func(int) bool) (tokens []string, encrypted []leaf, values []format.Plain) {
	tokens = make([]string, len(leaves))
	values = make([]format.Plain, len(leaves))
	encrypted = make([]leaf, len(leaves))
	for i, l := range leaves {
		encrypted[i] = l
		if l.value.Kind() == tree.Null || l.value.Empty() || !pick(i) {
			continue
		}
		typ := l.value.Type()
		if l.comment {
			typ = "comment"
		}
		tokens[i] = Token(i, typ)
		encrypted[i].value = tree.StringValue(tokens[i])
		values[i] = format.Plain{Set: true, Value: l.value, Comment: l.comment}
	}
	return tokens, encrypted, values
}

// travelled returns l as it comes out of the metadata.
func travelled(l *format.Layout) (*format.Layout, error) {
	if l == nil {
		return nil, nil
	}
	if l.Empty() {
		return nil, errors.New("an empty layout is not nil")
	}
	b, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	out := &format.Layout{}
	return out, json.Unmarshal(b, out)
}
