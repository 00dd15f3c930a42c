// Package grpc makes and answers unary calls of gRPC over the HTTP/2 of package
// net/http: one message goes there, one comes back. Messages are bytes; what is
// in them is for others to know.
//
//	answer, err := (&grpc.Client{HTTP: h, URL: "http://127.0.0.1:5000"}).Call(ctx, "/KeyService/Encrypt", request, 0)
//
// On the wire a call is a POST of the method with the content type
// application/grpc. A message has a prefix of five bytes: a flag, which is 0 as
// nothing is compressed here, and its length. The status is in the trailers
// grpc-status and grpc-message, or in the headers of an answer without a body.
package grpc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// A Code is the status of a call, with the numbers of gRPC.
type Code int

// The codes that are used here.
const (
	OK                Code = 0
	Canceled          Code = 1
	Unknown           Code = 2
	InvalidArgument   Code = 3
	DeadlineExceeded  Code = 4
	NotFound          Code = 5
	PermissionDenied  Code = 7
	ResourceExhausted Code = 8
	Unimplemented     Code = 12
	Internal          Code = 13
	Unavailable       Code = 14
)

// String returns the name of the code.
func (c Code) String() string {
	names := []string{
		"OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists", "PermissionDenied",
		"ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange", "Unimplemented", "Internal", "Unavailable", "DataLoss", "Unauthenticated",
	}
	if c < 0 || int(c) >= len(names) {
		return "code " + strconv.Itoa(int(c))
	}
	return names[c]
}

// An Error is a call that the server refused, or that failed there.
type Error struct {
	Code    Code
	Message string
}

// Errorf returns an Error.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{code, fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Code.String()
	}
	return e.Message
}

// Names of headers and trailers, and the content type.
const (
	contentType   = "application/grpc"
	headerStatus  = "Grpc-Status"
	headerMessage = "Grpc-Message"
	headerTimeout = "Grpc-Timeout"
)

// MaxMessage is the usual limit for the size of a message.
const MaxMessage = 64 << 10

const prefix = 5

// frame returns a message with its prefix.
func frame(message []byte) []byte {
	b := make([]byte, prefix, prefix+len(message))
	binary.BigEndian.PutUint32(b[1:], uint32(len(message)))
	return append(b, message...)
}

// errTooLong is a message over the limit.
var errTooLong = errors.New("the message is too long")

// readFrame reads the one message of a body.
func readFrame(body io.Reader, limit int) ([]byte, error) {
	var head [prefix]byte
	if _, err := io.ReadFull(body, head[:]); err != nil {
		return nil, fmt.Errorf("no message: %w", err)
	}
	if head[0] != 0 {
		return nil, errors.New("the message is compressed")
	}
	size := binary.BigEndian.Uint32(head[1:])
	if uint64(size) > uint64(limit) {
		return nil, errTooLong
	}
	message := make([]byte, size)
	if _, err := io.ReadFull(body, message); err != nil {
		return nil, fmt.Errorf("the message is cut off: %w", err)
	}
	if n, err := io.ReadFull(body, head[:1]); n > 0 || !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one message")
	}
	return message, nil
}

// escape writes a text as grpc-message has it: what is not printable ASCII, and
// the sign itself, as %XX.
func escape(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// unescape reads what escape writes. What is no %XX stays as it is.
func unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if n, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// maxTimeout is the most milliseconds that a header can say, in eight digits.
const maxTimeout = 99_999_999 * time.Millisecond

// formatTimeout returns a duration for the header.
func formatTimeout(d time.Duration) string {
	return strconv.FormatInt(max(1, min(d, maxTimeout).Milliseconds()), 10) + "m"
}

// parseTimeout reads the header; ok is false for what is none.
func parseTimeout(text string) (d time.Duration, ok bool) {
	const digits = 8
	units := map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second, 'm': time.Millisecond, 'u': time.Microsecond, 'n': time.Nanosecond}
	if len(text) < 2 || len(text) > digits+1 {
		return 0, false
	}
	last := len(text) - 1
	n, err := strconv.ParseUint(text[:last], 10, 32)
	unit, known := units[text[last]]
	if err != nil || !known {
		return 0, false
	}
	// 99,999,999 hours are more than a Duration holds.
	return time.Duration(min(n, uint64(1<<62/unit))) * unit, true
}
