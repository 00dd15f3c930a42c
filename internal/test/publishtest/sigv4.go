package publishtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A scope is what a signature is good for.
type scope struct{ accessKey, date, region, service string }

// verify checks the signature of a request, in its header Authorization, as the
// description of signatures of version 4 has it. It is not made of the SDK, which
// is what signs.
func (s *Server) verify(r *http.Request, body []byte) (scope, *refusal) {
	var sc scope
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	if !ok {
		return sc, refuse("MissingAuthenticationToken", http.StatusForbidden, "there is no signature")
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		parts[name] = value
	}
	words := strings.Split(parts["Credential"], "/")
	if len(words) != 5 || words[4] != "aws4_request" {
		return sc, refuse("IncompleteSignature", http.StatusForbidden, "the credential is not complete")
	}
	sc = scope{words[0], words[1], words[2], words[3]}
	stamp := r.Header.Get("X-Amz-Date")
	at, err := time.Parse("20060102T150405Z", stamp)
	const skew = 15 * time.Minute
	switch {
	case err != nil || !strings.HasPrefix(stamp, sc.date):
		return sc, refuse("IncompleteSignature", http.StatusForbidden, "the date does not fit")
	case at.Before(s.now().Add(-skew)) || at.After(s.now().Add(skew)):
		return sc, refuse("RequestTimeTooSkewed", http.StatusForbidden, "The difference between the request time and the current time is too large.")
	case strings.HasPrefix(sc.accessKey, "ASIA") && r.Header.Get("X-Amz-Security-Token") != "":
		return sc, nil // of a session that another service has given: its secret is not known here
	case sc.accessKey != AccessKey:
		return sc, refuse("InvalidAccessKeyId", http.StatusForbidden, "The AWS Access Key Id you provided does not exist in our records.")
	}
	signed := strings.Split(parts["SignedHeaders"], ";")
	for name := range r.Header {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-amz-") && !slices.Contains(signed, name) {
			return sc, refuse("AccessDenied", http.StatusForbidden, "There were headers present in the request which were not signed: %s", name)
		}
	}
	if !slices.Contains(signed, "host") {
		return sc, refuse("AccessDenied", http.StatusForbidden, "host is not signed")
	}
	hash := sum(body)
	if sc.service == "s3" {
		if given := r.Header.Get("X-Amz-Content-Sha256"); given != hash {
			return sc, refuse("XAmzContentSHA256Mismatch", http.StatusBadRequest, "the hash is not that of the body")
		}
	}
	toSign := "AWS4-HMAC-SHA256\n" + stamp + "\n" + strings.Join(words[1:], "/") + "\n" + sum([]byte(canonical(r, sc, signed, hash)))
	if want := hex.EncodeToString(mac(key(sc), toSign)); want != parts["Signature"] {
		return sc, refuse("SignatureDoesNotMatch", http.StatusForbidden, "The request signature we calculated does not match the signature you provided.")
	}
	return sc, nil
}

// canonical is the request as it is signed. The path of S3 is escaped once, that
// of all others twice.
func canonical(r *http.Request, sc scope, signed []string, hash string) string {
	path := r.URL.Path
	if sc.service != "s3" {
		path = r.URL.EscapedPath()
	}
	var b strings.Builder
	b.WriteString(r.Method + "\n" + escaped(path, true) + "\n" + query(r.URL) + "\n")
	for _, name := range signed {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = strconv.FormatInt(r.ContentLength, 10)
		}
		b.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
	}
	b.WriteString("\n" + strings.Join(signed, ";") + "\n" + hash)
	return b.String()
}

func query(u *url.URL) string {
	var all []string
	for name, values := range u.Query() {
		for _, value := range values {
			all = append(all, escaped(name, false)+"="+escaped(value, false))
		}
	}
	slices.Sort(all)
	return strings.Join(all, "&")
}

func escaped(text string, path bool) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 || path && c == '/'
		if plain {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

func key(sc scope) []byte {
	k := []byte("AWS4" + SecretKey)
	for _, part := range []string{sc.date, sc.region, sc.service, "aws4_request"} {
		k = mac(k, part)
	}
	return k
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
