package sigv4

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
)

// Errors of a lookup. Any other one counts as ErrUnknown.
var (
	ErrExpired = errors.New("the session has expired")
	ErrUnknown = errors.New("no such credential")
)

// A Verifier finds out which access key has signed a request.
type Verifier struct {
	signer *v4.Signer
	now    func() time.Time
}

// New returns a verifier with the clock that the callers share.
func New(now func() time.Time) *Verifier { return &Verifier{v4.NewSigner(), now} }

// A Lookup finds the secret of an access key, of a session's together with its
// token.
type Lookup func(accessKey, token string) (string, error)

// Verify checks the signature of a request to the service, or words the
// refusal.
func (v *Verifier) Verify(r *http.Request, service string, body []byte, secret Lookup) *apierror.Error {
	header := r.Header.Get("Authorization")
	if header == "" {
		return missingToken.in(service, "")
	}
	a, problem := Parse(header)
	if problem != "" {
		return incomplete.in(service, problem)
	}
	at, refused := a.checkScope(r.Header.Get("X-Amz-Date"), service)
	if refused != nil {
		return refused
	}
	if text := skew(at, v.now().UTC()); text != "" {
		return skewed.in(service, text)
	}
	known, err := secret(a.AccessKey, r.Header.Get("X-Amz-Security-Token"))
	switch {
	case errors.Is(err, ErrExpired):
		return expired.in(service, "")
	case err != nil:
		return unknownKey.in(service, "")
	case !verify(v.signer, r, body, a, known, at):
		return wrongSignature.in(service, "")
	}
	return nil
}

// checkScope holds the scope of the signature against the date and the
// service of the request, and returns the date.
func (a Authorization) checkScope(stamp, service string) (time.Time, *apierror.Error) {
	at, err := time.Parse(sigTime, stamp)
	switch {
	case err != nil:
		return at, incomplete.in(service, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	case a.Service != service:
		return at, badScope.in(service, fmt.Sprintf("Credential should be scoped to correct service: '%s'.", service))
	case !awsname.IsRegion(a.Region):
		return at, badScope.in(service, "Credential should be scoped to a valid region.")
	case !strings.HasPrefix(stamp, a.Date):
		return at, badScope.in(service, fmt.Sprintf("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s'.", a.Date, stamp[:8]))
	}
	return at, nil
}
