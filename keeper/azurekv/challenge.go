package azurekv

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// A challenge is what a vault wants of a token:
//
//	Bearer authorization="https://login.microsoftonline.com/TENANT", resource="https://vault.azure.net"
type challenge struct {
	tenant, resource string
	claims           string // JSON, of a token that was revoked
}

// parseChallenge reads the header WWW-Authenticate. What it does not find is "".
func parseChallenge(header string) challenge {
	var c challenge
	rest, ok := strings.CutPrefix(strings.TrimSpace(header), "Bearer ")
	if !ok {
		return c
	}
	for rest != "" {
		var name, value string
		name, rest, ok = strings.Cut(rest, "=")
		if !ok {
			return c
		}
		value, rest = cutValue(rest)
		switch strings.ToLower(strings.Trim(name, " ,")) {
		case "authorization", "authorization_uri":
			c.tenant = tenantOf(value)
		case "resource":
			c.resource = value
		case "scope":
			if c.resource == "" {
				c.resource = strings.TrimSuffix(value, "/.default")
			}
		case "claims":
			c.claims = decodeClaims(value)
		}
	}
	return c
}

// cutValue returns a value, with or without quotes, and what follows it.
func cutValue(text string) (value, rest string) {
	if quoted, ok := strings.CutPrefix(text, `"`); ok {
		value, rest, _ = strings.Cut(quoted, `"`)
		return value, rest
	}
	value, rest, _ = strings.Cut(text, ",")
	return strings.TrimSpace(value), rest
}

// tenantOf returns TENANT of https://LOGIN/TENANT[/...].
func tenantOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	tenant, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if strings.IndexFunc(tenant, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '.')
	}) >= 0 {
		return ""
	}
	return tenant
}

func decodeClaims(text string) string {
	text = strings.TrimRight(text, "=")
	for _, coding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if b, err := coding.DecodeString(text); err == nil {
			return string(b)
		}
	}
	return ""
}
