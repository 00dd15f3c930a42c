package vaulttest

import (
	"net/http"

	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
)

// Replies that Vault, or what is in front of it, gives.
func Replies() map[string]httpfault.Reply {
	return map[string]httpfault.Reply{
		"throttled": {Status: http.StatusTooManyRequests, Body: `{"errors":["request path \"transit/decrypt/app\": rate limit quota exceeded"]}`},
		"standby":   {Status: http.StatusServiceUnavailable, Body: `{"errors":["local node not active but active cluster node not found"]}`},
		"stale":     {Status: http.StatusPreconditionFailed, Body: `{"errors":["required index state not present"]}`},
		"other key": {Status: http.StatusBadRequest, Body: `{"errors":["cipher: message authentication failed"]}`},
		"wants TLS": {Status: http.StatusBadRequest, Body: "Client sent an HTTP request to an HTTPS server.\n"},
		"commands":  {Status: http.StatusBadRequest, Body: `{"errors":["\u001b[2Jsops: error: gone\u202e"]}`},
		"null":      {Status: http.StatusOK, Body: `{"request_id":"1","data":null}`},
		"wrapped":   {Status: http.StatusOK, Body: `{"request_id":"1","data":null,"wrap_info":{"token":"hvs.wrapped","ttl":60}}`},
		"junk":      {Status: http.StatusOK, Body: `{"data":{"ciphertext":"junk\n\u0000","plaintext":"%%%"}}`},
		"cut short": {Status: http.StatusOK, Body: `{"data":{"cipher`},
	}
}
