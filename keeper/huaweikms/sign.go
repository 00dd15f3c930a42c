package huaweikms

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/rest"
)

const (
	algorithm = "SDK-HMAC-SHA256"
	dateForm  = "20060102T150405Z"
)

// A signing is a request that is to be signed.
type signing struct {
	method, url, project string
	body                 any // nil is none
}

// signed makes a signed call. Repetitions of it have the date of the first,
// which is good for a quarter of an hour.
func (k *Keeper) signed(ctx context.Context, c *credentials, s signing) (*rest.Answer, error) {
	call := rest.Call{Method: s.method, URL: s.url, Header: http.Header{}}
	var body []byte
	if s.body != nil {
		var err error
		if body, err = json.Marshal(s.body); err != nil {
			return nil, err
		}
		call.Body = json.RawMessage(body) // the very bytes that are signed
	}
	if err := c.sign(call, s.project, body, k.o.Now()); err != nil {
		return nil, err
	}
	return k.client.Do(ctx, call)
}

// sign adds the headers that prove who calls. The host is signed too, so that a
// request is good for one region.
func (c *credentials) sign(call rest.Call, project string, body []byte, now time.Time) error {
	u, err := url.Parse(call.URL)
	if err != nil {
		return err
	}
	date := now.UTC().Format(dateForm)
	texts := map[string]string{"host": u.Host, "x-sdk-date": date}
	if project != "" {
		texts["x-project-id"] = project
	}
	if c.security != "" {
		texts["x-security-token"] = c.security
	}
	names := slices.Sorted(maps.Keys(texts))
	signature := c.signature(date, canonical(call.Method, u, names, texts, body))
	for name, text := range texts {
		if name != "host" { // which the connection has
			call.Header.Set(name, text)
		}
	}
	call.Header.Set("Authorization", fmt.Sprintf("%s Access=%s, SignedHeaders=%s, Signature=%s", algorithm, c.access, strings.Join(names, ";"), signature))
	return nil
}

func (c *credentials) signature(date, request string) string {
	sum := sha256.Sum256([]byte(request))
	mac := hmac.New(sha256.New, []byte(c.secret))
	mac.Write([]byte(algorithm + "\n" + date + "\n" + hex.EncodeToString(sum[:])))
	return hex.EncodeToString(mac.Sum(nil))
}

// canonical is the text of a request of which the signature is made; see
// testdata/vectors/sign.txt.
func canonical(method string, u *url.URL, names []string, texts map[string]string, body []byte) string {
	segments := strings.Split(strings.TrimSuffix(u.Path, "/"), "/")
	for i, s := range segments {
		segments[i] = escape(s)
	}
	var pairs []string
	for name, values := range u.Query() {
		for _, v := range values {
			pairs = append(pairs, escape(name)+"="+escape(v))
		}
	}
	slices.Sort(pairs)
	var headers strings.Builder
	for _, name := range names {
		headers.WriteString(name + ":" + strings.TrimSpace(texts[name]) + "\n")
	}
	sum := sha256.Sum256(body)
	return strings.Join([]string{
		method, strings.Join(segments, "/") + "/", strings.Join(pairs, "&"), headers.String(), strings.Join(names, ";"), hex.EncodeToString(sum[:]),
	}, "\n")
}

// escape leaves only letters, digits and -_.~ as they are.
func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
