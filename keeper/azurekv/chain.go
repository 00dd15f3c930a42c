package azurekv

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azcloud "github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Variables of credentials, as Azure's SDKs have them.
const (
	varTenant   = "AZURE_TENANT_ID"
	varClient   = "AZURE_CLIENT_ID"
	varSecret   = "AZURE_CLIENT_SECRET"
	varCert     = "AZURE_CLIENT_CERTIFICATE_PATH"
	varCertPass = "AZURE_CLIENT_CERTIFICATE_PASSWORD"
	varChain    = "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN"
	varToken    = "AZURE_FEDERATED_TOKEN_FILE"
	varNarrow   = "AZURE_TOKEN_CREDENTIALS"
)

// A member of the chain is one way to an identity.
type member struct {
	name   string // for people: where it is from
	sdk    string // in Azure's SDKs, and so in AZURE_TOKEN_CREDENTIALS
	dev    bool   // of a developer's machine
	final  bool   // it was set up on purpose: where it fails, no other is tried
	make   func(context.Context) (azcore.TokenCredential, error)
	advice string
}

// members returns the chain of DefaultAzureCredential, without those that
// nothing is there for and those that AZURE_TOKEN_CREDENTIALS leaves out.
func (l *login) members() ([]member, error) {
	narrow := env.Env(l.o.Env).Get(varNarrow)
	var all []member
	known := narrow == "" || narrow == "dev" || narrow == "prod"
	for _, m := range []member{l.secret(), l.certificate(), l.workload(), l.machine(), l.az(), l.azd(), l.powerShell()} {
		named := strings.EqualFold(narrow, m.sdk)
		known = known || named
		if m.make != nil && (narrow == "" || named || narrow == "dev" && m.dev || narrow == "prod" && !m.dev) {
			all = append(all, m)
		}
	}
	if !known {
		return nil, &keeper.SettingError{Variable: varNarrow, Reason: fmt.Sprintf("%q is not one of the credentials", hint.Line(narrow)), Advice: "set it to dev, prod, EnvironmentCredential, WorkloadIdentityCredential, ManagedIdentityCredential, AzureCLICredential, AzureDeveloperCLICredential or AzurePowerShellCredential, or unset it"}
	}
	return all, nil
}

// options are those of every client of Entra ID.
func (l *login) options() azcore.ClientOptions {
	const retries = 2
	return azcore.ClientOptions{
		Cloud:     azcloud.Configuration{ActiveDirectoryAuthorityHost: l.authority},
		Transport: l.rest.HTTP(),
		Retry:     policy.RetryOptions{MaxRetries: retries, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: time.Second},
		Telemetry: policy.TelemetryOptions{Disabled: true},
	}
}

// isKnown reports whether the authority is one of Azure's, about which nothing
// has to be asked first.
func (l *login) isKnown() bool {
	for _, c := range clouds() {
		if strings.TrimSuffix(c.login, "/") == strings.TrimSuffix(l.authority, "/") {
			return true
		}
	}
	return false
}

func everyTenant() []string { return []string{"*"} } // whose vault it is, the user has chosen

func (l *login) secret() member {
	m := member{name: varSecret, sdk: "EnvironmentCredential", final: true, advice: "check " + varTenant + ", " + varClient + " and " + varSecret}
	tenant, client, secret := env.Env(l.o.Env).Get(varTenant), env.Env(l.o.Env).Get(varClient), env.Env(l.o.Env).Get(varSecret)
	if tenant != "" && client != "" && secret != "" {
		m.make = func(context.Context) (azcore.TokenCredential, error) {
			return azidentity.NewClientSecretCredential(tenant, client, secret, &azidentity.ClientSecretCredentialOptions{
				ClientOptions: l.options(), AdditionallyAllowedTenants: everyTenant(), DisableInstanceDiscovery: l.isKnown(),
			})
		}
	}
	return m
}

