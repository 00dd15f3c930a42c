// Package jsonvalue reads a value that is given as JSON: integers stay integers,
// maps keep their order, and no error shows a part of the value.
package jsonvalue

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// maxDepth is how deep maps and lists may be nested.
const maxDepth = 1000

// Parse reads the JSON of a value. The text is a secret and in no error.
func Parse(text string) (tree.Node, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	n, err := decodeValue(d, 0)
	if !utf8.ValidString(text) {
		err = errors.New("it is not UTF-8") // the decoder would replace what is wrong
	}
	if err == nil {
		if _, extra := d.Token(); extra != io.EOF {
			err = errors.New("there is text after it")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the value is not valid JSON: %w", jsonReason(err))
	}
	return n, nil
}

// jsonReason keeps the place of a syntax error and drops the rest, which may
// show parts of the value.
func jsonReason(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("at byte %d", syntax.Offset)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends too early")
	}
	return err
}

func decodeValue(d *json.Decoder, depth int) (tree.Node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("it is more than %d levels deep", maxDepth)
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			return decodeMap(d, depth+1)
		}
		return decodeList(d, depth+1)
	case string:
		return tree.Text(t), nil
	case bool:
		return tree.NewScalar(tree.BoolValue(t)), nil
	case json.Number:
		return number(string(t))
	}
	return tree.NewScalar(tree.Value{}), nil
}

func decodeMap(d *json.Decoder, depth int) (tree.Node, error) {
	m := &tree.Map{}
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := k.(string)
		if !ok {
			return nil, errors.New("a key is not a text")
		}
		v, err := decodeValue(d, depth)
		if err != nil {
			return nil, err
		}
		m.Put(name, v)
	}
	_, err := d.Token()
	return m, err
}

func decodeList(d *json.Decoder, depth int) (tree.Node, error) {
	l := &tree.List{}
	for d.More() {
		v, err := decodeValue(d, depth)
		if err != nil {
			return nil, err
		}
		l.Items = append(l.Items, v)
	}
	_, err := d.Token()
	return l, err
}

// number keeps integers integers, as far as they fit; SOPS made floats of them.
func number(text string) (tree.Node, error) {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return tree.NewScalar(tree.IntValue(i)), nil
	}
	if _, ok := new(big.Int).SetString(text, 10); ok {
		return nil, errors.New("the integer does not fit in 64 bits; write it as a text in quotes")
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, errors.New("the number does not fit in a 64-bit float")
	}
	return &tree.Scalar{Value: tree.FloatValue(f), Ref: tree.NoRef, Spelling: text}, nil
}
