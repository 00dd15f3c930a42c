package awskms

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// A bundleError is a file of certificates that cannot be used. The SDK does not
// say who named it.
type bundleError struct {
	where, path string
	err         error
}

func (e *bundleError) Error() string {
	return fmt.Sprintf("%s: %s: %v", e.where, hint.Line(e.path), e.err)
}

func (e *bundleError) Unwrap() error { return e.err }

// checkBundle looks at the certificates that the SDK will trust.
func checkBundle(e env.Env, p *profile) error {
	variable := e.Get("AWS_CA_BUNDLE")
	path := cmp.Or(variable, p.shared.CustomCABundle)
	if path == "" {
		return nil
	}
	where := "AWS_CA_BUNDLE"
	if variable == "" {
		where = "ca_bundle of profile " + hint.Line(cmp.Or(p.name, "default"))
	}
	pem, err := readFile(path)
	if err == nil && !x509.NewCertPool().AppendCertsFromPEM(pem) {
		err = errors.New("there is no certificate in it")
	}
	if err != nil {
		return &bundleError{where, path, err}
	}
	return nil
}
