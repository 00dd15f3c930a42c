package gcpkms

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// adviceOn says what helps against a refusal.
func adviceOn(r *Refusal, n name, v verb, c *credential) []string {
	if r.Code == http.StatusTooManyRequests {
		return []string{"run it again in a moment; if it stays so, ask for a higher quota of cryptographic requests in project " + n.project}
	}
	switch r.Reason {
	case "SERVICE_DISABLED", "USER_PROJECT_DENIED":
		return adviceOnProject(r, n, c)
	case "ACCESS_TOKEN_SCOPE_INSUFFICIENT":
		return []string{"log in with the scope of all of the cloud: gcloud auth application-default login --scopes=https://www.googleapis.com/auth/cloud-platform"}
	}
	look := "look at the key: gcloud kms keys describe " + n.flags()
	switch r.Status {
	case "UNAUTHENTICATED":
		if c.fixed {
			return []string{"the token is wrong or too old; make a new one with: export " + varToken + "=$(gcloud auth print-access-token)"}
		}
		return []string{logIn}
	case "PERMISSION_DENIED":
		role := "roles/cloudkms.cryptoKeyDecrypter"
		if v == encrypting {
			role = "roles/cloudkms.cryptoKeyEncrypter"
		}
		return []string{fmt.Sprintf("who may change the policy of the key grants it with: gcloud kms keys add-iam-policy-binding %s --member %s --role %s", n.flags(), c.member(), role)}
	case "NOT_FOUND":
		return []string{look}
	case "FAILED_PRECONDITION":
		return []string{"look at the versions of the key, and enable the one that is needed: gcloud kms keys versions list --key " + n.flags()}
	case "INVALID_ARGUMENT":
		if v == decrypting {
			return []string{"enc was made by another key, or was changed; " + keeper.EarlierHint}
		}
		return []string{look}
	}
	return nil
}

// adviceOnProject is about the project that is to pay for a call, which need not
// be that of the key.
func adviceOnProject(r *Refusal, n name, c *credential) []string {
	project := n.project
	if c.quota.project != "" {
		project = c.quota.project
	} else if named, ok := strings.CutPrefix(r.About["consumer"], "projects/"); ok {
		project = named
	}
	word := hint.ShellWord(project)
	var all []string
	if r.Reason == "SERVICE_DISABLED" {
		all = append(all, "switch Cloud KMS on in it: gcloud services enable cloudkms.googleapis.com --project "+word)
	} else {
		all = append(all, fmt.Sprintf("who may change its policy grants the use: gcloud projects add-iam-policy-binding %s --member %s --role roles/serviceusage.serviceUsageConsumer", word, c.member()))
	}
	if c.quota.project != "" {
		all = append(all, fmt.Sprintf("the project %s is from %s; to name none, set %s=none", hint.Line(project), c.quota.source, varOwnQuota))
	}
	return all
}
