// Package shapes makes the files that speed is measured on. The shape of data
// decides what is measured: flat files flatter us, since SOPS takes quadratic time
// there, so what is quoted is Nested. The same arguments give the same bytes.
package shapes

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// A Shape makes a file of n values in a format.
type Shape struct {
	Name    string
	Formats []string
	Make    func(format string, n int) []byte
}

var (
	text   = []string{"yaml", "json", "dotenv", "ini"}
	nested = []string{"yaml", "json"}
)

// All returns the shapes by name, the most important first.
func All() []Shape {
	return []Shape{
		{"nested", text, Nested},
		{"flat", text, Flat},
		{"wide", nested, Wide},
		{"deep", nested, Deep},
		{"comments", []string{"yaml"}, Comments},
		{"scalar", []string{"yaml", "json"}, Scalar},
		{"binary", []string{"binary"}, Binary},
	}
}

// Named returns the shape of that name.
func Named(name string) (Shape, error) {
	all := All()
	if i := slices.IndexFunc(all, func(s Shape) bool { return s.Name == name }); i >= 0 {
		return all[i], nil
	}
	return Shape{}, fmt.Errorf("%q is no shape", name)
}

// Flat is n equal keys on one level, the shape that makes careless programs
// quadratic.
func Flat(format string, n int) []byte {
	w := newWriter(format)
	w.open("s", 0)
	for i := range n {
		w.pair(fmt.Sprintf("key_%06d", i), text30(i))
	}
	w.close(0)
	return w.bytes()
}

func text30(i int) string { return fmt.Sprintf("a value of some length %d", i) }

// fields are those of a service. The order is that of their kinds in value.
var fields = []string{"name", "port", "replicas", "enabled", "ratio", "url", "password", "token", "description", "owner"}

// Nested is what people have: teams of ten services of ten fields, texts of 10 to
// 90 characters, numbers, booleans, URLs and comments.
func Nested(format string, n int) []byte {
	w := newWriter(format)
	for i := range n {
		service, field := i/len(fields), i%len(fields)
		if field == 0 {
			if service%10 == 0 {
				w.comment("the services of one team")
				w.open("team_"+strconv.Itoa(service/10), 0)
			}
			w.open("service_"+strconv.Itoa(service), 1)
		}
		w.value(fields[field], i)
	}
	w.close(0)
	return w.bytes()
}

// Wide is lists of a thousand texts.
func Wide(format string, n int) []byte {
	w := newWriter(format)
	for i := range n {
		if i%1000 == 0 {
			w.list("list_" + strconv.Itoa(i/1000))
		}
		w.element(words(i))
	}
	w.close(0)
	return w.bytes()
}

// Deep is one value below n maps. Its size is quadratic in n where the format
// indents, so JSON does not.
func Deep(format string, n int) []byte {
	var b bytes.Buffer
	if format == "json" {
		b.WriteString(strings.Repeat(`{"k":`, n))
		b.WriteString(`"value"`)
		b.WriteString(strings.Repeat("}", n) + "\n")
		return b.Bytes()
	}
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "k:\n")
	}
	b.WriteString(strings.Repeat(" ", n) + "k: value\n")
	return b.Bytes()
}

// Comments is YAML with a comment for every value, in all its quotes, with block
// scalars.
func Comments(_ string, n int) []byte {
	var b bytes.Buffer
	for i := range n {
		if i%10 == 0 {
			fmt.Fprintf(&b, "\n# service %d\nservice_%d:\n", i/10, i/10)
		}
		fmt.Fprintf(&b, "  # about field %d\n  field_%d: ", i, i%10)
		switch t := words(i); i % 5 {
		case 0:
			fmt.Fprintf(&b, "%q # %s\n", t, words(i+1))
		case 1:
			fmt.Fprintf(&b, "'%s it''s'\n", t)
		case 2:
			fmt.Fprintf(&b, "|\n    %s\n    %s\n", t, words(i+1))
		case 3:
			fmt.Fprintf(&b, ">-\n    %s\n    %s\n", t, words(i+1))
		default:
			fmt.Fprintf(&b, "%s\n", t)
		}
	}
	return b.Bytes()
}

// Scalar is one text of n times 40 bytes in lines: a block scalar of YAML.
func Scalar(format string, n int) []byte {
	var b bytes.Buffer
	begin, line, end := "text: |\n", "  %s\n", "" // of YAML
	if format == "json" {
		begin, line, end = `{"text": "`, `%s\n`, "\"}\n"
	}
	b.WriteString(begin)
	for i := range n {
		fmt.Fprintf(&b, line, fmt.Sprintf("%-36d", i*7919))
	}
	b.WriteString(end)
	return b.Bytes()
}

// Binary is n times 40 bytes without a form.
func Binary(_ string, n int) []byte {
	out := make([]byte, n*40)
	rand.NewChaCha8([32]byte{1}).Read(out)
	return out
}

const lorem = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore"

// pick spreads i over 0 to n-1.
func pick(i, n int) int { return (i*7919 + 104729) % n }

// words returns a text of 10 to 90 characters.
func words(i int) string {
	t := lorem[:10+pick(i, 81)]
	if strings.HasSuffix(t, " ") {
		t = t[:len(t)-1] + "x"
	}
	return t
}
