package wire

import (
	"encoding/binary"
	"errors"
	"unicode/utf8"
)

// The messages need of proto3 only texts, bytes and messages, which all have the
// wire type 2: a tag, a length, and the bytes. Fields that are empty are left
// out, and those that are not known are skipped.

// Wire types.
const (
	typeVarint = 0
	typeFixed8 = 1
	typeBytes  = 2
	typeFixed4 = 5
)

var errMalformed = errors.New("the message is malformed")

// appendField appends a field of bytes, also an empty one.
func appendField(b []byte, number int, value []byte) []byte {
	b = binary.AppendUvarint(b, uint64(number)<<3|typeBytes)
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(b, value...)
}

// appendText appends a text, unless it is empty.
func appendText(b []byte, number int, text string) []byte {
	if text == "" {
		return b
	}
	return appendField(b, number, []byte(text))
}

// eachField calls f for every field of bytes. A field of another type is
// skipped.
func eachField(b []byte, f func(number int, value []byte) error) error {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		const maxNumber = 1<<29 - 1
		if n <= 0 || tag>>3 == 0 || tag>>3 > maxNumber {
			return errMalformed
		}
		b = b[n:]
		size, kind := uint64(0), tag&7
		switch kind {
		case typeVarint:
			if _, n = binary.Uvarint(b); n <= 0 {
				return errMalformed
			}
			size = uint64(n)
		case typeFixed8:
			size = 8
		case typeFixed4:
			size = 4
		case typeBytes:
			if size, n = binary.Uvarint(b); n <= 0 {
				return errMalformed
			}
			b = b[n:]
		default:
			return errMalformed // groups, which proto3 does not have
		}
		if size > uint64(len(b)) {
			return errMalformed
		}
		value := b[:size]
		b = b[size:]
		if kind != typeBytes {
			continue
		}
		if err := f(int(tag>>3), value); err != nil {
			return err
		}
	}
	return nil
}

// text returns a field that must be a text.
func text(value []byte) (string, error) {
	if !utf8.Valid(value) {
		return "", errMalformed
	}
	return string(value), nil
}
