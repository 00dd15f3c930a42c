package cli_test

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed-1f7fdfb8/sops/internal/test/azuretest"
	"github.com/seed-1f7fdfb8/sops/internal/test/gcptest"
	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
)

type (
	gcpKey   struct{}
	azureKey struct{}
)

// gcp is a Google Cloud KMS of the script, which the first use starts:
//
//	gcp                       keys $GCP and $GCP2, and in sa.json the credentials of $GCP_ACCOUNT, which are in use
//	gcp bucket NAME, gcp object BUCKET NAME FILE, gcp deny storage.objects.get|storage.objects.create
//	gcp deny encrypt|decrypt  takes that permission on all keys away from the account
//	gcp state N STATE         sets the state of a version of $GCP
//	gcp rotate                gives $GCP a new version
//	gcp fault [PATH] MODE     makes it fail, as package httpfault says; "gcp mend" ends that
func gcp(ts *testscript.TestScript, neg bool, args []string) {
	s, ok := ts.Value(gcpKey{}).(**gcptest.Server)
	if neg || !ok {
		ts.Fatalf("usage: gcp [deny|state|rotate|fault|mend] ...")
	}
	if *s == nil {
		started, err := gcptest.New()
		ts.Check(err)
		*s = started
		ts.Defer(started.Close)
		ts.Check(os.WriteFile(ts.MkAbs("sa.json"), started.ServiceAccount(), 0o600))
		for name, value := range map[string]string{
			"GCP": gcptest.Key, "GCP2": gcptest.Other, "GCP_ACCOUNT": gcptest.Account, "SOPS_GCP_KMS_ENDPOINT": started.URL(),
			"GCE_METADATA_HOST": started.MetadataHost(), "GOOGLE_APPLICATION_CREDENTIALS": ts.MkAbs("sa.json"),
			"GCP_TOKEN": started.Token("bob@example.test"),
		} {
			ts.Setenv(name, value)
		}
	}
	switch words := strings.Join(args, " "); {
	case words == "", gcpStorage(ts, *s, args):
	case words == "deny encrypt":
		(*s).Deny(gcptest.Account, gcptest.UseToEncrypt)
	case words == "deny decrypt":
		(*s).Deny(gcptest.Account, gcptest.UseToDecrypt)
	case words == "rotate":
		(*s).Rotate(gcptest.Key)
	case len(args) == 3 && args[0] == "state":
		var n int
		_, err := fmt.Sscan(args[1], &n)
		ts.Check(err)
		(*s).SetState(gcptest.Key, n, args[2])
	default:
		setFault(ts, (*s).Faults, args)
	}
}

// azure is an Azure Key Vault of the script, which the first use starts:
//
//	azure                      keys $AZURE, $AZURE2 (of another tenant) and $AZURE_GOV, and the secret of an application in use
//	azure deny OPERATION CODE  takes an operation away from it, with this inner code
//	azure rotate               gives $AZURE a new version
//	azure expire               makes the current version of $AZURE too old
//	azure fault [PATH] MODE    makes it fail, as package httpfault says; "azure mend" ends that
//	azure leaks                fails if key material or a token went where it must not
func azure(ts *testscript.TestScript, neg bool, args []string) {
	s, ok := ts.Value(azureKey{}).(**azuretest.Server)
	if neg || !ok {
		ts.Fatalf("usage: azure [deny|rotate|expire|fault|mend|leaks] ...")
	}
	if *s == nil {
		started, err := azuretest.New()
		ts.Check(err)
		*s = started
		ts.Defer(started.Close)
		ts.Check(os.WriteFile(ts.MkAbs("azure.pem"), started.Authority(), 0o600))
		for name, value := range map[string]string{
			"AZURE": azuretest.Vault + "/keys/" + azuretest.Key, "AZURE2": azuretest.OtherVault + "/keys/" + azuretest.Key,
			"AZURE_GOV": azuretest.Government + "/keys/" + azuretest.Key, "HTTPS_PROXY": started.Proxy(), "SSL_CERT_FILE": ts.MkAbs("azure.pem"),
			"AZURE_TENANT_ID": azuretest.Tenant, "AZURE_CLIENT_ID": azuretest.App, "AZURE_CLIENT_SECRET": azuretest.Secret,
		} {
			ts.Setenv(name, value)
		}
	}
	switch {
	case len(args) == 0:
	case len(args) == 3 && args[0] == "deny":
		(*s).Deny(azuretest.App, args[1], args[2])
	case args[0] == "rotate":
		(*s).AddKey(azuretest.Vault, azuretest.Key)
	case args[0] == "expire":
		(*s).Expire(azuretest.Vault, azuretest.Key, time.Now().Add(-time.Hour))
	case args[0] == "leaks":
		if leaks := (*s).Leaks(); len(leaks) > 0 {
			ts.Fatalf("leaks: %q", leaks)
		}
	default:
		setFault(ts, (*s).Faults, args)
	}
}

func setFault(ts *testscript.TestScript, faults *httpfault.Switch, args []string) {
	switch {
	case len(args) == 1 && args[0] == "mend":
		faults.Clear()
	case len(args) == 2 && args[0] == "fault":
		faults.Set(httpfault.Fault{Mode: httpfault.Mode(args[1])})
	case len(args) == 3 && args[0] == "fault":
		faults.Set(httpfault.Fault{Path: args[1], Mode: httpfault.Mode(args[2])})
	default:
		ts.Fatalf("unknown: %v", args)
	}
}
