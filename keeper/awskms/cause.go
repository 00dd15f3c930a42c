package awskms

import (
	"cmp"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/process"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/session"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/userfiles"
)

// A Cause is the kind of thing that stopped an attempt.
type Cause string

// Causes.
const (
	NoProfile      Cause = "no such profile"
	BadProfile     Cause = "bad profile"
	BadBundle      Cause = "bad CA bundle"
	NoCredentials  Cause = "no credentials"
	NotLoggedIn    Cause = "not logged in"
	NoMFA          Cause = "no MFA code"
	WrongMFA       Cause = "wrong MFA code"
	ProcessFailed  Cause = "credential_process failed"
	RoleDenied     Cause = "role denied"
	STSFailed      Cause = "STS failed"
	Stale          Cause = "credentials refused"
	Skewed         Cause = "clock is wrong"
	KeyDenied      Cause = "key denied"
	KeyDisabled    Cause = "key disabled"
	KeyDeleted     Cause = "key pending deletion"
	KeyUnusable    Cause = "key unusable"
	NotFound       Cause = "key not found"
	WrongKey       Cause = "wrong key"
	BadCiphertext  Cause = "ciphertext or context wrong"
	Throttled      Cause = "throttled"
	Silent         Cause = "no answer"
	Unreachable    Cause = "unreachable"
	ServiceFailed  Cause = "KMS failed"
	RequestRefused Cause = "request refused"
)

// personal reports whether another identity might succeed. Only what keeps an
// identity from asking, or a denial, is a reason to be another one.
func (c Cause) personal() bool {
	switch c {
	case NoProfile, BadProfile, NoCredentials, NotLoggedIn, NoMFA, WrongMFA, ProcessFailed, RoleDenied, STSFailed, Stale, KeyDenied:
		return true
	}
	return false
}

// regional reports whether the key's sibling in another region might do.
func (c Cause) regional() bool {
	switch c {
	case Silent, Unreachable, ServiceFailed, Throttled, NotFound, KeyDisabled, KeyDeleted, KeyUnusable, STSFailed:
		return true
	}
	return false
}

func causeOf(a *Attempt, e env.Env, s *session.Session, err error) Cause {
	var bundle *userfiles.BundleError
	switch {
	case errors.As(err, &bundle):
		return BadBundle
	case a.Call == "profile" && userfiles.Missing(err, cmp.Or(a.Profile, userfiles.AskedProfile(e))):
		return NoProfile
	case a.Call == "profile":
		return BadProfile
	case strings.HasPrefix(a.Call, "kms:"):
		return causeOfKMS(a, err)
	}
	return causeOfCredentials(a, s, err)
}

func causeOfCredentials(a *Attempt, s *session.Session, err error) Cause {
	var mfa *session.MFAError
	var failed *process.Error
	switch {
	case skewed(a):
		return Skewed
	case errors.As(err, &mfa):
		return NoMFA
	case errors.As(err, &failed):
		return ProcessFailed
	case session.WrongCode(a.Message):
		return WrongMFA
	case a.Code == "AccessDenied":
		return RoleDenied
	case stale(a.Code):
		return Stale
	case strings.HasPrefix(a.Call, "sts:AssumeRole") && a.Code != "":
		return STSFailed
	case strings.HasPrefix(a.Call, "sts:AssumeRole") && (expired(err) || unreachable(a)):
		return STSFailed
	case s.Profile.Process() != "" && a.Call == "credentials" && expired(err):
		return ProcessFailed
	case s.Profile.Login() != "" && !expired(err) && !unreachable(a):
		return NotLoggedIn
	}
	return NoCredentials
}

func causeOfKMS(a *Attempt, err error) Cause {
	if skewed(a) {
		return Skewed
	}
	if stale(a.Code) {
		return Stale
	}
	switch a.Code {
	case "AccessDeniedException", "AccessDenied":
		return KeyDenied
	case "DisabledException":
		return KeyDisabled
	case "KMSInvalidStateException":
		if strings.Contains(a.Message, "pending deletion") {
			return KeyDeleted
		}
		return KeyUnusable
	case "NotFoundException":
		return NotFound
	case "IncorrectKeyException":
		return WrongKey
	case "InvalidCiphertextException":
		return BadCiphertext
	case "ThrottlingException", "Throttling", "TooManyRequestsException", "LimitExceededException", "RequestLimitExceeded":
		return Throttled
	case "KMSInternalException", "DependencyTimeoutException", "KeyUnavailableException", "InternalFailure", "ServiceUnavailable", "UnknownError":
		return ServiceFailed
	case "":
		return causeOfSilence(a, err)
	}
	return RequestRefused
}

func causeOfSilence(a *Attempt, err error) Cause {
	var canceled *aws.RequestCanceledError
	switch {
	case expired(err) || errors.As(err, &canceled):
		return Silent
	case unreachable(a):
		return Unreachable
	}
	return ServiceFailed
}

// unreachable reports whether the words are those of a connection that was not
// made or broke.
func unreachable(a *Attempt) bool {
	return strings.Contains(a.Message, "dial ") || strings.Contains(a.Message, "read tcp") ||
		strings.Contains(a.Message, "EOF") || strings.Contains(a.Message, "tls:") || strings.Contains(a.Message, "x509:")
}

// stale reports whether AWS does not know the credentials, or no longer.
func stale(code string) bool {
	switch code {
	case "UnrecognizedClientException", "InvalidClientTokenId", "ExpiredTokenException", "ExpiredToken",
		"InvalidSignatureException", "SignatureDoesNotMatch", "MissingAuthenticationToken",
		"MissingAuthenticationTokenException", "IncompleteSignature", "IncompleteSignatureException":
		return true
	}
	return false
}

// skewed reports whether AWS found the signature too old or too new.
func skewed(a *Attempt) bool {
	return a.Code == "RequestTimeTooSkewed" || a.Code == "RequestExpired" || tooOld(a.Message)
}

// tooOld reports whether the words of AWS are about the date of a signature.
func tooOld(message string) bool {
	return strings.Contains(message, "Signature expired") || strings.Contains(message, "Signature not yet current")
}
