package decrypt_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/decrypt"
	"github.com/seed-1f7fdfb8/sops/format/yaml"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms"
	"github.com/seed-1f7fdfb8/sops/key"
)

// encrypted returns a file under a key of the built-in world of devkms. All
// options are left out.
func encrypted(t *testing.T, plain string) []byte {
	t.Helper()
	m := key.New(key.KMS, "arn", "arn:aws:kms:us-east-1:111111111111:alias/sops-dev")
	o, err := sops.New(context.Background(), []byte(plain), yaml.Format{}, sops.Plan{Groups: [][]key.MasterKey{{m}}}, awskms.New(awskms.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	enc, err := o.Seal(sops.SealOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return enc
}

func ExampleDataWithFormat() {
	os.Setenv("SOPS_AGE_KEY_FILE", "../testdata/fixtures/keys/age-main.txt")
	defer os.Unsetenv("SOPS_AGE_KEY_FILE")
	enc, err := os.ReadFile("../testdata/fixtures/files/env-01-basic/enc.env")
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
	_, err := decrypt.File("../testdata/fixtures/files/env-01-basic/enc.env", "env")
	fmt.Println(err)
	// Output: ../testdata/fixtures/files/env-01-basic/enc.env: there is no format "env" (the formats are binary, dotenv, ini, json, yaml)
}
