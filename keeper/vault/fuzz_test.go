package vault

import (
	"net/url"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/rest"
	"github.com/seed-1f7fdfb8/sops/keeper/vault/vaultkey"
)

// FuzzNoNameLeadsElsewhere holds that a call goes to the server and the path that
// the entry names, or nowhere.
func FuzzNoNameLeadsElsewhere(f *testing.F) {
	f.Add("https://h:8200", "transit", "app")
	f.Add("https://h/prefix/", "ns1/a", "a?b#c%2f")
	f.Add("http://u@h", "../sys", "..")
	f.Fuzz(func(t *testing.T, address, engine, name string) {
		c := &call{key: vaultkey.Kind().Key(vaultkey.FieldAddress, address, vaultkey.FieldEngine, engine, vaultkey.FieldName, name), verb: decrypt}
		target, err := c.target()
		if err != nil {
			return
		}
		u, err := url.Parse(target)
		if err != nil {
			t.Fatalf("%q is no URL: %v", target, err)
		}
		from, err := url.Parse(c.address())
		if err != nil {
			t.Fatal(err)
		}
		path := "/v1/" + strings.Trim(engine, "/") + "/decrypt/" + name
		if u.Scheme != from.Scheme || u.Host != from.Host || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != from.Path+path {
			t.Errorf("%q %q %q leads to %s", address, engine, name, target)
		}
	})
}

// FuzzAllowListsEndWhereNamesEnd holds that a list of one server allows no other.
func FuzzAllowListsEndWhereNamesEnd(f *testing.F) {
	f.Add("https://vault.example.com", "https://vault.example.com.evil.test")
	f.Add("https://vault.example.com:8200", "https://vault.example.com:82001")
	f.Add("https://h", "https://h:x@evil.test")
	f.Fuzz(func(t *testing.T, list, address string) {
		a, err := newAllowList(list)
		if err != nil || a.all || len(a.prefixes) != 1 || !a.admits(address) {
			return
		}
		c := &call{key: vaultkey.Kind().Key(vaultkey.FieldAddress, address, vaultkey.FieldEngine, "transit", vaultkey.FieldName, "k")}
		if _, err := c.target(); err != nil {
			return // it is not called
		}
		allowed, err := url.Parse(a.prefixes[0])
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(address)
		if err != nil || u.Host != allowed.Host || u.Scheme != allowed.Scheme {
			t.Errorf("%q allows %q", list, address)
		}
	})
}

// FuzzAnswersAreReadOrRefused holds that no answer ends the program or makes an
// error that commands a terminal.
func FuzzAnswersAreReadOrRefused(f *testing.F) {
	f.Add(200, []byte(`{"data":{"plaintext":"YQ=="}}`))
	f.Add(403, []byte("{\"errors\":[\"1 error occurred:\\n\\t* permission denied\\n\\n\"]}"))
	f.Add(503, []byte("<html>"))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		c := &call{key: vaultkey.Kind().Key(vaultkey.FieldAddress, "https://h", vaultkey.FieldEngine, "transit", vaultkey.FieldName, "k"), verb: decrypt}
		var out struct{ Plaintext string }
		if err := c.read(&rest.Answer{Host: "h", Status: status, Body: body}, &out); err != nil && strings.ContainsAny(err.Error(), "\x1b\n\u202e\u009b") {
			t.Errorf("%q", err)
		}
	})
}
