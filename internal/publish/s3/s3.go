// Package s3 publishes files to Amazon S3, and to what speaks its protocol. The
// bytes of a file are those of its object.
package s3

import (
	"bytes"
	"context"
	"crypto/md5" // what S3 says of objects that others wrote
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/publish"
	"github.com/seed-1f7fdfb8/sops/internal/publish/awscall"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms"
)

// An Object is what a file becomes.
type Object struct {
	Bucket, Key string
	KMSKey      string // that S3 encrypts it with; "" is the default of the bucket
	Data        []byte
	// Connect returns the identity to be.
	Connect func(context.Context) (*awskms.Caller, error)
}

func (o *Object) String() string { return "s3://" + o.Bucket + "/" + o.Key }

// Compare asks S3 for what it knows of the object.
func (o *Object) Compare(ctx context.Context) (publish.Difference, error) {
	h := http.Header{"X-Amz-Checksum-Mode": {"ENABLED"}}
	answer, s, err := o.call(ctx, http.MethodHead, h, nil)
	switch {
	case err != nil:
		return publish.Difference{}, err
	case answer.OK() && answer.Header.Get("ETag") == "":
		return publish.Difference{}, &rest.ForeignError{Host: answer.Host, Status: answer.Status}
	case answer.OK() && o.isThere(answer.Header):
		return publish.Difference{State: publish.Same}, nil
	case answer.OK():
		return publish.Difference{State: publish.Changed}, nil
	case answer.Status == http.StatusNotFound: // or there is no such bucket, which the upload finds out
		return publish.Difference{State: publish.New}, nil
	case answer.Status == http.StatusForbidden:
		return publish.Difference{State: publish.Unknown}, nil
	}
	return publish.Difference{}, o.refused(s, "HeadObject", answer)
}

// isThere reports whether the object has our bytes. The ETag is their MD5 where
// the object was written at once and is not encrypted under a key of KMS.
func (o *Object) isThere(h http.Header) bool {
	if sum := h.Get("X-Amz-Checksum-Sha256"); sum != "" {
		return sum == o.sha256()
	}
	if strings.HasPrefix(h.Get("X-Amz-Server-Side-Encryption"), "aws:") {
		return false
	}
	sum := md5.Sum(o.Data)
	return h.Get("ETag") == `"`+hex.EncodeToString(sum[:])+`"`
}

func (o *Object) sha256() string {
	sum := sha256.Sum256(o.Data)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Write uploads the object. S3 refuses bytes that do not have the checksum.
func (o *Object) Write(ctx context.Context) error {
	h := http.Header{"Content-Type": {"application/octet-stream"}, "X-Amz-Checksum-Sha256": {o.sha256()}}
	if o.KMSKey != "" {
		h["X-Amz-Server-Side-Encryption"] = []string{"aws:kms"}
		h["X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"] = []string{o.KMSKey}
	}
	answer, s, err := o.call(ctx, http.MethodPut, h, o.Data)
	switch {
	case err != nil:
		return err
	case !answer.OK():
		return o.refused(s, "PutObject", answer)
	case answer.Header.Get("ETag") == "" || len(bytes.TrimSpace(answer.Body)) > 0:
		return &rest.ForeignError{Host: answer.Host, Status: answer.Status, Page: bytes.HasPrefix(answer.Body, []byte("<"))}
	}
	return nil
}

// call makes a call, once more in the region that the bucket is in.
func (o *Object) call(ctx context.Context, method string, h http.Header, body []byte) (*rest.Answer, *awscall.Service, error) {
	if err := o.check(); err != nil {
		return nil, nil, err
	}
	c, err := o.Connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	for n := 1; ; n++ {
		s := awscall.New(awscall.Service{Caller: c, Name: "s3"})
		answer, err := s.Do(ctx, nil, method, o.url(ctx, c), h, body)
		if err != nil {
			return nil, s, err
		}
		region := answer.Header.Get("X-Amz-Bucket-Region")
		if answer.OK() || n > 1 || region == "" || region == c.Region {
			return answer, s, nil
		}
		c = c.In(region)
	}
}

// check refuses names that would make another URL.
func (o *Object) check() error {
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$`).MatchString(o.Bucket) || strings.Contains(o.Bucket, "..") {
		return fmt.Errorf("s3_bucket: %q is not the name of a bucket", o.Bucket)
	}
	const most = 1024
	if len(o.Key) > most {
		return fmt.Errorf("the name of the object has %d bytes, and S3 takes %d", len(o.Key), most)
	}
	for part := range strings.SplitSeq(o.Key, "/") {
		if part == "." || part == ".." {
			return fmt.Errorf("the name of the object, %q, has a part that proxies take for a direction", o.Key)
		}
	}
	return nil
}

// url is that of the object. The certificate of S3 does not cover dots in the
// name of a bucket, and other servers seldom have a name for each.
func (o *Object) url(ctx context.Context, c *awskms.Caller) string {
	at, configured := c.Endpoint(ctx, "s3", "S3")
	if configured || strings.Contains(o.Bucket, ".") {
		return at + "/" + escape(o.Bucket) + "/" + escape(o.Key)
	}
	return strings.Replace(at, "https://", "https://"+o.Bucket+".", 1) + "/" + escape(o.Key)
}

// escape writes a name as signatures have it: nothing but these is as it is.
func escape(name string) string {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
	var b strings.Builder
	for i := range len(name) {
		if strings.IndexByte(plain, name[i]) >= 0 {
			b.WriteByte(name[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", name[i])
		}
	}
	return b.String()
}

// refused reads the XML of an answer that is no success; one to HEAD has none.
func (o *Object) refused(s *awscall.Service, action string, a *rest.Answer) error {
	var out struct {
		XMLName       xml.Name `xml:"Error"`
		Code, Message string
	}
	if err := xml.Unmarshal(a.Body, &out); err != nil && len(a.Body) > 0 {
		return &rest.ForeignError{Host: a.Host, Status: a.Status, Page: bytes.HasPrefix(bytes.TrimSpace(a.Body), []byte("<"))}
	}
	e := s.Refused(action, a.Status, out.Code, out.Message)
	if out.Code == "NoSuchBucket" {
		e.Advice = "create the bucket, or correct s3_bucket in the destination rule"
	}
	return e
}
