package userfiles

import (
	"cmp"
	"crypto/x509"
	"encoding/pem"
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
	text, err := readFile(path)
	if err == nil && !holdsCertificate(text) {
		err = errors.New("there is no certificate in it")
	}
	if err != nil {
		return &BundleError{where, path, err}
	}
	return nil
}

// holdsCertificate reports whether a text in PEM has a certificate. The SDK reads
// all of them, which takes a while with those of a whole machine.
func holdsCertificate(text []byte) bool {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return false
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err == nil {
			return true
		}
	}
}
