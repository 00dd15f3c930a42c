// Package gcpkey names keys of Google Cloud KMS by their resource ids. It needs
// no SDK.
package gcpkey

import (
	"fmt"
	"regexp"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// FieldID is the one field of an entry: the resource id of the key.
const FieldID = "resource_id"

// Kind describes the keys of Google Cloud KMS.
func Kind() *keeper.Kind {
	return &keeper.Kind{
		Name: keeper.GCP, Keys: "Google Cloud KMS keys", Aliases: []string{"gcp", "gcpkms"},
		Flag:  "gcp-kms",
		Usage: "GCP KMS resource `IDS`", UsageOne: "GCP KMS resource `ID`",
		Variables: []keeper.Variable{{Name: "SOPS_GCP_KMS_IDS", Meaning: "GCP KMS resource ids to encrypt for"}},
		Doc:       "Resource ids of Google Cloud KMS keys.",
		Example:   "projects/demo/locations/global/keyRings/ring/cryptoKeys/key",
		Fields: []keeper.FieldRule{
			{Name: FieldID, Required: true, Element: FieldID, Doc: "Resource id of the key.", Meant: []string{"id"}},
		},
		Parse: Parse,
	}
}

// Parse reads a list of resource ids.
func Parse(list string) ([]keeper.MasterKey, error) { return keeper.ParseList(list, New) }

// New returns the key of a resource id.
func New(id string) (keeper.MasterKey, error) {
	if !regexp.MustCompile(`^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$`).MatchString(id) {
		return keeper.MasterKey{}, &keeper.NameError{
			Reason: fmt.Sprintf("gcp_kms: %q is not the resource id of a key", id),
			Hint:   "write projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY",
		}
	}
	return Kind().Key(FieldID, id), nil
}
