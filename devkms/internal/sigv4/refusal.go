package sigv4

import (
	"fmt"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
)

// A refusal is a refusal before any policy is asked. KMS and STS use
// other codes and statuses for the same thing.
type refusal int

const (
	missingToken refusal = iota
	incomplete
	unknownKey
	wrongSignature
	badScope
	skewed
	expired
)

func (e refusal) in(service, detail string) *apierror.Error {
	kms := map[refusal]string{
		missingToken: "MissingAuthenticationTokenException", incomplete: "IncompleteSignatureException",
		unknownKey: "UnrecognizedClientException", wrongSignature: "InvalidSignatureException",
		badScope: "InvalidSignatureException", skewed: "InvalidSignatureException", expired: "ExpiredTokenException",
	}
	sts := map[refusal]string{
		missingToken: "MissingAuthenticationToken", incomplete: "IncompleteSignature",
		unknownKey: "InvalidClientTokenId", wrongSignature: "SignatureDoesNotMatch",
		badScope: "SignatureDoesNotMatch", skewed: "SignatureDoesNotMatch", expired: "ExpiredToken",
	}
	text := e.text(detail)
	if service == "sts" {
		if e == incomplete {
			return apierror.Refuse(sts[e], "%s", text)
		}
		return apierror.Forbid(sts[e], "%s", text)
	}
	return apierror.Refuse(kms[e], "%s", text)
}

func (e refusal) text(detail string) string {
	switch e {
	case missingToken:
		return "Missing Authentication Token"
	case unknownKey:
		return "The security token included in the request is invalid."
	case expired:
		return "The security token included in the request is expired"
	case wrongSignature:
		return "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	}
	return detail
}

// skew words the refusal of a date that is too far from now.
func skew(at, now time.Time) string {
	switch {
	case at.Before(now.Add(-maxSkew)):
		return fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 5 min.)", at.Format(sigTime), now.Add(-maxSkew).Format(sigTime), now.Format(sigTime))
	case at.After(now.Add(maxSkew)):
		return fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 5 min.)", at.Format(sigTime), now.Add(maxSkew).Format(sigTime), now.Format(sigTime))
	}
	return ""
}
