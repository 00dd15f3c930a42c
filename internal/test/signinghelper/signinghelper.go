// Package signinghelper does what AWS's helper of IAM Roles Anywhere does for a
// credential_process: it signs a request with the key of a certificate and prints
// the credentials that come back.
package signinghelper

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Name is what profiles call the program.
const Name = "aws_signing_helper"

type options struct{ certificate, key, anchor, profile, role, region, endpoint string }

// Main is the program: credential-process with the options of AWS's helper.
func Main(args []string, stdout io.Writer) error {
	if len(args) == 0 || args[0] != "credential-process" {
		return errors.New("usage: " + Name + " credential-process ...")
	}
	var o options
	f := flag.NewFlagSet(Name, flag.ContinueOnError)
	f.StringVar(&o.certificate, "certificate", "", "")
	f.StringVar(&o.key, "private-key", "", "")
	f.StringVar(&o.anchor, "trust-anchor-arn", "", "")
	f.StringVar(&o.profile, "profile-arn", "", "")
	f.StringVar(&o.role, "role-arn", "", "")
	f.StringVar(&o.region, "region", "", "")
	f.StringVar(&o.endpoint, "endpoint", "", "")
	if err := f.Parse(args[1:]); err != nil {
		return err
	}
	return o.run(stdout)
}

func (o options) run(stdout io.Writer) error {
	r, err := o.request(time.Now().UTC())
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }() // it has been read
	var out struct {
		Message       string `json:"message"`
		CredentialSet []struct {
			Credentials struct{ AccessKeyID, SecretAccessKey, SessionToken, Expiration string } `json:"credentials"`
		} `json:"credentialSet"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&out); err != nil {
		return fmt.Errorf("%s: %w", answer.Status, err)
	}
	if len(out.CredentialSet) == 0 {
		return fmt.Errorf("%s: %s", answer.Status, out.Message)
	}
	c := out.CredentialSet[0].Credentials
	return json.NewEncoder(stdout).Encode(map[string]any{
		"Version": 1, "AccessKeyId": c.AccessKeyID, "SecretAccessKey": c.SecretAccessKey, "SessionToken": c.SessionToken, "Expiration": c.Expiration,
	})
}

// request is the request of a session, signed.
func (o options) request(now time.Time) (*http.Request, error) {
	certificate, err := block(o.certificate)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(certificate)
	if err != nil {
		return nil, err
	}
	der, err := block(o.key)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParseECPrivateKey(der)
	if err != nil {
		return nil, err
	}
	query := url.Values{"profileArn": {o.profile}, "roleArn": {o.role}, "trustAnchorArn": {o.anchor}}
	body := []byte(`{"durationSeconds":3600}`)
	r, err := http.NewRequest(http.MethodPost, o.endpoint+"/sessions?"+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	stamp := now.Format("20060102T150405Z")
	headers := [][2]string{
		{"content-type", "application/json"}, {"host", r.URL.Host}, {"x-amz-date", stamp}, {"x-amz-x509", base64.StdEncoding.EncodeToString(certificate)},
	}
	canonical, names := "POST\n/sessions\n"+query.Encode()+"\n", []string{}
	for _, h := range headers {
		r.Header.Set(h[0], h[1])
		canonical += h[0] + ":" + h[1] + "\n"
		names = append(names, h[0])
	}
	signed := strings.Join(names, ";")
	canonical += "\n" + signed + "\n" + digest(body)
	const algorithm = "AWS4-X509-ECDSA-SHA256"
	scope := stamp[:8] + "/" + o.region + "/rolesanywhere/aws4_request"
	sum := sha256.Sum256([]byte(strings.Join([]string{algorithm, stamp, scope, digest([]byte(canonical))}, "\n")))
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	r.Header.Set("Authorization", fmt.Sprintf("%s Credential=%s/%s, SignedHeaders=%s, Signature=%x", algorithm, parsed.SerialNumber, scope, signed, signature))
	return r, err
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func block(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	b, _ := pem.Decode(text)
	if b == nil {
		return nil, fmt.Errorf("%s: no PEM block", file)
	}
	return b.Bytes, nil
}
