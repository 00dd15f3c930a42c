package awskms

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// childKey is set where the test binary is to wrap under one key and end. Proxies
// and FIPS come from the environment of a process.
const childKey = "AWSKMS_TEST_CHILD_KEY"

func child() int {
	arn, role, _ := strings.Cut(os.Getenv(childKey), "+")
	m := keeper.New(keeper.KMS, "arn", arn, "role", role)
	if _, err := New(Options{Attempts: 1, Strict: true}).Wrap(context.Background(), m, dataKey()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// A hostRecorder is a proxy that ends TLS with a CA of its own, notes the hosts
// that are asked, and answers as KMS and STS do.
type hostRecorder struct {
	ca       tls.Certificate
	listener net.Listener

	mu    sync.Mutex
	hosts []string
}

func newHostRecorder(t *testing.T) *hostRecorder {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hosts"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	h := &hostRecorder{ca: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}}
	if h.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() { _ = h.listener.Close(); all.Wait() })
	all.Go(func() {
		for {
			c, err := h.listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { h.serve(c) })
		}
	})
	return h
}

// bundle writes the certificate that clients must trust.
func (h *hostRecorder) bundle(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.ca.Certificate[0]})
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// certificate makes one for a host.
func (h *hostRecorder) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{hello.ServerName},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, h.ca.Leaf, &key.PublicKey, h.ca.PrivateKey)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

