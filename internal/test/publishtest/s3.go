package publishtest

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"net/http"
	"strings"
)

type bucket struct {
	region  string
	objects map[string]Object
}

// An Object is what a bucket has.
type Object struct {
	Data        []byte
	ContentType string
	KMSKey      string
	SHA256      string // the checksum that it was uploaded with, "" if with none
}

// AddBucket makes a bucket.
func (s *Server) AddBucket(name, region string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buckets[name] = &bucket{region, map[string]Object{}}
}

// Object returns an object, and whether it is there.
func (s *Server) Object(bucketName, key string) (o Object, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[bucketName]; b != nil {
		o, ok = b.objects[key]
	}
	return o, ok
}

// s3 serves HEAD, GET and PUT of /BUCKET/KEY.
func (s *Server) s3(w http.ResponseWriter, r *http.Request, sc scope, body []byte) {
	action := map[string]string{http.MethodHead: "HeadObject", http.MethodGet: "GetObject", http.MethodPut: "PutObject"}[r.Method]
	name, objectKey, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if action == "" || !ok || objectKey == "" {
		s.complain(r, "no operation of S3 that is known here")
		refuse("MethodNotAllowed", http.StatusMethodNotAllowed, "The specified method is not allowed against this resource.").write(w, "s3")
		return
	}
	s.calls.Add("s3:" + action)
	b := s.buckets[name]
	permission := action
	if action == "HeadObject" {
		permission = "GetObject"
	}
	switch {
	case b == nil:
		refuse("NoSuchBucket", http.StatusNotFound, "The specified bucket does not exist").write(w, "s3")
	case b.region != sc.region:
		no := refuse("PermanentRedirect", http.StatusMovedPermanently, "The bucket you are attempting to access must be addressed using the specified endpoint.")
		no.region = b.region
		no.write(w, "s3")
	case s.denied["s3:"+permission]:
		refuse("AccessDenied", http.StatusForbidden, "Access Denied").write(w, "s3")
	case action == "PutObject":
		s.put(w, r, b, objectKey, body)
	default:
		o, ok := b.objects[objectKey]
		if !ok {
			refuse("NoSuchKey", http.StatusNotFound, "The specified key does not exist.").write(w, "s3")
			return
		}
		describe(w.Header(), o, r.Header.Get("X-Amz-Checksum-Mode") == "ENABLED")
		_, _ = w.Write(o.Data)
	}
}

func (s *Server) put(w http.ResponseWriter, r *http.Request, b *bucket, objectKey string, body []byte) {
	if r.ContentLength != int64(len(body)) || r.Header.Get("Content-Type") == "" {
		s.complain(r, "length or type of the content are not given")
	}
	o := Object{Data: body, ContentType: r.Header.Get("Content-Type"), SHA256: r.Header.Get("X-Amz-Checksum-Sha256")}
	crc := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(body)))
	hash := sha256.Sum256(body)
	if given := r.Header.Get("X-Amz-Checksum-Crc32"); given != "" && given != crc || o.SHA256 != "" && o.SHA256 != base64.StdEncoding.EncodeToString(hash[:]) {
		s.complain(r, "the checksum is not that of the body")
		refuse("BadDigest", http.StatusBadRequest, "The checksum did not match.").write(w, "s3")
		return
	}
	switch r.Header.Get("X-Amz-Server-Side-Encryption") {
	case "":
	case "aws:kms":
		o.KMSKey = r.Header.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id")
	default:
		s.complain(r, "another encryption")
	}
	b.objects[objectKey] = o
	describe(w.Header(), o, true)
}

// describe says what an object is. The ETag of one under a key of KMS is no MD5.
func describe(h http.Header, o Object, checksums bool) {
	digest := md5.Sum(o.Data)
	if o.KMSKey != "" {
		digest = md5.Sum([]byte("not the content"))
		h.Set("X-Amz-Server-Side-Encryption", "aws:kms")
		h.Set("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", o.KMSKey)
	}
	h.Set("ETag", `"`+hex.EncodeToString(digest[:])+`"`)
	if checksums && o.SHA256 != "" {
		h.Set("X-Amz-Checksum-Sha256", o.SHA256)
	}
}
