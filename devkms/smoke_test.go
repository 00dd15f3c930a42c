package devkms_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

func TestSmoke(t *testing.T) {
	s := devkms.Start(t, nil)
	ctx := context.Background()
	a := as(s, "bob").assume(t, devRole)
	key := devKey
	ec := map[string]string{"Äpp": "ünicode\x00 x"}
	out, err := a.kms().Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("hi"), EncryptionContext: ec})
	if err != nil {
		t.Fatal(err)
	}
	dec, err := a.kms().Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: out.CiphertextBlob, EncryptionContext: ec})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(string(dec.Plaintext), *dec.KeyMaterialId)
	_, err = a.kms().Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: out.CiphertextBlob})
	t.Log(err)
	_, err = as(s, "bob").kms().Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("hi"), EncryptionContext: ec})
	t.Log(err)
	d, err := a.kms().DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &key})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(d.KeyMetadata.CreationDate, *d.KeyMetadata.Arn)
	g, err := a.kms().GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &key, KeySpec: "AES_256"})
	t.Log(g, err)
	id, err := a.sts().GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	t.Log(*id.Arn, *id.UserId, err)
	b := as(s, "alice")
	b.creds.SecretAccessKey = "x"
	_, err = b.kms().DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &key})
	t.Log(err)
	env, err := s.Environ(t.TempDir())
	t.Log(env, err)
	for _, c := range s.Calls() {
		t.Logf("%+v", c)
	}
}
