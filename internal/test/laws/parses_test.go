package laws_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// counted counts how often texts are parsed.
type counted struct {
	format.Format
	parses *int
}

func (c counted) Parse(src []byte) (format.Document, error) {
	return c.document(c.Format.Parse(src))
}

func (c counted) ParseEncrypted(src []byte) (format.Document, error) {
	return c.document(c.Format.ParseEncrypted(src))
}

func (c counted) document(d format.Document, err error) (format.Document, error) {
	*c.parses++
	if err != nil {
		return nil, err
	}
	return &countedDocument{d, c}, nil
}

type countedDocument struct {
	format.Document
	c counted
}

func (d *countedDocument) Apply(changes []format.Change) (format.Document, error) {
	return d.c.document(d.Document.Apply(changes))
}

func (d *countedDocument) MaskAs(tokens []string, g format.Guide) (format.Masked, error) {
	if like, ok := g.Like.(*countedDocument); ok {
		g.Like = like.Document
	}
	return format.Mask(d.Document, tokens, g)
}

// teams returns a text of n values in each format, nested where that can be.
func teams(name string, n int) (text string, address func(i int) tree.Address) {
	const fields = 10
	var b strings.Builder
	group := func(i int) string { return fmt.Sprintf("service%d", i/fields) }
	field := func(i int) string { return fmt.Sprintf("field%d", i%fields) }
	at := func(keys ...string) tree.Address {
		var a tree.Address
		for _, k := range keys {
			a = append(a, tree.Step{Key: k, IsKey: true})
		}
		return a
	}
	for i := range n {
		first, last := i%fields == 0, i%fields == fields-1 || i == n-1
		switch name {
		case "dotenv":
			fmt.Fprintf(&b, "V%d=value %d\n", i, i)
			continue
		case "ini":
			if first {
				fmt.Fprintf(&b, "[%s]\n", group(i))
			}
			fmt.Fprintf(&b, "%s = value %d\n", field(i), i)
			continue
		case "json":
			if i == 0 {
				b.WriteString("{\n")
			}
			if first {
				fmt.Fprintf(&b, "  %q: {\n", group(i))
			}
			fmt.Fprintf(&b, "    %q: \"value %d\"", field(i), i)
			switch {
			case i == n-1:
				b.WriteString("\n  }\n}\n")
			case last:
				b.WriteString("\n  },\n")
			default:
				b.WriteString(",\n")
			}
			continue
		}
		if first {
			fmt.Fprintf(&b, "%s:\n", group(i))
		}
		fmt.Fprintf(&b, "  %s: \"value %d\" # of %d\n", field(i), i, i)
	}
	return b.String(), func(i int) tree.Address {
		if name == "dotenv" {
			return at(fmt.Sprintf("V%d", i))
		}
		return at(group(i), field(i))
	}
}

// TestManyChangesCostWhatOneDoes holds that a change of one value and of a
// thousand parse the file equally often, and change no line but theirs.
func TestManyChangesCostWhatOneDoes(t *testing.T) {
	t.Parallel()
	const values = 2000
	for _, name := range []string{"x.yaml", "x.json", "x.env", "x.ini"} {
		f := formatFor(t, name)
		src, address := teams(f.Name(), values)
		o, encrypted := encryptNew(t, f, []byte(src))
		for _, n := range []int{1, 33, 1000} {
			for _, how := range []string{"set", "unset", "edit"} {
				t.Run(fmt.Sprintf("%s %s %d", f.Name(), how, n), func(t *testing.T) {
					t.Parallel()
					parses := 0
					d := reopen(t, counted{f, &parses}, encrypted, o)
					plain, wanted := src, 2*n
					for i := range n {
						j := i * (values / n)
						var err error
						switch how {
						case "set":
							err = d.Set(address(j), tree.Text("changed"))
						case "unset":
							err, wanted = d.Unset(address(j)), n
						default:
							plain = strings.Replace(plain, fmt.Sprintf("value %d\n", j), "changed\n", 1)
							plain = strings.Replace(plain, fmt.Sprintf("value %d\"", j), "changed\"", 1)
						}
						if err != nil {
							t.Fatal(err)
						}
					}
					most := 3
					if how == "edit" {
						most = 5 // the plaintext before and after is parsed as well
						if err := d.Replace([]byte(plain)); err != nil {
							t.Fatal(err)
						}
					}
					out := encryptNow(t, d)
					removed, added := otherLines(encrypted, out)
					if lines := len(removed) + len(added); lines > wanted+2 {
						t.Errorf("%d lines changed, want %d", lines, wanted)
					}
					if parses > most {
						t.Errorf("%d parses, want %d", parses, most)
					}
					back := reopen(t, f, out, o)
					if diff := tree.Diff(d.Trees(), back.Trees()); diff != "" {
						t.Error(diff)
					}
					if how == "edit" && string(plainOf(back)) != plain {
						t.Error("the text is another one")
					}
				})
			}
		}
	}
}
