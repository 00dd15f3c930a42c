// Package huaweikey names keys of Huawei Cloud KMS: REGION:UUID. It needs no
// SDK.
package huaweikey

import (
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// FieldID is the one field of an entry: REGION:UUID.
const FieldID = "key_id"

// Kind describes the keys of Huawei Cloud KMS.
func Kind() *keeper.Kind {
	return &keeper.Kind{
		Name: keeper.HCKMS, Keys: "Huawei Cloud KMS keys", Aliases: []string{"huawei"},
		Flag:  "hckms",
		Usage: "Huawei Cloud KMS `REGION:UUID,...`", UsageOne: "Huawei Cloud KMS `REGION:UUID`",
		Variables: []keeper.Variable{{Name: "SOPS_HUAWEICLOUD_KMS_IDS", Meaning: "Huawei Cloud KMS keys to encrypt for"}},
		Doc:       "Huawei Cloud KMS keys, REGION:UUID.",
		Example:   "tr-west-1:11111111-2222-3333-4444-555555555555",
		Fields: []keeper.FieldRule{
			{Name: FieldID, Required: true, Element: FieldID, Doc: "REGION:UUID of the key.", Meant: []string{"id"}},
		},
		Parse: Parse,
	}
}

// Parse reads a list of keys.
func Parse(list string) ([]keeper.MasterKey, error) { return keeper.ParseList(list, New) }

// New returns the key REGION:UUID.
func New(text string) (keeper.MasterKey, error) {
	region, id, ok := Split(text)
	if !ok || region == "" || id == "" || strings.Contains(id, ":") {
		return keeper.MasterKey{}, &keeper.NameError{
			Reason: fmt.Sprintf("hckms: %q is not the name of a key", text), Hint: "write REGION:KEY-UUID",
		}
	}
	return Kind().Key(FieldID, text), nil
}

// Split returns the region and the id of a key.
func Split(text string) (region, id string, ok bool) { return strings.Cut(text, ":") }
