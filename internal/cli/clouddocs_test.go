//go:build linux

package cli_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/test/azuretest"
	"github.com/seed-1f7fdfb8/sops/internal/test/gcptest"
)

func TestThePageAboutGoogleCloudWorksAsWritten(t *testing.T) {
	t.Parallel()
	s := gcptest.Start(t)
	playMarked(t, "gcp.md", "gcp", "KEY", gcptest.Key, "TOKEN", s.Token("ann@example.test"), "SOPS_GCP_KMS_ENDPOINT", s.URL(),
		"GOOGLE_APPLICATION_CREDENTIALS", written(t, "sa.json", s.ServiceAccount()), "GCE_METADATA_HOST", s.MetadataHost())
}

func TestThePageAboutAzureWorksAsWritten(t *testing.T) {
	t.Parallel()
	s := azuretest.Start(t)
	playMarked(t, "azure.md", "azure", "KEY", azuretest.Vault+"/keys/"+azuretest.Key, "HTTPS_PROXY", s.Proxy(),
		"SSL_CERT_FILE", written(t, "ca.pem", s.Authority()), "AZURE_TENANT_ID", azuretest.Tenant, "AZURE_CLIENT_ID", azuretest.App,
		"AZURE_CLIENT_SECRET", azuretest.Secret)
	if leaks := s.Leaks(); len(leaks) > 0 {
		t.Errorf("leaks: %q", leaks)
	}
}

// written returns the name of a file with that text.
func written(t *testing.T, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