func (l *login) certificate() member {
	m := member{name: varCert, sdk: "EnvironmentCredential", final: true, advice: "check " + varTenant + ", " + varClient + " and " + varCert}
	e := env.Env(l.o.Env)
	tenant, client, path := e.Get(varTenant), e.Get(varClient), e.Get(varCert)
	if tenant != "" && client != "" && path != "" && e.Get(varSecret) == "" {
		m.make = func(context.Context) (azcore.TokenCredential, error) {
			src, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			certs, key, err := azidentity.ParseCertificates(src, []byte(e.Get(varCertPass)))
			if err != nil {
				return nil, errors.New("the file has no certificate with its key, or the password is wrong")
			}
			whole, _ := strconv.ParseBool(e.Get(varChain))
			return azidentity.NewClientCertificateCredential(tenant, client, certs, key, &azidentity.ClientCertificateCredentialOptions{
				ClientOptions: l.options(), AdditionallyAllowedTenants: everyTenant(), DisableInstanceDiscovery: l.isKnown(), SendCertificateChain: whole,
			})
		}
	}
	return m
}

func (l *login) workload() member {
	m := member{name: varToken, sdk: "WorkloadIdentityCredential", final: true, advice: "check " + varTenant + ", " + varClient + " and " + varToken}
	tenant, client, path := env.Env(l.o.Env).Get(varTenant), env.Env(l.o.Env).Get(varClient), env.Env(l.o.Env).Get(varToken)
	if tenant != "" && client != "" && path != "" {
		m.make = func(context.Context) (azcore.TokenCredential, error) {
			return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
				ClientOptions: l.options(), AdditionallyAllowedTenants: everyTenant(), DisableInstanceDiscovery: l.isKnown(),
				TenantID: tenant, ClientID: client, TokenFilePath: path,
			})
		}
	}
	return m
}

// The instance metadata service, and how long it may take to show that it is
// there: where it is not, nothing may answer.
const (
	metadata = "http://169.254.169.254/metadata/identity/oauth2/token"
	probe    = time.Second
)

func (l *login) machine() member {
	return member{name: "the managed identity", sdk: "ManagedIdentityCredential", make: func(ctx context.Context) (azcore.TokenCredential, error) {
		if err := l.probe(ctx); err != nil {
			return nil, err
		}
		o := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: l.options()}
		if id := env.Env(l.o.Env).Get(varClient); id != "" {
			o.ID = azidentity.ClientID(id)
		}
		return azidentity.NewManagedIdentityCredential(o)
	}}
}

// probe reports why there is no managed identity.
func (l *login) probe(ctx context.Context) error {
	for _, name := range []string{"IDENTITY_ENDPOINT", "MSI_ENDPOINT", "IMDS_ENDPOINT"} {
		if env.Env(l.o.Env).Get(name) != "" {
			return nil
		}
	}
	direct := &rest.Client{Transport: l.o.Transport, Attempts: 1, Limit: probe}
	if direct.Transport == nil {
		direct.Transport = &http.Transport{} // it is in no other network, so without proxies
	}
	// Without the header that it wants, it refuses at once.
	if _, err := direct.Do(ctx, rest.Call{Method: http.MethodGet, URL: metadata}); err != nil {
		return errors.New("there is none: this machine is not in Azure")
	}
	return nil
}

// ofProgram is a member that asks a program which developers log in with.
func ofProgram(name, sdk, login string, programs []string, make func() (azcore.TokenCredential, error)) member {
	return member{name: name, sdk: sdk, dev: true, advice: "log in with: " + login, make: func(context.Context) (azcore.TokenCredential, error) {
		there := func(program string) bool { _, err := exec.LookPath(program); return err == nil }
		if !slices.ContainsFunc(programs, there) {
			return nil, errors.New("there is no program " + strings.Join(programs, " or "))
		}
		return make()
	}}
}

func (l *login) az() member {
	return ofProgram("az", "AzureCLICredential", "az login", []string{"az"}, func() (azcore.TokenCredential, error) {
		return azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{AdditionallyAllowedTenants: everyTenant()})
	})
}

func (l *login) azd() member {
	return ofProgram("azd", "AzureDeveloperCLICredential", "azd auth login", []string{"azd"}, func() (azcore.TokenCredential, error) {
		return azidentity.NewAzureDeveloperCLICredential(&azidentity.AzureDeveloperCLICredentialOptions{AdditionallyAllowedTenants: everyTenant()})
	})
}

func (l *login) powerShell() member {
	return ofProgram("PowerShell", "AzurePowerShellCredential", "Connect-AzAccount", []string{"pwsh", "powershell"}, func() (azcore.TokenCredential, error) {
		return azidentity.NewAzurePowerShellCredential(&azidentity.AzurePowerShellCredentialOptions{AdditionallyAllowedTenants: everyTenant()})
	})
}
