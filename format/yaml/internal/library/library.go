// Package library asks the YAML library: with it other programs read our files, so
// what it refuses is no YAML, and what it writes is laid out as SOPS has it. Our
// parser is held to it by tests.
package library

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	lib "go.yaml.in/yaml/v3"

	"github.com/seed-1f7fdfb8/sops/format"
)

type node = lib.Node

const (
	mappingNode  = lib.MappingNode
	sequenceNode = lib.SequenceNode
	scalarNode   = lib.ScalarNode
	aliasNode    = lib.AliasNode

	taggedStyle  = lib.TaggedStyle
	doubleStyle  = lib.DoubleQuotedStyle
	literalStyle = lib.LiteralStyle
)

// Refusal returns what is wrong with a text in the words of the library, nil if it
// takes the text.
func Refusal(text []byte) error {
	_, err := parse(text)
	return err
}

// parse reads text. The nodes are documents; their lines and columns count
// from 1, columns in characters.
func parse(text []byte) (docs []*node, err error) {
	// The library reports some malformed texts by a panic.
	defer func() {
		if r := recover(); r != nil {
			docs, err = nil, &format.Error{Line: 1, Msg: "this is not valid YAML"}
		}
	}()
	d := lib.NewDecoder(bytes.NewReader(text))
	for {
		n := &node{}
		err := d.Decode(n)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, libraryError(text, err)
		}
		docs = append(docs, n)
	}
}

// emit writes documents as the library lays them out.
func emit(docs []*node, indent int) (out []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			out, err = nil, errors.New("yaml: the text cannot be written")
		}
	}()
	var b bytes.Buffer
	e := lib.NewEncoder(&b)
	e.SetIndent(indent)
	for _, d := range docs {
		if err := e.Encode(d); err != nil {
			return nil, fmt.Errorf("yaml: the text cannot be written: %w", err)
		}
	}
	if err := e.Close(); err != nil {
		return nil, fmt.Errorf("yaml: the text cannot be written: %w", err)
	}
	return b.Bytes(), nil
}
