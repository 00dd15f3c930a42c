package gcpkms

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Variables that say where the service is.
const (
	varEndpoint = "SOPS_GCP_KMS_ENDPOINT"
	varUniverse = "SOPS_GCP_KMS_UNIVERSE_DOMAIN"
	varGoogle   = "GOOGLE_CLOUD_UNIVERSE_DOMAIN"
	varClient   = "SOPS_GCP_KMS_CLIENT_TYPE"
	public      = "googleapis.com"
)

// endpoint returns the URL of the service without a slash at its end.
func endpoint(e env.Env) (string, error) {
	if c := e.Get(varClient); c != "" && c != "grpc" && c != "rest" {
		return "", &keeper.SettingError{Variable: varClient, Reason: fmt.Sprintf("%q is neither grpc nor rest", hint.Line(c)), Advice: "unset " + varClient + ": both mean REST here"}
	}
	at := e.Get(varEndpoint)
	if at == "" {
		return "https://cloudkms." + universe(e), nil
	}
	if !strings.Contains(at, "://") {
		at = "https://" + at
	}
	if err := rest.CheckURL(at); err != nil {
		return "", &keeper.SettingError{Variable: varEndpoint, Reason: err.Error(), Advice: "set it to HOST, HOST:PORT or https://HOST, or unset it"}
	}
	return strings.TrimSuffix(at, "/"), nil
}

// universe returns the domain of the cloud that is asked for.
func universe(e env.Env) string {
	return cmp.Or(e.Get(varUniverse), e.Get(varGoogle), public)
}
