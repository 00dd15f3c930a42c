package kms

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/keystore"
)

// Algorithm is the one algorithm of symmetric keys.
const Algorithm = "SYMMETRIC_DEFAULT"

// maxContext is the limit of an encryption context, keys and values together.
const maxContext = 8192

type encryptInput struct {
	KeyId               *string
	Plaintext           []byte
	EncryptionContext   map[string]string
	EncryptionAlgorithm *string
	GrantTokens         []string
	DryRun              bool
}

func (c *Call) encrypt(in *encryptInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Text("keyId", in.KeyId, true, 1, 2048)
	v.Blob("plaintext", in.Plaintext, true, 1, 4096)
	v.Enum("encryptionAlgorithm", in.EncryptionAlgorithm, encryptionAlgorithms()...)
	if problem := c.begin(&v, in.EncryptionContext, in.GrantTokens); problem != nil {
		return nil, problem
	}
	t, problem := c.use("kms:Encrypt", *in.KeyId, in.EncryptionContext, in.EncryptionAlgorithm)
	if problem != nil {
		return nil, problem
	}
	if in.DryRun {
		return nil, dryRun()
	}
	sealed, problem := c.seal(t, in.Plaintext, in.EncryptionContext)
	return map[string]any{"CiphertextBlob": sealed, "KeyId": t.ARN, "EncryptionAlgorithm": Algorithm}, problem
}

type decryptInput struct {
	CiphertextBlob      []byte
	EncryptionContext   map[string]string
	GrantTokens         []string
	KeyId               *string
	EncryptionAlgorithm *string
	Recipient           json.RawMessage
	DryRun              bool
}

func (c *Call) decrypt(in *decryptInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Blob("ciphertextBlob", in.CiphertextBlob, true, 1, 6144)
	v.Text("keyId", in.KeyId, false, 1, 2048)
	v.Enum("encryptionAlgorithm", in.EncryptionAlgorithm, encryptionAlgorithms()...)
	if problem := c.begin(&v, in.EncryptionContext, in.GrantTokens); problem != nil {
		return nil, problem
	}
	if in.Recipient != nil {
		return nil, noEnclaves()
	}
	o, problem := c.open(sealedInput{"kms:Decrypt", in.CiphertextBlob, in.KeyId, in.EncryptionContext, in.EncryptionAlgorithm, nil})
	if problem != nil {
		return nil, problem
	}
	if in.DryRun {
		return nil, dryRun()
	}
	return map[string]any{"Plaintext": o.plain, "KeyId": o.key.ARN, "EncryptionAlgorithm": Algorithm, "KeyMaterialId": o.material}, nil
}

type reEncryptInput struct {
	CiphertextBlob                                            []byte
	SourceEncryptionContext, DestinationEncryptionContext     map[string]string
	SourceKeyId, DestinationKeyId                             *string
	SourceEncryptionAlgorithm, DestinationEncryptionAlgorithm *string
	GrantTokens                                               []string
	DryRun                                                    bool
}

func (c *Call) reEncrypt(in *reEncryptInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Blob("ciphertextBlob", in.CiphertextBlob, true, 1, 6144)
	v.Text("sourceKeyId", in.SourceKeyId, false, 1, 2048)
	v.Text("destinationKeyId", in.DestinationKeyId, true, 1, 2048)
	v.Enum("sourceEncryptionAlgorithm", in.SourceEncryptionAlgorithm, encryptionAlgorithms()...)
	v.Enum("destinationEncryptionAlgorithm", in.DestinationEncryptionAlgorithm, encryptionAlgorithms()...)
	if problem := c.begin(&v, in.SourceEncryptionContext, in.GrantTokens); problem != nil {
		return nil, problem
	}
	if problem := checkContext(in.DestinationEncryptionContext); problem != nil {
		return nil, problem
	}
	c.DestinationContext = in.DestinationEncryptionContext
	// The policies want to know whether both keys are one, so the
	// destination is looked up first.
	to, problem := c.Find(*in.DestinationKeyId, "kms:ReEncryptTo")
	if problem != nil {
		return nil, problem
	}
	c.Destination = to.ARN
	same := func(k *keystore.Key) iam.Conditions {
		return iam.Fact("kms:ReEncryptOnSameKey", strconv.FormatBool(k == to.Key))
	}
	o, problem := c.open(sealedInput{"kms:ReEncryptFrom", in.CiphertextBlob, in.SourceKeyId, in.SourceEncryptionContext, in.SourceEncryptionAlgorithm, same})
	if problem != nil {
		return nil, problem
	}
	if problem := c.useTarget("kms:ReEncryptTo", to, in.DestinationEncryptionContext, in.DestinationEncryptionAlgorithm, same(o.key.Key)); problem != nil {
		return nil, problem
	}
	if in.DryRun {
		return nil, dryRun()
	}
	sealed, problem := c.seal(to, o.plain, in.DestinationEncryptionContext)
	return map[string]any{
		"CiphertextBlob": sealed, "SourceKeyId": o.key.ARN, "KeyId": to.ARN,
		"SourceEncryptionAlgorithm": Algorithm, "DestinationEncryptionAlgorithm": Algorithm,
		"SourceKeyMaterialId": o.material, "DestinationKeyMaterialId": to.Ring.Current().ID,
	}, problem
}

