package decrypt_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/seed-1f7fdfb8/sops/decrypt"
	"github.com/seed-1f7fdfb8/sops/format/yaml"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms"
)

// encrypted returns a file under a key of the built-in world of devkms. All
// options are left out.
func encrypted(t *testing.T, plain string) []byte {
	t.Helper()
	m := keeper.Undescribed(keeper.KMS, "arn", "arn:aws:kms:us-east-1:111111111111:alias/sops-dev")
	o, err := envelope.New(context.Background(), []byte(plain), yaml.Format{}, envelope.Plan{Groups: [][]keeper.MasterKey{{m}}}, awskms.New(awskms.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	enc, err := o.Encrypt(envelope.EncryptOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return enc
}

func ExampleDataWithFormat() {
	os.Setenv("SOPS_AGE_KEY_FILE", "../internal/test/golden/keys/age-main.txt")
	defer os.Unsetenv("SOPS_AGE_KEY_FILE")
	enc, err := os.ReadFile("../internal/test/golden/files/env-01-basic/enc.env")
	if err != nil {
		fmt.Println(err)
		return
	}
	plain, err := decrypt.DataWithFormat(enc, decrypt.Dotenv)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(plain) > 0)
	// Output: true
}

func ExampleFile() {
	_, err := decrypt.File("../internal/test/golden/files/env-01-basic/enc.env", "env")
	fmt.Println(err)
	// Output: ../internal/test/golden/files/env-01-basic/enc.env: there is no format "env" (the formats are binary, dotenv, ini, json, yaml)
}
