package gcptest

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// ScopeStorage is a scope that Cloud Storage takes beside ScopePlatform.
const ScopeStorage = "https://www.googleapis.com/auth/devstorage.read_write"

// Permissions on objects.
const (
	GetObject    = "storage.objects.get"
	CreateObject = "storage.objects.create"
)

// An object is one of Cloud Storage.
type object struct {
	data       []byte
	generation int
}

// AddBucket makes a bucket of Cloud Storage.
func (s *Server) AddBucket(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buckets[name] = map[string]*object{}
}

// Object returns the bytes of an object and its generation, 0 if there is none.
func (s *Server) Object(bucket, name string) (data []byte, generation int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.buckets[bucket][name]; o != nil {
		return o.data, o.generation
	}
	return nil, 0
}

// SetObject writes an object, as another program would.
func (s *Server) SetObject(bucket, name string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write(bucket, name, data)
}

func (s *Server) write(bucket, name string, data []byte) *object {
	o := s.buckets[bucket][name]
	if o == nil {
		o = &object{}
		s.buckets[bucket][name] = o
	}
	o.data = data
	o.generation++
	return o
}

// storage serves GET /storage/v1/b/BUCKET/o/NAME and
// POST /upload/storage/v1/b/BUCKET/o.
func (s *Server) storage(w http.ResponseWriter, r *http.Request) {
	out, no := s.storageAnswer(r)
	if no != nil {
		inner := map[string]any{"code": no.code, "message": no.message, "errors": []any{map[string]any{"message": no.message, "reason": no.reason}}}
		writeJSON(w, no.code, map[string]any{"error": inner})
		return
	}
	writeJSON(w, http.StatusOK, out)
}

func (s *Server) storageAnswer(r *http.Request) (map[string]any, *refusal) {
	g, no := s.bearer(r)
	if no != nil {
		return nil, no
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "", "the body is cut off")
	}
	if !slices.Contains(g.scopes, ScopePlatform) && !slices.Contains(g.scopes, ScopeStorage) {
		return nil, refuse(http.StatusForbidden, "", "Insufficient Permission").because("insufficientPermissions", nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if rest, ok := strings.CutPrefix(r.URL.Path, "/upload/storage/v1/b/"); ok && r.Method == http.MethodPost {
		bucket, _ := strings.CutSuffix(rest, "/o")
		return s.upload(r, g, bucket, r.URL.Query().Get("name"), body)
	}
	rest, ok := strings.CutPrefix(r.URL.Path, "/storage/v1/b/")
	bucket, name, isObject := strings.Cut(rest, "/o/")
	if !ok || !isObject || r.Method != http.MethodGet || strings.Contains(strings.TrimPrefix(r.URL.EscapedPath(), "/storage/v1/b/"+bucket+"/o/"), "/") {
		return nil, refuse(http.StatusNotFound, "", "Not Found")
	}
	o := s.buckets[bucket][name]
	switch {
	case s.denied[g.principal+" "+GetObject]:
		return nil, lacks(g, GetObject)
	case s.buckets[bucket] == nil:
		return nil, refuse(http.StatusNotFound, "", "The specified bucket does not exist.").because("notFound", nil)
	case o == nil:
		return nil, refuse(http.StatusNotFound, "", "No such object: %s/%s", bucket, name).because("notFound", nil)
	}
	return o.resource(bucket, name), nil
}

func lacks(g grant, permission string) *refusal {
	return refuse(http.StatusForbidden, "", "%s does not have %s access to the Google Cloud Storage object. Permission '%s' denied on resource (or it may not exist).", g.principal, permission, permission)
}

func (s *Server) upload(r *http.Request, g grant, bucket, name string, body []byte) (map[string]any, *refusal) {
	match := r.URL.Query().Get("ifGenerationMatch")
	generation := 0
	if o := s.buckets[bucket][name]; o != nil {
		generation = o.generation
	}
	switch {
	case s.denied[g.principal+" "+CreateObject]:
		return nil, lacks(g, CreateObject)
	case s.buckets[bucket] == nil:
		return nil, refuse(http.StatusNotFound, "", "The specified bucket does not exist.").because("notFound", nil)
	case name == "" || r.URL.Query().Get("uploadType") != "media":
		return nil, refuse(http.StatusBadRequest, "", "Required parameter: name")
	case r.Header.Get("X-Goog-Hash") != "crc32c="+crc(body):
		return nil, refuse(http.StatusBadRequest, "", "Provided CRC32C doesn't match calculated CRC32C.").because("invalid", nil)
	case match != "" && match != strconv.Itoa(generation):
		return nil, refuse(http.StatusPreconditionFailed, "", "At least one of the pre-conditions you specified did not hold.").because("conditionNotMet", nil)
	}
	return s.write(bucket, name, body).resource(bucket, name), nil
}

func crc(data []byte) string {
	sum := crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum))
}

func (o *object) resource(bucket, name string) map[string]any {
	sum := md5.Sum(o.data)
	return map[string]any{
		"kind": "storage#object", "bucket": bucket, "name": name, "generation": fmt.Sprint(o.generation),
		"md5Hash": base64.StdEncoding.EncodeToString(sum[:]), "crc32c": crc(o.data),
	}
}
