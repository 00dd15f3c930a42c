package yamltext

// tokenKind is what the scanner finds.
type tokenKind uint8

const (
	noToken tokenKind = iota // after an error
	streamEnd
	directiveToken
	documentStart
	documentEnd
	blockEnd // a block collection ends before the next token
	blockEntry
	flowSequenceStart
	flowSequenceEnd
	flowMappingStart
	flowMappingEnd
	flowEntry
	keyToken
	valueToken
	aliasToken
	anchorToken
	tagToken
	scalarToken
	// These two stand for flags of a token.
	blockSequenceStart
	blockMappingStart
)

// Flags of a token say what begins at it. They are taken away one by one: first
// a block mapping begins, then its first key, then the token has its turn.
const (
	startsSequence = 1 << iota
	startsMapping
	startsKey
)

type token struct {
	kind       tokenKind
	style      Style
	flags      uint8
	start, end int32
	line       int32
	column     int32
	cooked     int32 // as in Node
	number     int32 // of the real tokens, from 1; 0 for the ends of blocks
	foot       int32 // ends of blocks: 1 + index in notes.groups
}

// turn returns what the token means now.
func (t *token) turn() tokenKind {
	if t.flags == 0 {
		return t.kind
	}
	switch {
	case t.flags&startsSequence != 0:
		return blockSequenceStart
	case t.flags&startsMapping != 0:
		return blockMappingStart
	}
	return keyToken
}
