// Package gcs publishes files to Google Cloud Storage. The bytes of a file are
// those of its object.
package gcs

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/publish"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
	"github.com/seed-1f7fdfb8/sops/keeper/gcpkms"
)

// Variables that say where the service is. An emulator is called without a
// token, as the libraries of Google do.
const (
	varEndpoint = "SOPS_GCS_ENDPOINT"
	varEmulator = "STORAGE_EMULATOR_HOST"
)

// An Object is what a file becomes.
type Object struct {
	Bucket, Name string
	Data         []byte
	Caller       *gcpkms.Caller

	generation string // of what is there, "0" if nothing is, "" if it is not known
}

func (o *Object) String() string { return "gcs://" + o.Bucket + "/" + o.Name }

// A resource is what the service says of an object.
type resource struct {
	Bucket, Name, Generation string
	MD5                      string `json:"md5Hash"`
	CRC                      string `json:"crc32c"`
}

// Compare asks the service for what it knows of the object.
func (o *Object) Compare(ctx context.Context) (publish.Difference, error) {
	there, answer, err := o.read(ctx)
	switch {
	case err != nil:
		return publish.Difference{}, err
	case answer.Status == http.StatusNotFound: // or there is no such bucket, which the upload finds out
		o.generation = "0"
		return publish.Difference{State: publish.New}, nil
	case answer.Status == http.StatusForbidden:
		return publish.Difference{State: publish.Unknown}, nil
	case !answer.OK():
		return publish.Difference{}, o.Caller.Refused(ctx, answer, "storage.objects.get")
	}
	o.generation = there.Generation
	if o.isThere(there) {
		return publish.Difference{State: publish.Same}, nil
	}
	return publish.Difference{State: publish.Changed}, nil
}

func (o *Object) read(ctx context.Context) (there resource, answer *gcpkms.Answer, err error) {
	at, err := o.endpoint()
	if err != nil {
		return there, nil, err
	}
	target := at + "/storage/v1/b/" + url.PathEscape(o.Bucket) + "/o/" + url.PathEscape(o.Name) + "?fields=bucket,name,generation,md5Hash,crc32c"
	answer, err = o.call(ctx, gcpkms.Call{Method: http.MethodGet, URL: target})
	if err != nil || !answer.OK() {
		return there, answer, err
	}
	return there, answer, o.decode(answer, &there)
}

// decode reads what an answer says of this object, and not of another.
func (o *Object) decode(answer *gcpkms.Answer, to *resource) error {
	if err := answer.Decode(to); err != nil {
		return err
	}
	if to.Bucket != o.Bucket || to.Name != o.Name || to.Generation == "" {
		return &rest.ForeignError{Host: answer.Host, Status: answer.Status}
	}
	return nil
}

// isThere reports whether the object has our bytes. One that was composed has no
// MD5, and then counts as changed.
func (o *Object) isThere(r resource) bool {
	sum := md5.Sum(o.Data) // the only strong checksum that the service keeps
	return r.MD5 == base64.StdEncoding.EncodeToString(sum[:])
}

func (o *Object) crc() string {
	sum := crc32.Checksum(o.Data, crc32.MakeTable(crc32.Castagnoli))
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum))
}

// Write uploads the object, in the place of the one that was compared and of no
// other. The service refuses bytes that do not have the checksum.
func (o *Object) Write(ctx context.Context) error {
	at, err := o.endpoint()
	if err != nil {
		return err
	}
	target := at + "/upload/storage/v1/b/" + url.PathEscape(o.Bucket) + "/o?uploadType=media&name=" + url.QueryEscape(o.Name)
	if o.generation != "" {
		target += "&ifGenerationMatch=" + url.QueryEscape(o.generation)
	}
	h := http.Header{"Content-Type": {"application/octet-stream"}, "X-Goog-Hash": {"crc32c=" + o.crc()}}
	answer, err := o.call(ctx, gcpkms.Call{Method: http.MethodPost, URL: target, Header: h, Body: o.Data})
	switch {
	case err != nil:
		return err
	case answer.Status == http.StatusPreconditionFailed:
		return o.conflict(ctx)
	case !answer.OK():
		return o.Caller.Refused(ctx, answer, "storage.objects.create")
	}
	var written resource
	if err := o.decode(answer, &written); err != nil {
		return err
	}
	if written.CRC != o.crc() {
		return fmt.Errorf("%s: what the service has written has another checksum", answer.Host)
	}
	return nil
}

// conflict finds out whether it was our own first attempt, whose answer was
// lost, that changed the object meanwhile.
func (o *Object) conflict(ctx context.Context) error {
	if there, answer, err := o.read(ctx); err == nil && answer.OK() && o.isThere(there) {
		return nil
	}
	return publish.ErrConflict
}

// endpoint returns the URL of the service without a slash at its end.
func (o *Object) endpoint() (string, error) {
	if !regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$`).MatchString(o.Bucket) {
		return "", fmt.Errorf("gcs_bucket: %q is not the name of a bucket", o.Bucket)
	}
	if at := o.Caller.Setting(varEmulator); at != "" {
		if !strings.Contains(at, "://") {
			at = "http://" + at
		}
		return strings.TrimRight(at, "/"), nil
	}
	at := o.Caller.Setting(varEndpoint)
	if at == "" {
		return o.Caller.Host("storage"), nil
	}
	if err := rest.CheckURL(at); err != nil {
		return "", fmt.Errorf("%s: %w", varEndpoint, err)
	}
	return strings.TrimRight(at, "/"), nil
}

// call makes a call, with a token unless it is an emulator that is called.
func (o *Object) call(ctx context.Context, c gcpkms.Call) (*gcpkms.Answer, error) {
	c.Anonymous = o.Caller.Setting(varEmulator) != ""
	return o.Caller.Do(ctx, c)
}
