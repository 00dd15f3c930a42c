package gcptest

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
)

// ServiceAccount returns the credentials file of Account.
func (s *Server) ServiceAccount() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(s.signer)
	if err != nil {
		panic("gcptest: " + err.Error())
	}
	return file(map[string]any{
		"type": "service_account", "project_id": Project, "private_key_id": keyID,
		"private_key":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_email": Account, "client_id": "100000000000000000000", "universe_domain": "googleapis.com",
		"auth_uri": s.URL() + "/auth", "token_uri": s.URL() + "/token",
	})
}

// AuthorizedUser returns the file that `gcloud auth application-default login`
// writes for User. It has no address: Google's libraries take their own, so
// that only a program that can be given another one can use it here.
func (s *Server) AuthorizedUser(quotaProject string) []byte {
	f := map[string]any{"type": "authorized_user", "client_id": clientID, "client_secret": clientSecret, "refresh_token": refreshToken, "account": User}
	if quotaProject != "" {
		f["quota_project_id"] = quotaProject
	}
	return file(f)
}

// ExternalAccount returns a file of workload identity federation whose subject
// token is in the file of that name.
func (s *Server) ExternalAccount(tokenFile string, impersonate bool) []byte {
	f := map[string]any{
		"type": "external_account", "audience": audience, "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
		"token_url": s.URL() + "/v1/token", "credential_source": map[string]string{"file": tokenFile},
	}
	if impersonate {
		f["service_account_impersonation_url"] = s.impersonation()
	}
	return file(f)
}

// ImpersonatedAccount returns a file in which Account acts for Impersonated.
func (s *Server) ImpersonatedAccount() []byte {
	var source map[string]any
	if err := json.Unmarshal(s.ServiceAccount(), &source); err != nil {
		panic("gcptest: " + err.Error())
	}
	return file(map[string]any{
		"type": "impersonated_service_account", "service_account_impersonation_url": s.impersonation(), "delegates": []string{}, "source_credentials": source,
	})
}

func (s *Server) impersonation() string {
	return s.URL() + "/v1/projects/-/serviceAccounts/" + Impersonated + ":generateAccessToken"
}

func file(v map[string]any) []byte {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic("gcptest: " + err.Error())
	}
	return b
}