func (h *hostRecorder) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	in := bufio.NewReader(c)
	connect, err := http.ReadRequest(in)
	if err != nil || connect.Method != http.MethodConnect {
		return
	}
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
	t := tls.Server(c, &tls.Config{GetCertificate: h.certificate, MinVersion: tls.VersionTLS12})
	r, err := http.ReadRequest(bufio.NewReader(t))
	if err != nil {
		return
	}
	body, _ := io.ReadAll(r.Body)
	scope, _, _ := strings.Cut(r.Header.Get("Authorization"), "/aws4_request")
	region := strings.Split(scope, "/")
	h.mu.Lock()
	h.hosts = append(h.hosts, r.Host+" signed for "+region[max(0, len(region)-2)])
	h.mu.Unlock()
	answer, kind := `{"CiphertextBlob":"AQ==","KeyId":"x"}`, "application/x-amz-json-1.1"
	if bytes.Contains(body, []byte("Action=AssumeRole")) {
		kind = "text/xml"
		answer = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIAX</AccessKeyId>` +
			`<SecretAccessKey>x</SecretAccessKey><SessionToken>x</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>` +
			`<AssumedRoleUser><Arn>arn:aws:sts::111111111111:assumed-role/ops/x</Arn><AssumedRoleId>x:x</AssumedRoleId></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>`
	}
	_, _ = fmt.Fprintf(t, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", kind, len(answer), answer)
}

// TestWhichHostsAreAsked runs the keeper under the settings of partitions, FIPS,
// dual stack and endpoints of VPCs, by way of a proxy that trusts its own CA alone.
// The hosts are those of spec 6.1, which AWS's own resolvers gave.
func TestWhichHostsAreAsked(t *testing.T) {
	t.Parallel()
	key := func(partition, region string) string {
		return "arn:" + partition + ":kms:" + region + ":111111111111:key/11111111-0000-0000-0000-000000000001+arn:" + partition + ":iam::111111111111:role/ops"
	}
	const fips, dual = "AWS_USE_FIPS_ENDPOINT=true", "AWS_USE_DUALSTACK_ENDPOINT=true"
	for _, test := range []struct {
		key      string
		env      []string
		sts, kms string // hosts
	}{
		{key: key("aws", "us-east-1"), sts: "sts.us-east-1.amazonaws.com", kms: "kms.us-east-1.amazonaws.com"},
		{key: key("aws", "eu-west-1"), sts: "sts.eu-west-1.amazonaws.com", kms: "kms.eu-west-1.amazonaws.com"},
		{key: key("aws-cn", "cn-north-1"), sts: "sts.cn-north-1.amazonaws.com.cn", kms: "kms.cn-north-1.amazonaws.com.cn"},
		{key: key("aws-us-gov", "us-gov-west-1"), sts: "sts.us-gov-west-1.amazonaws.com", kms: "kms.us-gov-west-1.amazonaws.com"},
		{key: key("aws-eusc", "eusc-de-east-1"), sts: "sts.eusc-de-east-1.amazonaws.eu", kms: "kms.eusc-de-east-1.amazonaws.eu"},
		{key: key("aws-iso", "us-iso-east-1"), sts: "sts.us-iso-east-1.c2s.ic.gov", kms: "kms.us-iso-east-1.c2s.ic.gov"},
		{key: key("aws-iso-b", "us-isob-east-1"), sts: "sts.us-isob-east-1.sc2s.sgov.gov", kms: "kms.us-isob-east-1.sc2s.sgov.gov"},
		{key: key("aws-iso-e", "eu-isoe-west-1"), sts: "sts.eu-isoe-west-1.cloud.adc-e.uk", kms: "kms.eu-isoe-west-1.cloud.adc-e.uk"},
		{key: key("aws-iso-f", "us-isof-south-1"), sts: "sts.us-isof-south-1.csp.hci.ic.gov", kms: "kms.us-isof-south-1.csp.hci.ic.gov"},
		{key: key("aws", "us-east-1"), env: []string{fips}, sts: "sts-fips.us-east-1.amazonaws.com", kms: "kms-fips.us-east-1.amazonaws.com"},
		{key: key("aws-us-gov", "us-gov-west-1"), env: []string{fips}, sts: "sts.us-gov-west-1.amazonaws.com", kms: "kms-fips.us-gov-west-1.amazonaws.com"},
		{key: key("aws", "eu-west-1"), env: []string{dual}, sts: "sts.eu-west-1.api.aws", kms: "kms.eu-west-1.api.aws"},
		{key: key("aws-cn", "cn-north-1"), env: []string{dual}, sts: "sts.cn-north-1.api.amazonwebservices.com.cn", kms: "kms.cn-north-1.api.amazonwebservices.com.cn"},
		{key: key("aws", "us-east-1"), env: []string{fips, dual}, sts: "sts-fips.us-east-1.api.aws", kms: "kms-fips.us-east-1.api.aws"},
		{
			key: key("aws", "us-east-1"), env: []string{"AWS_ENDPOINT_URL_KMS=https://vpce-1.kms.us-east-1.vpce.amazonaws.com"},
			sts: "sts.us-east-1.amazonaws.com", kms: "vpce-1.kms.us-east-1.vpce.amazonaws.com",
		},
		{
			key: key("aws", "eu-west-1"), env: []string{"AWS_ENDPOINT_URL_STS=https://vpce-2.sts.eu-west-1.vpce.amazonaws.com"},
			sts: "vpce-2.sts.eu-west-1.vpce.amazonaws.com", kms: "kms.eu-west-1.amazonaws.com",
		},
		{
			key: key("aws", "eu-west-1"), env: []string{"AWS_ENDPOINT_URL=https://wrong.invalid", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"},
			sts: "sts.eu-west-1.amazonaws.com", kms: "kms.eu-west-1.amazonaws.com",
		},
		{key: key("aws", "eu-west-1"), env: []string{"AWS_STS_REGIONAL_ENDPOINTS=legacy", "AWS_REGION=us-east-1"}, sts: "sts.eu-west-1.amazonaws.com", kms: "kms.eu-west-1.amazonaws.com"},
	} {
		t.Run(test.sts+" "+test.kms+" "+strings.Join(test.env, " "), func(t *testing.T) {
			t.Parallel()
			h := newHostRecorder(t)
			arn, _, _ := strings.Cut(test.key, "+")
			region := strings.Split(arn, ":")[3]
			c := exec.CommandContext(t.Context(), os.Args[0])
			c.Env = append([]string{
				childKey + "=" + test.key, "HOME=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true",
				"AWS_ACCESS_KEY_ID=AKIAALICE0000000", "AWS_SECRET_ACCESS_KEY=alice",
				"HTTPS_PROXY=http://" + h.listener.Addr().String(), "AWS_CA_BUNDLE=" + h.bundle(t),
			}, test.env...)
			if out, err := c.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			want := []string{test.sts + " signed for " + region, test.kms + " signed for " + region}
			if !slices.Equal(h.hosts, want) {
				t.Errorf("got %v, want %v", h.hosts, want)
			}
		})
	}
}
