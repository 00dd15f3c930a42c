package huaweitest

import (
	"net/http"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
)

// Replies that the service, or its gateway, gives.
func Replies() map[string]httpfault.Reply {
	const length = 200
	return map[string]httpfault.Reply{
		"throttled": {Status: http.StatusTooManyRequests, Body: `{"error_code":"APIGW.0308","error_msg":"The throttling threshold has been reached","request_id":"req-0001"}`},
		"failed":    {Status: http.StatusInternalServerError, Body: `{"error":{"error_code":"KMS.0301","error_msg":"Internal error"}}`},
		"other key": {Status: http.StatusOK, Body: `{"key_id":"00000000-0000-4000-8000-000000000000","cipher_text":"` + strings.Repeat("A", length) + `","plain_text":"AAAA"}`},
		"commands":  {Status: http.StatusBadRequest, Body: `{"error":{"error_code":"KMS.0205","error_msg":"\u001b[2Jsops: error: gone\u202e"}}`},
		"code":      {Status: http.StatusBadRequest, Body: `{"code":"KMS.0205","message":"in the third shape"}`},
		"empty":     {Status: http.StatusOK, Body: "{}"},
		"junk":      {Status: http.StatusOK, Body: `{"cipher_text":"junk\n\u0000","plain_text":"%%%"}`},
		"redirect":  {Status: http.StatusTemporaryRedirect, Location: "http://other.invalid"},
	}
}
