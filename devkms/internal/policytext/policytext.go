// Package policytext reads the JSON of policies, strictly, and names the element
// that is wrong.
package policytext

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// An Object is a JSON object that remembers the order of its keys, so that
// errors come in reading order, and that cannot hold a key twice.
type Object struct {
	At     int64 // where it begins
	Keys   []string
	Values map[string]any
}

// maxDepth is far above what a policy needs and far below what would hurt.
const maxDepth = 24

// Decode reads exactly one JSON value: *Object, []any, string,
// json.Number, bool or nil.
func Decode(text string) (any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	v, err := decodeValue(d, nil)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, &Error{Reason: "text follows the JSON value"}
	}
	return v, nil
}

func decodeValue(d *json.Decoder, path []string) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, &Error{Path: path, Reason: "not valid JSON: " + jsonReason(err)}
	}
	if len(path) > maxDepth {
		return nil, &Error{Path: path[:3], Reason: "nested too deeply"}
	}
	switch t {
	case json.Delim('{'):
		return decodeObject(d, path)
	case json.Delim('['):
		return decodeList(d, path)
	}
	return t, nil
}

func decodeObject(d *json.Decoder, path []string) (*Object, error) {
	o := &Object{At: d.InputOffset() - 1, Values: map[string]any{}}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, &Error{Path: path, Reason: "not valid JSON: " + jsonReason(err)}
		}
		k, _ := t.(string)
		if _, twice := o.Values[k]; twice {
			return nil, &Error{Path: Below(path, k), Reason: "appears twice"}
		}
		v, err := decodeValue(d, Below(path, k))
		if err != nil {
			return nil, err
		}
		o.Keys = append(o.Keys, k)
		o.Values[k] = v
	}
	return o, endOf(d, path)
}

func decodeList(d *json.Decoder, path []string) ([]any, error) {
	list := []any{}
	for d.More() {
		v, err := decodeValue(d, Below(path, strconv.Itoa(len(list))))
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, endOf(d, path)
}

func endOf(d *json.Decoder, path []string) error {
	if _, err := d.Token(); err != nil {
		return &Error{Path: path, Reason: "not valid JSON: " + jsonReason(err)}
	}
	return nil
}

func jsonReason(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "it ends too early"
	}
	return err.Error()
}

// Below returns a new path, one step deeper; it never shares memory.
func Below(path []string, step string) []string {
	return append(path[:len(path):len(path)], step)
}

// An Error says which element of a policy is wrong, and why.
type Error struct {
	Path   []string // such as Statement, 0, Condition
	Reason string
}

func (e *Error) Error() string {
	if len(e.Path) == 0 {
		return e.Reason
	}
	var b strings.Builder
	for i, step := range e.Path {
		if _, err := strconv.Atoi(step); err == nil {
			fmt.Fprintf(&b, "[%s]", step)
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(step)
	}
	return b.String() + ": " + e.Reason
}
