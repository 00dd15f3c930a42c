package ini

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-cmp/cmp"
	inilib "gopkg.in/ini.v1"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/initext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A reading is what a reader makes of a text: sections with their keys, and
// the comments apart, since they are in no MAC.
type reading struct {
	Sections []sectionReading
}

type sectionReading struct {
	Name     string
	Keys     []string // key=value
	Comments []string
}

// readByLibrary reads text as SOPS does.
func readByLibrary(text []byte) (reading, error) {
	f, err := inilib.LoadSources(inilib.LoadOptions{AllowNonUniqueSections: true}, text)
	if err != nil {
		return reading{}, err
	}
	var r reading
	for _, sec := range f.Sections() {
		s := sectionReading{Name: sec.Name()}
		comment := func(text string) {
			if text != "" {
				text = initext.StripSigns(text)
				for strings.HasPrefix(text, "\n") || strings.HasPrefix(text, "\r\n") {
					// Our text begins with the first line that has any.
					text = initext.StripSigns(strings.TrimLeft(text, "\r\n"))
				}
				s.Comments = append(s.Comments, text)
			}
		}
		comment(sec.Comment)
		for _, k := range sec.Keys() {
			s.Keys = append(s.Keys, k.Name()+"="+k.Value())
			comment(k.Comment)
		}
		r.Sections = append(r.Sections, s)
	}
	return r, nil
}

func readingOf(d format.Document) reading {
	var r reading
	for _, it := range d.Trees()[0].Items {
		s := sectionReading{Name: it.Key}
		for _, it := range it.Value.(*tree.Map).Items {
			switch n := it.Value.(type) {
			case *tree.Comment:
				s.Comments = append(s.Comments, n.Text)
			case *tree.Scalar:
				s.Keys = append(s.Keys, it.Key+"="+n.Value.Str())
			}
		}
		r.Sections = append(r.Sections, s)
	}
	return r
}

// sopsDiff compares what SOPS reads with our tree. Sections and keys must
// be equal. We may know more comments than SOPS, which loses some, and more
// text in one.
func sopsDiff(text []byte, d format.Document) string {
	theirs, err := readByLibrary(text)
	if err != nil {
		return "SOPS cannot read it: " + err.Error()
	}
	ours := readingOf(d)
	kept := theirs.Sections[:0]
	for _, s := range theirs.Sections {
		if s.Name != initext.Reserved {
			kept = append(kept, s)
		}
	}
	theirs.Sections = kept
	for i := range min(len(theirs.Sections), len(ours.Sections)) {
		if lost := lostComment(theirs.Sections[i].Comments, ours.Sections[i].Comments); lost != "" {
			return "comment of SOPS is not ours: " + lost
		}
		theirs.Sections[i].Comments, ours.Sections[i].Comments = nil, nil
	}
	return cmp.Diff(theirs, ours)
}

func lostComment(theirs, ours []string) string {
	for _, c := range theirs {
		for len(ours) > 0 && !strings.HasPrefix(ours[0], c) {
			ours = ours[1:]
		}
		if len(ours) == 0 {
			return c
		}
		ours = ours[1:]
	}
	return ""
}

// fakeToken returns a well-formed token that no other leaf has.
func fakeToken(n int, kind string) string {
	return fmt.Sprintf("ENC[AES256_GCM,data:c2VjcmV0,iv:bm9uY2U%08d=,tag:%012dabcdefgh==,type:%s]", n, n, kind)
}

// A masked is a plain text with tokens in it.
type masked struct {
	plain     format.Document
	tokens    []string
	values    []format.Plain // by Ref of the plain document
	layout    *format.Layout
	text      []byte
	encrypted format.Document
}

// encryptText masks the leaves that choose takes, inserts metadata and reads the
// result.
func encryptText(src []byte, choose func(ref int, comment bool) bool) (*masked, error) {
	plain, err := Format{}.Parse(src)
	if err != nil {
		return nil, err
	}
	s := &masked{plain: plain, tokens: make([]string, plain.Leaves()), values: make([]format.Plain, plain.Leaves())}
	eachLeaf(plain, func(ref int, text string, comment bool) {
		if text == "" || !choose(ref, comment) {
			return
		}
		kind := "str"
		if comment {
			kind = "comment"
		}
		s.tokens[ref] = fakeToken(ref, kind)
		s.values[ref] = format.Plain{Set: true, Value: tree.StringValue(text), Comment: comment}
	})
	m, err := plain.Mask(s.tokens)
	if refusal := (*format.Error)(nil); errors.As(err, &refusal) {
		return nil, fmt.Errorf("%w: %w", errRefused, err)
	}
	if err != nil {
		return nil, err
	}
	s.layout = m.Layout
	if s.text, err = m.Insert(someMeta()); err != nil {
		return nil, err
	}
	s.encrypted, err = Format{}.ParseEncrypted(s.text)
	return s, err
}

