package scan

import "github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/scalar"

// Kind is what a token is.
type Kind uint8

// The kinds of tokens.
const (
	NoToken Kind = iota // after an error
	StreamEnd
	Directive
	DocumentStart
	DocumentEnd
	BlockEnd // a block collection ends before the next token
	BlockEntry
	FlowSequenceStart
	FlowSequenceEnd
	FlowMappingStart
	FlowMappingEnd
	FlowEntry
	Key
	Value
	Alias
	Anchor
	Tag
	Scalar
	// These two stand for flags of a token.
	BlockSequenceStart
	BlockMappingStart
)

// Flags of a token say what begins at it. They are taken away one by one: first
// a block mapping begins, then its first key, then the token has its turn.
const (
	StartsSequence = 1 << iota
	StartsMapping
	StartsKey
)

// A Token is what the scanner finds.
type Token struct {
	Kind       Kind
	Style      scalar.Style
	Flags      uint8
	Start, End int32
	Line       int32
	Column     int32
	Cooked     int32 // 1 + index in Scanner.Cooked, 0 if the value is as written
	Number     int32 // of the real tokens, from 1; 0 for the ends of blocks
	Foot       int32 // ends of blocks: for whoever watches gaps
}

// Turn returns what the token means now.
func (t *Token) Turn() Kind {
	if t.Flags == 0 {
		return t.Kind
	}
	switch {
	case t.Flags&StartsSequence != 0:
		return BlockSequenceStart
	case t.Flags&StartsMapping != 0:
		return BlockMappingStart
	}
	return Key
}
