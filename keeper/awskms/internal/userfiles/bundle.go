package userfiles

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// A BundleError is a file of certificates that cannot be used. The SDK does not
// say who named it.
type BundleError struct {
	where, path string
	err         error
}

func (e *BundleError) Error() string {
	return fmt.Sprintf("%s: %s: %v", e.where, hint.Line(e.path), e.err)
}

func (e *BundleError) Unwrap() error { return e.err }

// CheckBundle looks at the certificates that the SDK will trust.
func (p *Profile) CheckBundle(e env.Env) error {
	variable := e.Get("AWS_CA_BUNDLE")
	path := cmp.Or(variable, p.Shared.CustomCABundle)
	if path == "" {
		return nil
	}
	where := "AWS_CA_BUNDLE"
	if variable == "" {
		where = "ca_bundle of profile " + hint.Line(cmp.Or(p.Name, "default"))
	}
	pem, err := readFile(path)
	if err == nil && !x509.NewCertPool().AppendCertsFromPEM(pem) {
		err = errors.New("there is no certificate in it")
	}
	if err != nil {
		return &BundleError{where, path, err}
	}
	return nil
}
