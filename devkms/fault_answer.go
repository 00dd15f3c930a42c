package devkms

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/endpoint"
)

const portalPage = "<html><head><title>devkms</title></head><body><h1>This is not the answer that you wait for</h1></body></html>\n"

// answer gives the call what its fault says instead of an answer.
func (f Fault) answer(w http.ResponseWriter, c *call) {
	switch f.Mode {
	case Refuse:
		hijack(w, func(conn *net.TCPConn, _ *bufio.ReadWriter) { abort(conn) })
	case Drop:
		hijack(w, func(*net.TCPConn, *bufio.ReadWriter) {})
	case Reset:
		hijack(w, func(conn *net.TCPConn, rw *bufio.ReadWriter) {
			fmt.Fprintf(rw, "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 1000\r\n\r\n{\"Plain")
			if rw.Flush() == nil {
				abort(conn)
			}
		})
	case Slow: // the caller or the server has gone meanwhile
		panic(http.ErrAbortHandler)
	case Hang:
		c.hang()
	case HangAfterHeaders:
		c.hangAfterHeaders(w)
	case InternalError:
		c.writeProblem(w, endpoint.Broken, &apierror.Error{Code: "KMSInternalException", Message: "The request was rejected because an internal exception occurred. (devkms fault)", Status: 500}, &apierror.Error{Code: "InternalFailure", Message: "devkms fault", Status: 500})
	case Throttle:
		c.writeProblem(w, endpoint.Throttled, tooFast(), apierror.Refuse("Throttling", "Rate exceeded"))
	case Deny:
		text := "The request was rejected by a fault of devkms."
		c.writeProblem(w, endpoint.Denied, apierror.Refuse("AccessDeniedException", "%s", text), apierror.Forbid("AccessDenied", "%s", text))
	case Expire:
		text := "The security token included in the request is expired"
		c.writeProblem(w, endpoint.Expired, apierror.Refuse("ExpiredTokenException", "%s", text), apierror.Forbid("ExpiredToken", "%s", text))
	case Unavailable:
		page(w, http.StatusServiceUnavailable)
	case Garbage:
		page(w, http.StatusOK)
	default:
		err := fmt.Errorf("there is no fault mode %q", f.Mode)
		c.writeProblem(w, endpoint.Broken, apierror.Internal("KMSInternalException", err), apierror.Internal("InternalFailure", err))
	}
}

// tooFast is the answer of KMS to too many requests.
func tooFast() *apierror.Error {
	return apierror.Refuse("ThrottlingException", "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.")
}

// writeProblem writes the error of the call's service.
func (c *call) writeProblem(w http.ResponseWriter, t endpoint.Trouble, ofKMS, ofSTS *apierror.Error) {
	switch {
	case c.unsigned != nil:
		c.unsigned.Fail(c.in, t).Write(w)
	case c.service == "sts":
		c.write(w, nil, ofSTS)
	default:
		c.write(w, nil, ofKMS)
	}
}

func page(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprint(w, portalPage)
}

// hangAfterHeaders pauses first: aws-sdk-go-v2 hangs up by itself if headers
// come before it has noticed that its own request is out.
func (c *call) hangAfterHeaders(w http.ResponseWriter) {
	if c.wait(10 * time.Millisecond) {
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(http.StatusOK)
		if http.NewResponseController(w).Flush() == nil {
			c.hang()
		}
	}
	panic(http.ErrAbortHandler)
}

// hang waits until the caller or the server goes away, then cuts the
// connection.
func (c *call) hang() {
	select {
	case <-c.request.Context().Done():
	case <-c.server.done:
	}
	panic(http.ErrAbortHandler)
}

// hijack takes the connection from the HTTP server, uses and closes it.
func hijack(w http.ResponseWriter, f func(*net.TCPConn, *bufio.ReadWriter)) {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		f(tcp, rw)
	}
	if conn.Close() != nil {
		return // it was closed already
	}
}

// abort makes the close that follows send RST instead of FIN.
func abort(conn *net.TCPConn) {
	if conn.SetLinger(0) != nil {
		return // the connection is gone already
	}
}
