// Package authority is a certificate authority that follows from a secret: the
// trust anchor of IAM Roles Anywhere, and what replaces the authorities of
// the web where devkms is a proxy that ends TLS.
package authority

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"sync"
	"time"
)

// An Authority makes certificates.
type Authority struct {
	Certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	random      io.Reader

	mu     sync.Mutex
	leaves map[string]*tls.Certificate // of servers, by host
}

// life is that of certificates. The clock of a world may be years ahead.
const life = 10 * 365 * 24 * time.Hour

// New derives the authority of the purpose from the secret.
func New(secret []byte, purpose string, now time.Time, random io.Reader) (*Authority, error) {
	sum := sha256.Sum256(append([]byte("devkms authority "+purpose+" "), secret...))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), sum[:])
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	a := &Authority{key: key, random: random, leaves: map[string]*tls.Certificate{}}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "devkms " + purpose}, NotBefore: now.Add(-life), NotAfter: now.Add(life),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(random, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	a.Certificate, err = x509.ParseCertificate(der)
	return a, err
}

// PEM is the certificate of the authority.
func (a *Authority) PEM() []byte { return certificatePEM(a.Certificate.Raw) }

func certificatePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// Server returns a certificate for a host.
func (a *Authority) Server(host string, now time.Time) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.leaves[host]; c != nil {
		return c, nil
	}
	der, key, err := a.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, now)
	if err != nil {
		return nil, err
	}
	a.leaves[host] = &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return a.leaves[host], nil
}

// Client returns the certificate of a machine with its key, as PEM.
func (a *Authority) Client(name string, now time.Time) (certificate, key []byte, err error) {
	der, private, err := a.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, now)
	if err != nil {
		return nil, nil, err
	}
	keyDER, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate: %w", err)
	}
	return certificatePEM(der), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}), nil
}

// leafLife is that of what the authority issues.
const leafLife = 365 * 24 * time.Hour

func (a *Authority) issue(template *x509.Certificate, now time.Time) ([]byte, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), a.random)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate: %w", err)
	}
	serial := make([]byte, 16)
	if _, err := io.ReadFull(a.random, serial); err != nil {
		return nil, nil, fmt.Errorf("certificate: %w", err)
	}
	serial[0] &= 0x7f
	template.SerialNumber = new(big.Int).SetBytes(serial)
	template.NotBefore, template.NotAfter = now.Add(-time.Hour), now.Add(leafLife)
	template.KeyUsage, template.BasicConstraintsValid = x509.KeyUsageDigitalSignature, true
	der, err := x509.CreateCertificate(a.random, template, a.Certificate, &key.PublicKey, a.key)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate: %w", err)
	}
	return der, key, nil
}
