package huaweitest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	scheme     = "SDK-HMAC-SHA256"
	dateForm   = "20060102T150405Z"
	dateHeader = "X-Sdk-Date"
	tolerance  = 15 * time.Minute
)

// authenticate returns who signed a request, by computing the signature anew
// over exactly the headers that the request says are signed.
func (s *Server) authenticate(r *http.Request, body []byte) (user, error) {
	fields, err := credentials(r.Header.Get("Authorization"))
	if err != nil {
		s.complain(r, err.Error())
		return user{}, refuse(http.StatusUnauthorized, "APIGW.0301", "Incorrect IAM authentication information: "+err.Error())
	}
	u, ok := s.users[fields["Access"]]
	if !ok {
		return user{}, refuse(http.StatusUnauthorized, "APIGW.0301", "Incorrect IAM authentication information: AK access failed to reach the limit, forbidden")
	}
	signed := strings.Split(fields["SignedHeaders"], ";")
	if missing := unsigned(r, signed, u.security != ""); missing != "" {
		s.complain(r, "not signed: "+missing)
		return user{}, refuse(http.StatusUnauthorized, "APIGW.0301", "Incorrect IAM authentication information: "+missing+" is not signed")
	}
	if want := signature(r, body, signed, u.secret); !hmac.Equal([]byte(want), []byte(fields["Signature"])) {
		return user{}, refuse(http.StatusUnauthorized, "APIGW.0301", "Incorrect IAM authentication information: verify aksk signature fail")
	}
	if r.Header.Get("X-Security-Token") != u.security {
		return user{}, refuse(http.StatusUnauthorized, "APIGW.0301", "Incorrect IAM authentication information: the security token is wrong")
	}
	return u, s.checkDate(r.Header.Get(dateHeader))
}

func (s *Server) checkDate(text string) error {
	at, err := time.Parse(dateForm, text)
	if off := time.Now().Add(s.skew).Sub(at); err != nil || off.Abs() > tolerance {
		return refuse(http.StatusUnauthorized, "APIGW.0301", "Incorrect IAM authentication information: x-sdk-date is expired")
	}
	return nil
}

// credentials reads SDK-HMAC-SHA256 Access=A, SignedHeaders=a;b, Signature=S.
func credentials(text string) (map[string]string, error) {
	rest, ok := strings.CutPrefix(text, scheme+" ")
	if !ok {
		return nil, fmt.Errorf("the header Authorization does not begin with %s", scheme)
	}
	fields := map[string]string{}
	for part := range strings.SplitSeq(rest, ", ") {
		name, value, _ := strings.Cut(part, "=")
		fields[name] = value
	}
	for _, name := range []string{"Access", "SignedHeaders", "Signature"} {
		if fields[name] == "" {
			return nil, fmt.Errorf("the header Authorization has no %s", name)
		}
	}
	if len(fields) != 3 { // the three above
		return nil, fmt.Errorf("the header Authorization has other members")
	}
	return fields, nil
}

// unsigned returns what of a request is not signed but must be, "" if nothing:
// the date, every X- header, and a list that is sorted and in lower case.
func unsigned(r *http.Request, signed []string, temporary bool) string {
	if !slices.IsSorted(signed) || strings.ToLower(strings.Join(signed, ";")) != strings.Join(signed, ";") {
		return "SignedHeaders in order"
	}
	must := []string{"x-sdk-date"}
	if temporary {
		must = append(must, "x-security-token")
	}
	for name := range r.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-") {
			must = append(must, lower)
		}
	}
	for _, name := range must {
		if !slices.Contains(signed, name) {
			return name
		}
	}
	return ""
}

func signature(r *http.Request, body []byte, signed []string, secret string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n%s\n", r.Method, canonicalPath(r.URL.Path), canonicalQuery(r.URL.Query()))
	for _, name := range signed {
		value := strings.Join(r.Header.Values(name), ",")
		if name == "host" {
			value = r.Host
		}
		fmt.Fprintf(&b, "%s:%s\n", name, strings.TrimSpace(value))
	}
	hash := sha256.Sum256(body)
	fmt.Fprintf(&b, "\n%s\n%s", strings.Join(signed, ";"), hex.EncodeToString(hash[:]))
	canonical := sha256.Sum256([]byte(b.String()))
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%s\n%s\n%s", scheme, r.Header.Get(dateHeader), hex.EncodeToString(canonical[:]))
	return hex.EncodeToString(mac.Sum(nil))
}

// canonicalPath escapes each segment and ends with a slash always.
func canonicalPath(path string) string {
	parts := strings.Split(path, "/")
	for i := range parts {
		parts[i] = escape(parts[i])
	}
	return strings.TrimSuffix(strings.Join(parts, "/"), "/") + "/"
}

func canonicalQuery(q url.Values) string {
	var pairs []string
	for name, values := range q {
		for _, v := range values {
			pairs = append(pairs, escape(name)+"="+escape(v))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

// escape leaves only what RFC 3986 calls unreserved.
func escape(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}
