package grpc

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A Client calls the methods of one server.
type Client struct {
	HTTP *http.Client // speaks HTTP/2; see Transport
	URL  string       // http://HOST:PORT, or https
	Max  int          // the longest answer; 0 means MaxMessage
}

// Transport returns connections of HTTP/2 alone, through no proxy. The caller
// says how they are dialled, and how TLS is done.
func Transport() *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Transport{Protocols: &protocols, DisableCompression: true, MaxResponseHeaderBytes: MaxMessage}
}

// Call makes a call. The server gets to know how much time it has, unless that is 0.
// The error is an *Error where the server answered as a server of gRPC does.
func (c *Client) Call(ctx context.Context, method string, message []byte, timeout time.Duration) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+method, bytes.NewReader(frame(message)))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Te", "trailers")
	r.Header.Set("User-Agent", "sops")
	if timeout > 0 {
		r.Header.Set(headerTimeout, formatTimeout(timeout))
	}
	answer, err := c.HTTP.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK || !isGRPC(answer.Header) {
		return nil, fmt.Errorf("it answered %s, and not as a server of gRPC does", answer.Status)
	}
	if answer.Header.Get(headerStatus) != "" {
		// The status of an answer without a body, which no success is.
		return nil, status(answer.Header)
	}
	limit := c.Max
	if limit == 0 {
		limit = MaxMessage
	}
	reply, err := readFrame(answer.Body, limit)
	if refused := status(answer.Trailer); refused != nil && len(answer.Trailer[headerStatus]) > 0 {
		return nil, refused
	}
	if err != nil {
		return nil, fmt.Errorf("a damaged answer: %w", err)
	}
	if len(answer.Trailer[headerStatus]) == 0 {
		return nil, fmt.Errorf("a damaged answer: it has no status")
	}
	return reply, nil
}

// status returns the error that headers or trailers hold, nil for a success.
func status(h http.Header) error {
	code, err := strconv.ParseUint(h.Get(headerStatus), 10, 16)
	switch {
	case err != nil:
		return Errorf(Unknown, "a status that is no number")
	case code == uint64(OK):
		return nil
	}
	return &Error{Code(code), unescape(h.Get(headerMessage))}
}

func isGRPC(h http.Header) bool {
	rest, ok := strings.CutPrefix(h.Get("Content-Type"), contentType)
	return ok && (rest == "" || rest[0] == '+' || rest[0] == ';')
}