type dataKeyInput struct {
	KeyId             *string
	EncryptionContext map[string]string
	NumberOfBytes     *int
	KeySpec           *string
	GrantTokens       []string
	Recipient         json.RawMessage
	DryRun            bool
}

func (c *Call) generateDataKey(in *dataKeyInput) (any, *apierror.Error) {
	out, plain, problem := c.dataKey("kms:GenerateDataKey", in)
	if problem == nil {
		out["Plaintext"] = plain
	}
	return out, problem
}

func (c *Call) generateDataKeyWithoutPlaintext(in *dataKeyInput) (any, *apierror.Error) {
	out, _, problem := c.dataKey("kms:GenerateDataKeyWithoutPlaintext", in)
	return out, problem
}

func (c *Call) dataKey(action string, in *dataKeyInput) (map[string]any, []byte, *apierror.Error) {
	var v apierror.Validator
	v.Text("keyId", in.KeyId, true, 1, 2048)
	v.Number("numberOfBytes", in.NumberOfBytes, 1, 1024)
	v.Enum("keySpec", in.KeySpec, "AES_256", "AES_128")
	if problem := c.begin(&v, in.EncryptionContext, in.GrantTokens); problem != nil {
		return nil, nil, problem
	}
	if in.Recipient != nil {
		return nil, nil, noEnclaves()
	}
	if (in.NumberOfBytes == nil) == (in.KeySpec == nil) {
		return nil, nil, apierror.Refuse("ValidationException", "Please specify either number of bytes or key spec.")
	}
	size := 32
	if in.NumberOfBytes != nil {
		size = *in.NumberOfBytes
	} else if *in.KeySpec == "AES_128" {
		size = 16
	}
	t, problem := c.use(action, *in.KeyId, in.EncryptionContext, nil)
	if problem != nil {
		return nil, nil, problem
	}
	if in.DryRun {
		return nil, nil, dryRun()
	}
	plain := make([]byte, size)
	if _, err := io.ReadFull(c.Random, plain); err != nil {
		return nil, nil, Internal(err)
	}
	sealed, problem := c.seal(t, plain, in.EncryptionContext)
	return map[string]any{"CiphertextBlob": sealed, "KeyId": t.ARN, "KeyMaterialId": t.Ring.Current().ID}, plain, problem
}

// begin checks what all cryptographic operations have.
func (c *Call) begin(v *apierror.Validator, context map[string]string, grantTokens []string) *apierror.Error {
	c.EncryptionContext = context
	if len(grantTokens) > 10 {
		v.Broken("grantTokens", "Member must have length less than or equal to 10")
	}
	if problem := v.KMS(); problem != nil {
		return problem
	}
	if problem := c.CheckTokens(grantTokens); problem != nil {
		return problem
	}
	return checkContext(context)
}

// CheckTokens refuses what is not the token of a grant. Grants are in force at
// once here, so that their tokens change nothing.
func (c *Call) CheckTokens(tokens []string) *apierror.Error {
	for _, token := range tokens {
		known := false
		for _, k := range c.Store.Keys {
			known = known || slices.ContainsFunc(k.Grants, func(g *iam.Grant) bool { return g.Token == token })
		}
		if !known {
			return apierror.Refuse("InvalidGrantTokenException", "%q is not the token of a grant.", token)
		}
	}
	return nil
}

