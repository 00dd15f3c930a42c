package sniff

import (
	"regexp"
	"strings"
	"testing"
)

// What signsIn and isToken say, as regular expressions: shorter, and a hundred
// times slower on large files.
var (
	jsonSign   = regexp.MustCompile(`"sops"\s*:`)
	dotenvSign = regexp.MustCompile(`(?m)^\s*(export\s+)?sops_(mac|version|lastmodified)\s*=`)
	iniSign    = regexp.MustCompile(`(?m)^\s*\[sops\]`)
	yamlSign   = regexp.MustCompile(`(?m)^["']?sops["']?\s*:`)
	token      = regexp.MustCompile(`ENC\[AES256_GCM,data:[A-Za-z0-9+/=]*,iv:[A-Za-z0-9+/=]+,tag:[A-Za-z0-9+/=]+,type:[a-z]+\]`)
)

func FuzzWhatIsSeenIsWhatTheExpressionsSee(f *testing.F) {
	for _, text := range []string{
		`{"sops" : {}}`, `{"sops"x:`, "sops:\n", "'sops':", `"sops' :`, "a sops:", "x\nsops\n:", "'\"sops:", "\n'sops:",
		"[sops]", "a\n \t[sops]", "a [sops]", "[sops", "a\n\n\n  [sops]x", "\v[sops]",
		"sops_mac=", " sops_version =", "export sops_lastmodified=x", "exportsops_mac=", "a\nexport\n sops_mac\n=", "x export sops_mac=", "sops_macs=",
		"sopsops:", "sops_mac", "export \t sops_mac=", "reexport sops_mac=", "export export sops_mac=",
		"ENC[AES256_GCM,data:,iv:a,tag:b,type:str]", "\n\nENC[AES256_GCM,ENC[AES256_GCM,data:+/=,iv:a,tag:b,type:str]",
		"ENC[AES256_GCM,data:a,iv:,tag:b,type:str]", "ENC[AES256_GCM,data:a,iv:a,tag:b,type:]", "ENC[AES256_GCM,data:a,iv:a,tag:b,type:str",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b := []byte(text)
		want := signs{jsonSign.Match(b), dotenvSign.Match(b), iniSign.Match(b), yamlSign.Match(b)}
		if got := signsIn(b); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
		line := 0
		if narrowed := string(narrow(b)); token.MatchString(narrowed) {
			line = 1 + strings.Count(narrowed[:token.FindStringIndex(narrowed)[0]], "\n")
		}
		if got := Token(b); got != line {
			t.Errorf("%q: the first token is in line %d, want %d", text, got, line)
		}
	})
}
