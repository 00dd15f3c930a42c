package grpc

import (
	"context"
	"errors"
	"net/http"
	"strconv"
)

// A Handler answers calls of its methods, and no others.
type Handler struct {
	// Methods are called with the message of a request, by "/SERVICE/METHOD". The
	// context ends when the caller says so, or is gone.
	Methods map[string]func(ctx context.Context, message []byte) ([]byte, error)
	Max     int // the longest message; 0 means MaxMessage
}

// ServeHTTP answers one call.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || !isGRPC(r.Header) {
		http.Error(w, "this is a server of gRPC", http.StatusUnsupportedMediaType)
		return
	}
	w.Header().Set("Content-Type", contentType)
	reply, err := h.answer(r)
	if err == nil {
		_, err = w.Write(frame(reply))
	}
	e := errorOf(err)
	w.Header().Set(http.TrailerPrefix+headerStatus, strconv.Itoa(int(e.Code)))
	if e.Message != "" {
		w.Header().Set(http.TrailerPrefix+headerMessage, escape(e.Message))
	}
}

func (h *Handler) answer(r *http.Request) ([]byte, error) {
	method := h.Methods[r.URL.Path]
	if method == nil {
		return nil, Errorf(Unimplemented, "there is no method %q", r.URL.Path)
	}
	ctx := r.Context()
	if text := r.Header.Get(headerTimeout); text != "" {
		d, ok := parseTimeout(text)
		if !ok {
			return nil, Errorf(InvalidArgument, "the header grpc-timeout is malformed")
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	limit := h.Max
	if limit == 0 {
		limit = MaxMessage
	}
	message, err := readFrame(r.Body, limit)
	switch {
	case errors.Is(err, errTooLong):
		return nil, Errorf(ResourceExhausted, "%v: the limit is %d bytes", err, limit)
	case err != nil:
		return nil, Errorf(InvalidArgument, "%v", err)
	}
	return method(ctx, message)
}

// errorOf returns the status of what a method returned.
func errorOf(err error) *Error {
	var e *Error
	switch {
	case err == nil:
		return &Error{Code: OK}
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{DeadlineExceeded, err.Error()}
	case errors.Is(err, context.Canceled):
		return &Error{Canceled, err.Error()}
	}
	return &Error{Unknown, err.Error()}
}