func checkContext(context map[string]string) *apierror.Error {
	size := 0
	for k, v := range context {
		size += len(k) + len(v)
	}
	if size > maxContext {
		return apierror.Refuse("ValidationException", "EncryptionContext exceeds the maximum size of %d bytes", maxContext)
	}
	return nil
}

func encryptionAlgorithms() []string {
	return []string{Algorithm, "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE"}
}

// use finds a key and checks that the caller may use it and that it can be
// used.
func (c *Call) use(action, name string, context map[string]string, alg *string) (Target, *apierror.Error) {
	t, problem := c.Find(name, action)
	if problem != nil {
		return t, problem
	}
	return t, c.useTarget(action, t, context, alg, nil)
}

func (c *Call) useTarget(action string, t Target, context map[string]string, alg *string, more iam.Conditions) *apierror.Error {
	facts := iam.Conditions{}
	for k, v := range more {
		facts[k] = v
	}
	if action != "kms:GenerateDataKey" && action != "kms:GenerateDataKeyWithoutPlaintext" {
		facts.Set("kms:EncryptionAlgorithm", Algorithm)
	}
	if problem := c.Allow(action, t, context, facts); problem != nil {
		return problem
	}
	if alg != nil && *alg != Algorithm {
		return apierror.Refuse("InvalidKeyUsageException", "Algorithm %s is incompatible with key spec SYMMETRIC_DEFAULT.", *alg)
	}
	return t.Usable()
}

// A sealedInput is what Decrypt and ReEncrypt open.
type sealedInput struct {
	action    string
	blob      []byte
	key       *string // nil means whichever the blob names
	context   map[string]string
	algorithm *string
	facts     func(*keystore.Key) iam.Conditions // condition keys of the operation
}

// opened is what comes of it.
type opened struct {
	plain    []byte
	key      Target
	material string
}

// open finds the key of a ciphertext and decrypts. A given key must be the
// ciphertext's own.
func (c *Call) open(in sealedInput) (opened, *apierror.Error) {
	b, unreadable := keystore.ParseBlob(in.blob)
	t, problem := c.keyOf(in.key, b, unreadable, in.action)
	if problem != nil {
		return opened{}, problem
	}
	var facts iam.Conditions
	if in.facts != nil {
		facts = in.facts(t.Key)
	}
	if problem := c.useTarget(in.action, t, in.context, in.algorithm, facts); problem != nil {
		if in.key == nil && problem.Code == "AccessDeniedException" && t.Account != c.Who.Account {
			problem = unseenKey()
		}
		return opened{}, problem
	}
	if unreadable != nil {
		return opened{}, invalidCiphertext()
	}
	if b.KeyID != t.ID || b.Account != t.Account {
		return opened{}, apierror.Refuse("IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.")
	}
	plain, err := t.Ring.Open(b, in.context)
	if err != nil {
		return opened{}, invalidCiphertext()
	}
	return opened{plain, t, b.Material}, nil
}

// keyOf finds the key that a request names, or else its blob.
func (c *Call) keyOf(name *string, b keystore.Blob, unreadable error, action string) (Target, *apierror.Error) {
	switch {
	case name != nil:
		return c.Find(*name, action)
	case unreadable != nil:
		return Target{}, invalidCiphertext()
	}
	return c.findSealed(b)
}

// findSealed finds the key that a ciphertext names, in the call's region.
func (c *Call) findSealed(b keystore.Blob) (Target, *apierror.Error) {
	k := c.Store.Keys[awsname.KeyARN(c.Region, b.Account, b.KeyID)]
	if k == nil {
		return Target{}, unseenKey()
	}
	c.Key = k.ARN
	return Target{Key: k}, nil
}

func unseenKey() *apierror.Error {
	return apierror.Refuse("AccessDeniedException", "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.")
}

// invalidCiphertext has no message, as at AWS: it does not say why.
func invalidCiphertext() *apierror.Error {
	return &apierror.Error{Code: "InvalidCiphertextException", Status: http.StatusBadRequest}
}

func noEnclaves() *apierror.Error {
	return apierror.Refuse("UnsupportedOperationException", "devkms does not encrypt for a Recipient")
}

func dryRun() *apierror.Error {
	return apierror.Refuse("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
}

func (c *Call) seal(t Target, plain []byte, context map[string]string) ([]byte, *apierror.Error) {
	b, err := t.Ring.Seal(c.Random, t.Account, t.ID, plain, context)
	if err != nil {
		return nil, Internal(err)
	}
	return slices.Clip(b), nil
}
