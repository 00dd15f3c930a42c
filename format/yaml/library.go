package yaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	lib "go.yaml.in/yaml/v3"

	"github.com/seed-1f7fdfb8/sops/format"
)

// The library is what other readers read our files with: what it refuses is no
// YAML, and what it reads is what is there. Our parser is held to
// it by tests. Everything the rest of the package knows of it passes through this
// file.
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

// parseByLibrary reads text. The nodes are documents; their lines and columns count
// from 1, columns in characters.
func parseByLibrary(text []byte) (docs []*node, err error) {
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

// tagOf returns the tag that a plain scalar of this text has.
func tagOf(text string) string {
	n := node{Kind: scalarNode, Value: text}
	return n.ShortTag()
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