func someMeta() *tree.Map {
	m := &tree.Map{}
	m.Put("age", &tree.List{Items: []tree.Node{&tree.Map{Items: []tree.Item{
		{Key: "enc", Value: tree.Text("-----BEGIN-----\nYWdl\n-----END-----\n")},
		{Key: "recipient", Value: tree.Text("age1xyz")},
	}}}})
	m.Put("lastmodified", tree.Text("2026-01-02T03:04:05Z"))
	m.Put("mac", tree.Text(fakeToken(99999, "str")))
	m.Put("version", tree.Text("3.13.3"))
	return m
}

// eachLeaf calls f for every key and comment.
func eachLeaf(d format.Document, f func(ref int, text string, comment bool)) {
	for _, sec := range d.Trees()[0].Items {
		for _, it := range sec.Value.(*tree.Map).Items {
			switch n := it.Value.(type) {
			case *tree.Comment:
				f(n.Ref, n.Text, true)
			case *tree.Scalar:
				f(n.Ref, n.Value.Str(), false)
			}
		}
	}
}

// open returns the plaintext of an encrypted text, by the tokens in it.
func (s *masked) open(layout *format.Layout) ([]byte, error) {
	if s.encrypted.Leaves() != len(s.values) {
		return nil, fmt.Errorf("%d leaves became %d", len(s.values), s.encrypted.Leaves())
	}
	var err error
	eachLeaf(s.encrypted, func(ref int, text string, _ bool) {
		if t := s.tokens[ref]; t != "" && t != text {
			err = fmt.Errorf("leaf %d is not its token", ref)
		}
	})
	if err != nil {
		return nil, err
	}
	return s.encrypted.Unmask(s.values, layout)
}

// wanted returns the tree that the encrypted text must have.
func (s *masked) wanted() []*tree.Map {
	root := tree.Clone(s.plain.Trees()[0]).(*tree.Map)
	for _, sec := range root.Items {
		for _, it := range sec.Value.(*tree.Map).Items {
			if n, ok := it.Value.(*tree.Scalar); ok && s.tokens[n.Ref] != "" {
				n.Value = tree.StringValue(s.tokens[n.Ref])
			}
		}
	}
	return []*tree.Map{root}
}

// errRefused says that Mask would not take the text, errInexact that other
// bytes came back.
var (
	errRefused = errors.New("refused")
	errInexact = errors.New("decrypted text differs")
)

// lawsHold masks and unmasks src in one selection and returns the first law that
// is broken.
func lawsHold(src []byte, choose func(ref int, comment bool) bool) error {
	s, err := encryptText(src, choose)
	if err != nil {
		return fmt.Errorf("encryption: %w", err)
	}
	if d := tree.Diff(s.wanted(), s.encrypted.Trees()); d != "" {
		return fmt.Errorf("the encrypted tree differs at %s\n%s", d, s.text)
	}
	if d := sopsDiff(s.text, s.encrypted); d != "" {
		return fmt.Errorf("SOPS reads the encrypted text otherwise: %s\n%s", d, s.text)
	}
	got, err := s.open(s.layout)
	if err != nil {
		return fmt.Errorf("opening: %w\n%s", err, s.text)
	}
	if d := cmp.Diff(string(src), string(got)); d != "" {
		return fmt.Errorf("%w: %s\n%s", errInexact, d, s.text)
	}
	if got, err = s.open(nil); err != nil {
		return fmt.Errorf("opening without layout: %w\n%s", err, s.text)
	}
	d, err := Format{}.Parse(got)
	if err != nil {
		return fmt.Errorf("without layout: %w\n%s", err, got)
	}
	if d := tree.Diff(s.plain.Trees(), d.Trees()); d != "" {
		return fmt.Errorf("without layout the tree differs at %s\n%s", d, got)
	}
	return nil
}

func everything(int, bool) bool { return true }
func nothing(int, bool) bool    { return false }
func half(ref int, _ bool) bool { return ref%2 == 0 }
func values(_ int, c bool) bool { return !c }
func comments(_ int, c bool) bool {
	return c
}
