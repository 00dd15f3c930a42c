package vault_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
	"github.com/seed-1f7fdfb8/sops/internal/test/vaulttest"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/vault"
)

func TestTheTokenIsThatOfTheVaultCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.wrapped(t)
	token := w.vars["VAULT_TOKEN"]
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	home := func(name, text string) string { return filepath.Dir(write(name, text, 0o600)) }
	works := func(name string, vars ...string) {
		if _, err := w.keeper(vars...).Unwrap(t.Context(), good); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	works("file", "VAULT_TOKEN", "", "HOME", home(".vault-token", token+"\n"))
	works("blanks", "VAULT_TOKEN", " "+token+"\n")
	works("OpenBao first", "BAO_TOKEN", token, "VAULT_TOKEN", "wrong")
	works("file of OpenBao", "VAULT_TOKEN", "", "BAO_TOKEN_PATH", write("token", token, 0o600))
	_, err := w.keeper("BAO_TOKEN", "").Unwrap(t.Context(), good)
	fails(t, err, vault.NoToken, "BAO_TOKEN is not set", "")
	_, err = w.keeper("VAULT_TOKEN", "", "HOME", home(".vault-token", "\n")).Unwrap(t.Context(), good)
	fails(t, err, vault.NoToken, "~/.vault-token is empty", "")
	if runtime.GOOS == "windows" {
		return // the helper is a script
	}
	helper := write("helper", "#!/bin/sh\n[ \"$1\" = get ] && echo "+token+"\n", 0o700)
	works("helper", "VAULT_TOKEN", "", "HOME", home(".vault", "token_helper = \""+helper+"\"\n"))
	_, err = w.keeper("VAULT_TOKEN", "", "VAULT_CONFIG_PATH", write("config", `token_helper = "helper"`, 0o600)).Unwrap(t.Context(), good)
	fails(t, err, vault.NoToken, `token_helper "helper" is not an absolute path`, "")
	_, err = w.keeper("VAULT_TOKEN", "", "VAULT_CONFIG_PATH", write("config", `token_helper = "/nowhere"`, 0o600)).Unwrap(t.Context(), good)
	fails(t, err, vault.NoToken, "the token helper /nowhere: ", "")
}

// TestNoTokenGoesToAServerThatIsNotAllowed asks servers that a file may name.
func TestNoTokenGoesToAServerThatIsNotAllowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.wrapped(t)
	w.Calls()
	host := strings.TrimPrefix(w.URL, "http://")
	for _, list := range []string{"none", "https://vault.example.com", "http://127.0.0.1:1", "http://127.0.0.1", w.URL + "0", "http://127.0.0", w.URL + ".example.com", "http://127.0.0.1:8200@" + host} {
		_, err := w.keeper("SOPS_HC_VAULT_ALLOWLIST", list).Unwrap(t.Context(), good)
		if err == nil {
			t.Errorf("%s lets the token out", list)
		}
	}
	if calls := w.Calls(); len(calls) > 0 {
		t.Errorf("calls %v", calls)
	}
	for _, list := range []string{"all", "", w.URL, w.URL + "/", "https://vault.example.com," + w.URL} {
		if _, err := w.keeper("SOPS_HC_VAULT_ALLOWLIST", list).Unwrap(t.Context(), good); err != nil {
			t.Errorf("%q: %v", list, err)
		}
	}
	unwrap := func(m keeper.MasterKey, vars ...string) error {
		_, err := w.keeper(vars...).Unwrap(t.Context(), keeper.WrappedKey{MasterKey: m, Enc: good.Enc})
		return err
	}
	_, err := w.keeper("SOPS_HC_VAULT_ALLOWLIST", "none").Unwrap(t.Context(), good)
	fails(t, err, vault.NotAllowed, "SOPS_HC_VAULT_ALLOWLIST does not allow the server "+w.URL, "SOPS_HC_VAULT_ALLOWLIST="+w.URL)
	fails(t, unwrap(key("http://vault.invalid:8200", "transit", "app")), vault.NotAllowed, "it is not https, and is not on this machine", "SOPS_HC_VAULT_ALLOWLIST=http://vault.invalid:8200")
	// What the user names may be asked without TLS; here it cannot be reached, and
	// its name is not looked up.
	w.vars["VAULT_HTTP_PROXY"] = "http://127.0.0.1:1"
	fails(t, unwrap(key("http://vault.invalid:8200", "transit", "app"), "VAULT_ADDR", "http://VAULT.invalid:8200/"), vault.Unreachable, "vault.invalid", "curl -sv")
	fails(t, unwrap(key("http://vault.invalid:8200", "transit", "app"), "SOPS_HC_VAULT_ALLOWLIST", "http://vault.invalid:8200"), vault.Unreachable, "vault.invalid", "curl -sv")
}

func TestNamesOfAFileLeadNowhereElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.wrapped(t)
	w.Calls()
	for _, m := range []keeper.MasterKey{
		key("", "transit", "app"), key("127.0.0.1", "transit", "app"), key("ftp://127.0.0.1", "transit", "app"),
		key("http://canary:canary@127.0.0.1", "transit", "app"), key(w.URL+"/?a=b", "transit", "app"), key(w.URL+"#x", "transit", "app"),
		key(w.URL, "", "app"), key(w.URL, "transit/../sys", "app"), key(w.URL, "a//b", "app"), key(w.URL, ".", "app"),
		key(w.URL, "transit", ""), key(w.URL, "transit", ".."), key(w.URL, "transit", "a/b"), key("\x1b[2J", "transit", "app"),
	} {
		_, err := w.keeper().Unwrap(t.Context(), keeper.WrappedKey{MasterKey: m, Enc: good.Enc})
		var text string
		if err != nil {
			text = strings.ReplaceAll(err.Error(), m.Identity(), "") // which the file itself shows
		}
		if err == nil || strings.Contains(text, "canary") || strings.Contains(text, "\x1b") {
			t.Errorf("%q: %v", m.Identity(), err)
		}
	}
	if calls := w.Calls(); len(calls) > 0 {
		t.Errorf("calls %v", calls)
	}
	// What a name holds besides is part of it.
	_, err := w.keeper().Unwrap(t.Context(), keeper.WrappedKey{MasterKey: key(w.URL, "transit", "a?b#c%2f"), Enc: good.Enc})
	fails(t, err, vault.NoKey, "encryption key not found", "'transit/keys'"[1:8])
	if calls := w.Calls(); len(calls) != 1 || calls[0].Path != "/v1/transit/decrypt/a?b#c%2f" {
		t.Errorf("calls %v", calls)
	}
}

func TestAStandbySendsToTheActiveServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.wrapped(t)
	standby := vaulttest.New()
	t.Cleanup(standby.Close)
	standby.Reply(httpfault.Reply{Status: 307, Location: w.URL}, 0)
	good.MasterKey = key(standby.URL, "transit", "app")
	w.Calls()
	if d, err := w.keeper().Unwrap(t.Context(), good); err != nil || !d.Equal(secret()) {
		t.Error(err)
	}
	if calls := w.Calls(); len(calls) != 1 || !calls[0].HasToken {
		t.Errorf("calls %v", calls)
	}
	for name, c := range map[string]struct {
		location string
		vars     []string
		says     string
	}{
		"not allowed": {w.URL, []string{"SOPS_HC_VAULT_ALLOWLIST", standby.URL}, "does not allow the server " + w.URL},
		"no TLS":      {"http://vault.invalid", nil, "it is not https"},
		"forbidden":   {w.URL, []string{"VAULT_DISABLE_REDIRECTS", "1"}, "which VAULT_DISABLE_REDIRECTS forbids"},
		"other path":  {w.URL + "/v1/sys/x?", nil, "to another path"},
		"nowhere":     {"", nil, "does not say where"},
	} {
		standby.Reply(httpfault.Reply{Status: 307, Location: c.location}, 0)
		_, err := w.keeper(c.vars...).Unwrap(t.Context(), good)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %s", name, err, c.says)
		}
	}
	if calls := w.Calls(); len(calls) > 0 {
		t.Errorf("calls %v", calls)
	}
	// One that sends around in circles is not followed for ever.
	standby.Reply(httpfault.Reply{Status: 307, Location: standby.URL}, 0)
	_, err := w.keeper().Unwrap(t.Context(), good)
	fails(t, err, vault.BadAnswer, "307", "")
}

func TestTheDoctorSaysWhatWasUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.wrapped(t)
	examine := func(m keeper.WrappedKey, vars ...string) string {
		steps, err := w.keeper(vars...).Examine(t.Context(), m)
		var lines []string
		for _, s := range steps {
			lines = append(lines, map[bool]string{true: "ok ", false: "FAILED "}[s.OK]+s.Name+" "+s.Detail)
		}
		if all := strings.Join(lines, "\n"); (err != nil) != strings.Contains(all, "FAILED") {
			t.Errorf("%v:\n%s", err, all)
		}
		return strings.ReplaceAll(strings.Join(lines, "\n"), w.URL, "URL")
	}
	if got, want := examine(good, "VAULT_ADDR", "https://other.invalid", "VAULT_NAMESPACE", ""), "ok server URL; VAULT_ADDR is another, https://other.invalid\nok token from VAULT_TOKEN\nok decrypt transit/decrypt/app"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := examine(good, "VAULT_TOKEN", ""), "FAILED token there is no Vault token"; !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := examine(good, "SOPS_HC_VAULT_ALLOWLIST", "none"), "FAILED server "; !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := examine(good, "VAULT_TOKEN", "x"), "FAILED decrypt "; !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWhatAPersonMayWantToKnowIsNoted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.keeper("VAULT_ADDR", "https://u:canary@other.invalid")
	for range 2 {
		if _, err := k.Wrap(t.Context(), key(w.URL, "transit", "fresh"), secret()); err != nil {
			t.Fatal(err)
		}
	}
	all := strings.Join(w.note, "\n")
	if len(w.note) != 2 || !strings.Contains(all, "Vault has made it just now") || !strings.Contains(all, "not that of VAULT_ADDR") || strings.Contains(all, "canary") {
		t.Errorf("notes %q", w.note)
	}
}
