package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"

	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// SetOptions are the options of Set and Unset.
type SetOptions struct {
	File
	Common
	Access
	Address    string
	Value      string // JSON
	ValueFile  bool   // Value is the path of a file that holds it
	ValueStdin bool
	Idempotent bool
}

// Set changes or adds one value of an encrypted file.
func (a *App) Set(ctx context.Context, o SetOptions) error {
	at, err := tree.ParseAddress(o.Address)
	if err != nil {
		return &Error{Code: codeSetFormat, Err: err}
	}
	text, err := a.value(ctx, o)
	if err != nil {
		return err
	}
	n, err := parseValue(text)
	if err != nil {
		return err
	}
	return a.change(ctx, o, func(opened *sops.Opened) (bool, error) {
		if o.Idempotent && len(opened.Trees()) > 0 {
			old, err := tree.Find(opened.Trees()[0], at)
			if err == nil && sameNode(old, n) {
				return false, nil
			}
		}
		return true, opened.Set(at, n)
	})
}

// Unset removes one value of an encrypted file.
func (a *App) Unset(ctx context.Context, o SetOptions) error {
	at, err := tree.ParseAddress(o.Address)
	if err != nil {
		return &Error{Code: codeSetFormat, Err: err}
	}
	return a.change(ctx, o, func(opened *sops.Opened) (bool, error) {
		err := opened.Unset(at)
		if o.Idempotent && errors.Is(err, tree.ErrNotFound) {
			return false, nil
		}
		return true, err
	})
}

// change opens a file under its lock, lets f change it and writes it back. A
// file whose content stays the same is left alone.
func (a *App) change(ctx context.Context, o SetOptions, f func(*sops.Opened) (changed bool, err error)) error {
	unlock, err := a.lock(ctx, o.Path)
	if err != nil {
		return err
	}
	defer unlock()
	s, err := a.readSealed(ctx, o.File, o.Common, codeReadInput)
	if err != nil {
		return err
	}
	if err := s.sameType("set"); err != nil {
		return err
	}
	opened, err := a.open(ctx, s, a.keepers(ctx, o.Access), o.Access)
	if err != nil {
		return err
	}
	before := opened.Plain()
	changed, err := f(opened)
	if err != nil {
		return s.name(err)
	}
	if !changed || bytes.Equal(before, opened.Plain()) {
		return nil
	}
	out, err := a.seal(opened)
	if err != nil {
		return s.name(err)
	}
	return a.write(s, Target{InPlace: true}, out, sealedMode)
}

// lock takes the right to rewrite the file. Where the file system has no locks,
// the check for changes before each write must do.
func (a *App) lock(ctx context.Context, path string) (unlock func(), err error) {
	unlock, err = atomicfile.Lock(ctx, a.abs(path), func(holder string) {
		a.warnf("%s is locked by %s; waiting", path, holder)
	})
	if errors.Is(err, errors.ErrUnsupported) {
		return func() {}, nil
	}
	return unlock, err
}

func (a *App) value(ctx context.Context, o SetOptions) (string, error) {
	switch {
	case o.ValueFile && o.ValueStdin:
		return "", fail(codeGeneric, "", "--value-file and --value-stdin exclude each other")
	case o.ValueStdin:
		b, err := a.readStdin(ctx)
		return string(b), err
	case o.ValueFile:
		f, err := atomicfile.Read(a.abs(o.Value))
		if err != nil {
			return "", err
		}
		return string(f.Data), nil
	}
	return o.Value, nil
}

// parseValue reads the JSON of a value. The text is a secret and in no error.
func parseValue(text string) (tree.Node, error) {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	n, err := decodeValue(d)
	if err == nil {
		if _, extra := d.Token(); extra != io.EOF {
			err = errors.New("there is text behind it")
		}
	}
	if err != nil {
		return nil, fail(codeSetFormat, `a text needs double quotes that the shell leaves alone: '"text"'`,
			"the value is not valid JSON: %w", jsonReason(err))
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

func decodeValue(d *json.Decoder) (tree.Node, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			return decodeMap(d)
		}
		return decodeList(d)
	case string:
		return tree.Text(t), nil
	case bool:
		return tree.NewScalar(tree.BoolValue(t)), nil
	case json.Number:
		return number(string(t))
	}
	return tree.NewScalar(tree.Value{}), nil
}

func decodeMap(d *json.Decoder) (tree.Node, error) {
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
		v, err := decodeValue(d)
		if err != nil {
			return nil, err
		}
		m.Put(name, v)
	}
	_, err := d.Token()
	return m, err
}

func decodeList(d *json.Decoder) (tree.Node, error) {
	l := &tree.List{}
	for d.More() {
		v, err := decodeValue(d)
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
	return tree.NewScalar(tree.FloatValue(f)), nil
}

func sameNode(a, b tree.Node) bool {
	wrap := func(n tree.Node) []*tree.Map { return []*tree.Map{{Items: []tree.Item{{Key: "v", Value: n}}}} }
	return tree.Diff(wrap(a), wrap(b)) == ""
}
