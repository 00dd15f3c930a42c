package kms

import (
	"encoding/json"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/keystore"
)

// Names returns every name of the keys that a request seems to be about, before
// anything of it has been checked.
func (s *Service) Names(region string, body []byte) (names []string) {
	var in struct {
		KeyId, SourceKeyId, DestinationKeyId, TargetKeyId string
		CiphertextBlob                                    []byte
	}
	if json.Unmarshal(body, &in) != nil {
		return nil
	}
	given := []string{in.KeyId, in.SourceKeyId, in.DestinationKeyId, in.TargetKeyId}
	if b, err := keystore.ParseBlob(in.CiphertextBlob); err == nil {
		given = append(given, awsname.KeyARN(region, b.Account, b.KeyID))
	}
	s.Store.View(func() {
		for _, n := range given {
			names = append(names, s.Store.NamesOf(n, region)...)
		}
	})
	return names
}
