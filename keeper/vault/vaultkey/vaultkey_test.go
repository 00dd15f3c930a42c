package vaultkey

import (
	"strings"
	"testing"
)

// A password in an address would be written into files and shown in messages.
func TestAddressesWithPasswordsAreRefusedWithoutThem(t *testing.T) {
	for _, address := range []string{
		"https://user:hunter2@vault.example.com:8200/v1/transit/keys/name",
		"https://hunter2@vault.example.com:8200/v1/transit/keys/name",
		"https://user:hunter2@vault.example.com:8200/elsewhere",
		"https://user:hunter2/@vault.example.com:8200/v1/transit/keys/name",
	} {
		_, err := New(address)
		if err == nil {
			t.Errorf("%s is accepted", address)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the password is in the error: %v", err)
		}
	}
	if _, err := New("https://vault.example.com:8200/v1/transit/keys/a@b"); err != nil {
		t.Errorf("a name with @: %v", err)
	}
}
