package devkms_test

import (
	"bytes"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

func cryptoProbes() []probe {
	app := ec{"AppName": "ExampleApp", "FilePath": "/var/opt/secrets/"}
	return []probe{
		{"encrypt then decrypt", "model", "", "", func(l *lab) error {
			return l.decrypt(l.sealed(devKey, nil), nil)
		}},
		{"encrypt answers the key's ARN", "model", "", "", func(l *lab) error {
			out, err := l.kms().Encrypt(l.ctx, &kms.EncryptInput{KeyId: ptr("alias/sops-dev"), Plaintext: []byte("x")})
			if err != nil {
				return err
			}
			return same("KeyId", *out.KeyId, devKey)
		}},
		{"encrypt answers EncryptionAlgorithm", "model", "", "", func(l *lab) error {
			out, err := l.kms().Encrypt(l.ctx, &kms.EncryptInput{KeyId: ptr(devKey), Plaintext: []byte("x")})
			if err != nil {
				return err
			}
			return same("EncryptionAlgorithm", out.EncryptionAlgorithm, types.EncryptionAlgorithmSpecSymmetricDefault)
		}},
		{"decrypt answers key, algorithm and material", "model", "", "", func(l *lab) error {
			out, err := l.kms().Decrypt(l.ctx, &kms.DecryptInput{CiphertextBlob: l.sealed(devKey, app), EncryptionContext: app})
			if err != nil {
				return err
			}
			d, err := l.kms().DescribeKey(l.ctx, &kms.DescribeKeyInput{KeyId: ptr(devKey)})
			if err != nil {
				return err
			}
			return firstOf(same("KeyId", *out.KeyId, devKey), same("material", *out.KeyMaterialId, *d.KeyMetadata.CurrentKeyMaterialId),
				same("algorithm", out.EncryptionAlgorithm, types.EncryptionAlgorithmSpecSymmetricDefault))
		}},
		{"two encryptions differ", "kms", "", "", func(l *lab) error {
			return same("equal", bytes.Equal(l.sealed(devKey, nil), l.sealed(devKey, nil)), false)
		}},
		{"the context opens what it sealed", "kms", "", "", func(l *lab) error { return l.decrypt(l.sealed(devKey, app), app) }},
		{"an empty context is none", "kms", "", "", func(l *lab) error { return l.decrypt(l.sealed(devKey, ec{}), nil) }},
		{"a context may hold Unicode", "kms", "", "", func(l *lab) error {
			c := ec{"Größe": "zwölf ☃ 𝒳", "line\nbreak": "\t\"quoted\" <&>"}
			return l.decrypt(l.sealed(devKey, c), c)
		}},
		{"a wrong context value", "kms", "InvalidCiphertextException", "", func(l *lab) error {
			return l.decrypt(l.sealed(devKey, app), ec{"AppName": "Other", "FilePath": "/var/opt/secrets/"})
		}},
		{"a missing context", "kms", "InvalidCiphertextException", "", func(l *lab) error { return l.decrypt(l.sealed(devKey, app), nil) }},
		{"a missing context pair", "kms", "InvalidCiphertextException", "", func(l *lab) error {
			return l.decrypt(l.sealed(devKey, app), ec{"AppName": "ExampleApp"})
		}},
		{"an extra context pair", "kms", "InvalidCiphertextException", "", func(l *lab) error {
			return l.decrypt(l.sealed(devKey, nil), ec{"AppName": "ExampleApp"})
		}},
		{"a context value of other case", "kms", "InvalidCiphertextException", "", func(l *lab) error {
			return l.decrypt(l.sealed(devKey, ec{"App": "x"}), ec{"App": "X"})
		}},
		{"a context key of other case", "kms", "InvalidCiphertextException", "", func(l *lab) error {
			return l.decrypt(l.sealed(devKey, ec{"App": "x"}), ec{"app": "x"})
		}},
		{"pairs that only look alike when joined", "kms", "InvalidCiphertextException", "", func(l *lab) error {
			return l.decrypt(l.sealed(devKey, ec{"a": "bc"}), ec{"ab": "c"})
		}},
		{"a tampered blob", "kms", "InvalidCiphertextException", "", func(l *lab) error {
			b := l.sealed(devKey, nil)
			b[len(b)-1] ^= 1
			return l.decrypt(b, nil)
		}},
		{"a truncated blob", "kms", "InvalidCiphertextException", "", func(l *lab) error {
			b := l.sealed(devKey, nil)
			return l.decrypt(b[:len(b)-1], nil)
		}},
		{"a garbage blob", "kms", "InvalidCiphertextException", "", func(l *lab) error { return l.decrypt([]byte("garbage"), nil) }},
		{"a garbage blob with a key id", "kms", "InvalidCiphertextException", "", func(l *lab) error {
			return l.decryptWith(devKey, []byte("garbage"), nil)
		}},
		{"decrypt with the right key id", "model", "", "", func(l *lab) error { return l.decryptWith(devKey, l.sealed(devKey, nil), nil) }},
		{"decrypt with the right alias", "kms", "", "", func(l *lab) error { return l.decryptWith("alias/sops-dev", l.sealed(devKey, nil), nil) }},
		{"decrypt with another key id", "kms", "IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.", func(l *lab) error {
			return l.decryptWith(appKey, l.sealed(devKey, nil), nil)
		}},
		{"re-encrypt under another key", "model", "", "", func(l *lab) error {
			out, err := l.kms().ReEncrypt(l.ctx, &kms.ReEncryptInput{CiphertextBlob: l.sealed(devKey, nil), DestinationKeyId: ptr(appKey)})
			if err != nil {
				return err
			}
			return firstOf(l.decryptWith(appKey, out.CiphertextBlob, nil), same("KeyId", *out.KeyId, appKey), same("SourceKeyId", *out.SourceKeyId, devKey))
		}},
		{"re-encrypt under another context", "model", "", "", func(l *lab) error {
			out, err := l.kms().ReEncrypt(l.ctx, &kms.ReEncryptInput{
				CiphertextBlob: l.sealed(devKey, app), SourceEncryptionContext: app, DestinationKeyId: ptr(devKey), DestinationEncryptionContext: ec{"new": "context"},
			})
			if err != nil {
				return err
			}
			return l.decrypt(out.CiphertextBlob, ec{"new": "context"})
		}},
		{"re-encrypt from a wrong context", "kms", "InvalidCiphertextException", "", func(l *lab) error {
			return only(l.kms().ReEncrypt(l.ctx, &kms.ReEncryptInput{CiphertextBlob: l.sealed(devKey, app), DestinationKeyId: ptr(devKey)}))
		}},
		{"re-encrypt from a wrong key", "kms", "IncorrectKeyException", "", func(l *lab) error {
			return only(l.kms().ReEncrypt(l.ctx, &kms.ReEncryptInput{CiphertextBlob: l.sealed(devKey, nil), SourceKeyId: ptr(appKey), DestinationKeyId: ptr(devKey)}))
		}},
		{"a data key of AES_256", "model", "", "", func(l *lab) error { return l.dataKey(&kms.GenerateDataKeyInput{KeySpec: types.DataKeySpecAes256}, 32) }},
		{"a data key of AES_128", "model", "", "", func(l *lab) error { return l.dataKey(&kms.GenerateDataKeyInput{KeySpec: types.DataKeySpecAes128}, 16) }},
		{"a data key of 1024 bytes", "model", "", "", func(l *lab) error { return l.dataKey(&kms.GenerateDataKeyInput{NumberOfBytes: ptr(int32(1024))}, 1024) }},
		{"a data key without plaintext", "model", "", "", func(l *lab) error {
			out, err := l.kms().GenerateDataKeyWithoutPlaintext(l.ctx, &kms.GenerateDataKeyWithoutPlaintextInput{KeyId: ptr(devKey), KeySpec: types.DataKeySpecAes256})
			if err != nil {
				return err
			}
			d, err := l.kms().Decrypt(l.ctx, &kms.DecryptInput{CiphertextBlob: out.CiphertextBlob})
			if err != nil {
				return err
			}
			return same("bytes", len(d.Plaintext), 32)
		}},
		{"random bytes", "model", "", "", func(l *lab) error {
			out, err := l.kms().GenerateRandom(l.ctx, &kms.GenerateRandomInput{NumberOfBytes: ptr(int32(40))})
			if err != nil {
				return err
			}
			return same("bytes", len(out.Plaintext), 40)
		}},
		{"dry run of encrypt", "kms", "DryRunOperationException", "", func(l *lab) error {
			return only(l.kms().Encrypt(l.ctx, &kms.EncryptInput{KeyId: ptr(devKey), Plaintext: []byte("x"), DryRun: ptr(true)}))
		}},
		{"dry run of decrypt", "kms", "DryRunOperationException", "", func(l *lab) error {
			return only(l.kms().Decrypt(l.ctx, &kms.DecryptInput{CiphertextBlob: l.sealed(devKey, nil), DryRun: ptr(true)}))
		}},
		{"dry run of re-encrypt", "kms", "DryRunOperationException", "", func(l *lab) error {
			return only(l.kms().ReEncrypt(l.ctx, &kms.ReEncryptInput{CiphertextBlob: l.sealed(devKey, nil), DestinationKeyId: ptr(devKey), DryRun: ptr(true)}))
		}},
		{"dry run of a data key", "kms", "DryRunOperationException", "", func(l *lab) error {
			return only(l.kms().GenerateDataKey(l.ctx, &kms.GenerateDataKeyInput{KeyId: ptr(devKey), KeySpec: types.DataKeySpecAes256, DryRun: ptr(true)}))
		}},
		{"dry run by a caller who may not", "kms", "AccessDeniedException", "", func(l *lab) error {
			return only(l.user("bob").kms().Encrypt(l.ctx, &kms.EncryptInput{KeyId: ptr(devKey), Plaintext: []byte("x"), DryRun: ptr(true)}))
		}},
	}
}

// dataKey asks for a data key and checks that it is what its blob holds.
func (l *lab) dataKey(in *kms.GenerateDataKeyInput, size int) error {
	in.KeyId = ptr(devKey)
	out, err := l.kms().GenerateDataKey(l.ctx, in)
	if err != nil {
		return err
	}
	d, err := l.kms().Decrypt(l.ctx, &kms.DecryptInput{CiphertextBlob: out.CiphertextBlob})
	if err != nil {
		return err
	}
	return firstOf(same("bytes", len(out.Plaintext), size), sameBytes("plaintext", d.Plaintext, out.Plaintext), same("KeyId", *out.KeyId, devKey))
}

// firstOf returns the first error.
func firstOf(errs ...error) error {
	if i := slices.IndexFunc(errs, func(e error) bool { return e != nil }); i >= 0 {
		return errs[i]
	}
	return nil
}

func limitProbes() []probe {
	encrypt := func(n int, c ec) func(*lab) error {
		return func(l *lab) error {
			return only(l.kms().Encrypt(l.ctx, &kms.EncryptInput{KeyId: ptr(devKey), Plaintext: bytes.Repeat([]byte("x"), n), EncryptionContext: c}))
		}
	}
	dataKey := func(in kms.GenerateDataKeyInput) func(*lab) error {
		return func(l *lab) error {
			in.KeyId = ptr(devKey)
			return only(l.kms().GenerateDataKey(l.ctx, &in))
		}
	}
	return []probe{
		{"1 byte", "model", "", "", encrypt(1, nil)},
		{"4096 bytes", "model", "", "", encrypt(4096, nil)},
		{"4097 bytes", "model", "ValidationException", "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096", encrypt(4097, nil)},
		{"0 bytes", "model", "ValidationException", "Member must have length greater than or equal to 1", encrypt(0, nil)},
		{"4096 bytes make a blob of at most 6144", "model", "", "", func(l *lab) error {
			b, err := l.encrypt(devKey, strings.Repeat("x", 4096), nil)
			if err != nil {
				return err
			}
			return same("fits", len(b) <= 6144, true)
		}},
		{"a context of 8 KB", "memory", "", "", encrypt(1, ec{"k": strings.Repeat("v", 8191)})},
		{"a context over 8 KB", "memory", "ValidationException", "", encrypt(1, ec{"k": strings.Repeat("v", 8192)})},
		{"an empty blob", "model", "ValidationException", "ciphertextBlob", func(l *lab) error { return l.decrypt([]byte{}, nil) }},
		{"a blob of 6145 bytes", "model", "ValidationException", "6144", func(l *lab) error { return l.decrypt(make([]byte, 6145), nil) }},
		{"a key id of 2049 letters", "model", "ValidationException", "2048", func(l *lab) error { return only(l.encrypt(strings.Repeat("x", 2049), "x", nil)) }},
		{"two violated limits in one answer", "seen", "ValidationException", "2 validation errors detected: ", func(l *lab) error {
			return only(l.kms().Encrypt(l.ctx, &kms.EncryptInput{KeyId: ptr(""), Plaintext: make([]byte, 5000)}))
		}},
		{"a data key of 0 bytes", "model", "ValidationException", "", dataKey(kms.GenerateDataKeyInput{NumberOfBytes: ptr(int32(0))})},
		{"a data key of 1025 bytes", "model", "ValidationException", "", dataKey(kms.GenerateDataKeyInput{NumberOfBytes: ptr(int32(1025))})},
		{"a data key of neither size nor spec", "kms", "ValidationException", "", dataKey(kms.GenerateDataKeyInput{})},
		{"a data key of both size and spec", "kms", "ValidationException", "", dataKey(kms.GenerateDataKeyInput{NumberOfBytes: ptr(int32(16)), KeySpec: types.DataKeySpecAes128})},
		{"a data key of unknown spec", "model", "ValidationException", "enum value set", dataKey(kms.GenerateDataKeyInput{KeySpec: "AES_512"})},
		{"an algorithm of another kind of key", "kms", "InvalidKeyUsageException", "", func(l *lab) error {
			return only(l.kms().Encrypt(l.ctx, &kms.EncryptInput{KeyId: ptr(devKey), Plaintext: []byte("x"), EncryptionAlgorithm: types.EncryptionAlgorithmSpecRsaesOaepSha256}))
		}},
		{"an algorithm that does not exist", "model", "ValidationException", "enum value set", func(l *lab) error {
			return only(l.kms().Encrypt(l.ctx, &kms.EncryptInput{KeyId: ptr(devKey), Plaintext: []byte("x"), EncryptionAlgorithm: "ROT13"}))
		}},
		{"11 grant tokens", "model", "ValidationException", "", func(l *lab) error {
			return only(l.kms().Encrypt(l.ctx, &kms.EncryptInput{KeyId: ptr(devKey), Plaintext: []byte("x"), GrantTokens: make([]string, 11)}))
		}},
		{"a grant token that is none", "kms", "InvalidGrantTokenException", "", func(l *lab) error {
			return only(l.kms().Encrypt(l.ctx, &kms.EncryptInput{KeyId: ptr(devKey), Plaintext: []byte("x"), GrantTokens: []string{"token"}}))
		}},
	}
}

func keyNameProbes() []probe {
	encrypt := func(key string) func(*lab) error {
		return func(l *lab) error { return l.decryptWith(devKey, l.sealed(key, nil), nil) }
	}
	fails := func(key string) func(*lab) error {
		return func(l *lab) error { return only(l.encrypt(key, "x", nil)) }
	}
	return []probe{
		{"a key by its id", "kms", "", "", encrypt("11111111-1111-4111-8111-000000000001")},
		{"a key by its ARN", "kms", "", "", encrypt(devKey)},
		{"a key by its alias", "kms", "", "", encrypt("alias/sops-dev")},
		{"a key by its alias ARN", "kms", "", "", encrypt("arn:aws:kms:us-east-1:111111111111:alias/sops-dev")},
		{"a key id that does not exist", "kms", "NotFoundException", "Key 'arn:aws:kms:us-east-1:111111111111:key/99999999-1111-4111-8111-000000000001' does not exist", fails("99999999-1111-4111-8111-000000000001")},
		{"an alias that does not exist", "kms", "NotFoundException", "Alias arn:aws:kms:us-east-1:111111111111:alias/absent is not found.", fails("alias/absent")},
		{"an ARN of another region", "kms", "NotFoundException", "", fails(devKeyEU)},
		{"an alias ARN of another region", "kms", "NotFoundException", "", fails("arn:aws:kms:eu-west-1:111111111111:alias/sops-dev")},
		{"no key id at all", "kms", "NotFoundException", "", fails("not-a-key")},
		{"an ARN of another service", "kms", "NotFoundException", "", fails("arn:aws:s3:us-east-1:111111111111:key/11111111-1111-4111-8111-000000000001")},
		{"the alias of one region in the other", "kms", "", "", func(l *lab) error {
			out, err := l.region("eu-west-1").kms().DescribeKey(l.ctx, &kms.DescribeKeyInput{KeyId: ptr("alias/sops-dev")})
			if err != nil {
				return err
			}
			return same("Arn", *out.KeyMetadata.Arn, devKeyEU)
		}},
		{"a blob of another region", "seen", "AccessDeniedException", "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.", func(l *lab) error {
			return l.region("eu-west-1").decrypt(l.sealed(devKey, nil), nil)
		}},
		{"a blob whose key has been deleted", "seen", "AccessDeniedException", "The ciphertext refers to a customer master key that does not exist", func(l *lab) error {
			k := l.newKey()
			b := l.sealed(k, nil)
			l.must(l.kms().ScheduleKeyDeletion(l.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &k, PendingWindowInDays: ptr(int32(7))}))
			return l.later(8*day).decrypt(b, nil)
		}},
	}
}
