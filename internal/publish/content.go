package publish

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// Content is the decrypted content of a file, as a service keeps it: JSON, with
// types and without comments. It never prints itself.
type Content struct{ root map[string]any }

// NewContent returns the content of a file. Several documents make one map, as
// in SOPS, but for keys that two of them have.
func NewContent(documents []*tree.Map) (*Content, error) {
	root := map[string]any{}
	for _, d := range documents {
		document := map[string]any{}
		if err := addItems(document, nil, d); err != nil {
			return nil, err
		}
		for key, value := range document {
			if _, twice := root[key]; twice {
				return nil, duplicate(tree.Address{{Key: key, IsKey: true}})
			}
			root[key] = value
		}
	}
	if len(root) == 0 {
		return nil, errors.New("there are no values in it")
	}
	return &Content{root}, nil
}

func duplicate(at tree.Address) error {
	return fmt.Errorf("%s: duplicate key, and a destination keeps one value of it", at)
}

// addItems adds what m has. A key that m has twice must have maps both times, as
// sections of an INI file are.
func addItems(to map[string]any, at tree.Address, m *tree.Map) error {
	for _, item := range m.Items {
		if tree.IsComment(item.Value) {
			continue
		}
		here := with(at, tree.Step{Key: item.Key, IsKey: true})
		if was, twice := to[item.Key]; twice {
			first, isMap := was.(map[string]any)
			second, both := item.Value.(*tree.Map)
			if !isMap || !both {
				return duplicate(here)
			}
			if err := addItems(first, here, second); err != nil {
				return err
			}
			continue
		}
		if !utf8.ValidString(item.Key) {
			return fmt.Errorf("%s: the key is not text in UTF-8, as JSON has to have it", here)
		}
		v, err := valueOf(here, item.Value)
		if err != nil {
			return err
		}
		to[item.Key] = v
	}
	return nil
}

// valueOf returns a node as encoding/json has it.
func valueOf(at tree.Address, n tree.Node) (any, error) {
	switch n := n.(type) {
	case *tree.Map:
		m := map[string]any{}
		return m, addItems(m, at, n)
	case *tree.List:
		l := []any{}
		for _, item := range n.Items {
			if tree.IsComment(item) {
				continue
			}
			v, err := valueOf(with(at, tree.Step{Index: len(l)}), item)
			if err != nil {
				return nil, err
			}
			l = append(l, v)
		}
		return l, nil
	case *tree.Scalar:
		return scalarOf(at, n.Value)
	}
	return nil, nil
}

func scalarOf(at tree.Address, v tree.Value) (any, error) {
	switch v.Kind() {
	case tree.String:
		if !utf8.ValidString(v.Str()) {
			return nil, fmt.Errorf("%s: the value is not text in UTF-8, as JSON has to have it", at)
		}
		return v.Str(), nil
	case tree.Int:
		return json.Number(strconv.FormatInt(v.Int(), 10)), nil
	case tree.Float:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, fmt.Errorf("%s: JSON has no such number", at)
		}
		text, err := json.Marshal(v.Float())
		return json.Number(text), err
	case tree.Bool:
		return v.Bool(), nil
	case tree.Time:
		return v.Time().Format(time.RFC3339Nano), nil
	}
	return nil, nil
}

// JSON returns the content as one object, always in the same order.
func (c *Content) JSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(c.root); err != nil {
		return nil, errors.New("it cannot be written as JSON") // err may quote a value
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Decode reads what a service keeps. It returns nil for what is no JSON object,
// which differs from every content.
func Decode(text []byte) any {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var m map[string]any
	if d.Decode(&m) != nil || m == nil || d.More() {
		return nil
	}
	return m
}

// A Leaf is one value, for services that keep each under a name of its own.
type Leaf struct {
	Name string // the keys above it and its own, with slashes between
	At   string // its address in the file
	Text string
}

// Leaves returns all values, in the order of their names.
func (c *Content) Leaves() ([]Leaf, error) {
	all, err := leaves(nil, nil, c.root)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b Leaf) int { return strings.Compare(a.Name, b.Name) })
	for i := range all[1:] {
		if a, b := all[i], all[i+1]; a.Name == b.Name {
			return nil, fmt.Errorf("%s and %s would have the same name at the destination, %q", a.At, b.At, a.Name)
		}
	}
	return all, nil
}

func leaves(all []Leaf, at tree.Address, v any) ([]Leaf, error) {
	below, isContainer := children(v)
	for _, child := range below {
		var err error
		if all, err = leaves(all, with(at, child.step), child.value); err != nil {
			return nil, err
		}
	}
	if isContainer {
		return all, nil
	}
	text := ""
	switch v := v.(type) {
	case string:
		text = v
	case json.Number:
		text = v.String()
	case bool:
		text = strconv.FormatBool(v)
	}
	if text == "" {
		return nil, fmt.Errorf("%s: the value is empty, which the destination does not take", at)
	}
	return append(all, Leaf{nameOf(at), at.String(), text}), nil
}

func nameOf(at tree.Address) string {
	parts := make([]string, len(at))
	for i, s := range at {
		if parts[i] = s.Key; !s.IsKey {
			parts[i] = strconv.Itoa(s.Index)
		}
	}
	return strings.Join(parts, "/")
}

// A child is what a map or a list has at one place.
type child struct {
	step  tree.Step
	value any
}

// children returns what a map or a list has, maps in the order of their keys.
func children(v any) (all []child, isContainer bool) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			all = append(all, child{tree.Step{Key: key, IsKey: true}, v[key]})
		}
		return all, true
	case []any:
		for i, value := range v {
			all = append(all, child{tree.Step{Index: i}, value})
		}
		return all, true
	}
	return nil, false
}

func isList(v any) bool {
	_, ok := v.([]any)
	return ok
}

// sameScalar reports whether two values are the same, of numbers whatever their
// spelling: services write 1.0 as 1.
func sameScalar(a, b any) bool {
	x, isNumber := a.(json.Number)
	y, both := b.(json.Number)
	if !isNumber || !both || x == y {
		return a == b
	}
	i, err := strconv.ParseInt(x.String(), 10, 64)
	j, err2 := strconv.ParseInt(y.String(), 10, 64)
	if err == nil && err2 == nil {
		return i == j
	}
	f, err := x.Float64()
	g, err2 := y.Float64()
	return err == nil && err2 == nil && f == g
}
