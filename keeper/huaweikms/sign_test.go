package huaweikms

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
	"github.com/seed-1f7fdfb8/sops/keeper/huaweikms/huaweikey"
)

func TestSignaturesAreThoseOfTheDescription(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("testdata/vectors/sign.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(src)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		n++
		var f []string
		for _, text := range strings.Fields(line) {
			f = append(f, strings.TrimSuffix(text, "-"))
		}
		c := &credentials{access: "AK", secret: "secret", security: f[3]}
		call := rest.Call{Method: f[0], URL: f[1], Header: http.Header{}}
		if err := c.sign(call, f[2], []byte(f[4]), time.Date(2026, 12, 1, 1, 2, 3, 9, time.UTC)); err != nil {
			t.Fatal(err)
		}
		want := "SDK-HMAC-SHA256 Access=AK, SignedHeaders=" + f[5] + ", Signature=" + f[6]
		if got := call.Header.Get("Authorization"); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", f[1], got, want)
		}
	}
	if n == 0 {
		t.Error("there are no vectors")
	}
}

// FuzzNoNameLeadsToAForeignHost holds that the region of a file becomes a part of
// the name of a host of Huawei Cloud, whatever it is.
func FuzzNoNameLeadsToAForeignHost(f *testing.F) {
	for _, text := range []string{"eu-west-101:12345678-1234-4123-8123-123456789012", "a/b:c", "cn-north-4.evil.test/:x", ":", "cn-north-4@evil.test:1"} {
		f.Add(text)
	}
	k := New(Options{Env: env.Map(nil)})
	f.Fuzz(func(t *testing.T, text string) {
		u := &use{key: huaweikey.Kind().Key(huaweikey.FieldID, text)}
		if u.parse() != nil {
			return
		}
		endpoint, err := k.endpoint(u.region)
		if err != nil {
			t.Fatal(err)
		}
		at, err := url.Parse(endpoint)
		if err != nil || at.Scheme != "https" || at.Path != "" || at.User != nil ||
			at.Host != "kms."+u.region+".myhuaweicloud.com" && at.Host != "kms."+u.region+".myhuaweicloud.eu" || strings.Contains(u.region, ".") {
			t.Errorf("%q leads to %s", text, endpoint)
		}
	})
}

// FuzzCredentialsFiles holds that no file of credentials ends the program.
func FuzzCredentialsFiles(f *testing.F) {
	f.Add([]byte("[basic]\nak = a\nsk='b'\n#x=y\n;z\n[\nc"))
	f.Fuzz(func(t *testing.T, src []byte) {
		for name, s := range parseINI(src) {
			for key := range s {
				if strings.ContainsAny(name+key, "\n") {
					t.Errorf("a name with a line break: %q %q", name, key)
				}
			}
		}
	})
}
