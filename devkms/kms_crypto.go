package devkms

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
)

const algorithm = "SYMMETRIC_DEFAULT"

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

func (c *call) encrypt(in *encryptInput) (any, *apiError) {
	var v validator
	v.text("keyId", in.KeyId, true, 1, 2048)
	v.blob("plaintext", in.Plaintext, true, 1, 4096)
	v.enum("encryptionAlgorithm", in.EncryptionAlgorithm, encryptionAlgorithms()...)
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
	return map[string]any{"CiphertextBlob": sealed, "KeyId": t.arn, "EncryptionAlgorithm": algorithm}, problem
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

func (c *call) decrypt(in *decryptInput) (any, *apiError) {
	var v validator
	v.blob("ciphertextBlob", in.CiphertextBlob, true, 1, 6144)
	v.text("keyId", in.KeyId, false, 1, 2048)
	v.enum("encryptionAlgorithm", in.EncryptionAlgorithm, encryptionAlgorithms()...)
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
	return map[string]any{"Plaintext": o.plain, "KeyId": o.key.arn, "EncryptionAlgorithm": algorithm, "KeyMaterialId": o.material}, nil
}

type reEncryptInput struct {
	CiphertextBlob                                            []byte
	SourceEncryptionContext, DestinationEncryptionContext     map[string]string
	SourceKeyId, DestinationKeyId                             *string
	SourceEncryptionAlgorithm, DestinationEncryptionAlgorithm *string
	GrantTokens                                               []string
	DryRun                                                    bool
}

func (c *call) reEncrypt(in *reEncryptInput) (any, *apiError) {
	var v validator
	v.blob("ciphertextBlob", in.CiphertextBlob, true, 1, 6144)
	v.text("sourceKeyId", in.SourceKeyId, false, 1, 2048)
	v.text("destinationKeyId", in.DestinationKeyId, true, 1, 2048)
	v.enum("sourceEncryptionAlgorithm", in.SourceEncryptionAlgorithm, encryptionAlgorithms()...)
	v.enum("destinationEncryptionAlgorithm", in.DestinationEncryptionAlgorithm, encryptionAlgorithms()...)
	if problem := c.begin(&v, in.SourceEncryptionContext, in.GrantTokens); problem != nil {
		return nil, problem
	}
	if problem := checkContext(in.DestinationEncryptionContext); problem != nil {
		return nil, problem
	}
	c.audit.DestinationContext = in.DestinationEncryptionContext
	// The policies want to know whether both keys are one, so the
	// destination is looked up first.
	to, problem := c.find(*in.DestinationKeyId, "kms:ReEncryptTo")
	if problem != nil {
		return nil, problem
	}
	c.audit.Destination = to.arn
	same := func(k *kmsKey) conditions { return fact("kms:ReEncryptOnSameKey", boolText(k == to.kmsKey)) }
	o, problem := c.open(sealedInput{"kms:ReEncryptFrom", in.CiphertextBlob, in.SourceKeyId, in.SourceEncryptionContext, in.SourceEncryptionAlgorithm, same})
	if problem != nil {
		return nil, problem
	}
	if problem := c.useTarget("kms:ReEncryptTo", to, in.DestinationEncryptionContext, in.DestinationEncryptionAlgorithm, same(o.key.kmsKey)); problem != nil {
		return nil, problem
	}
	if in.DryRun {
		return nil, dryRun()
	}
	sealed, problem := c.seal(to, o.plain, in.DestinationEncryptionContext)
	return map[string]any{
		"CiphertextBlob": sealed, "SourceKeyId": o.key.arn, "KeyId": to.arn,
		"SourceEncryptionAlgorithm": algorithm, "DestinationEncryptionAlgorithm": algorithm,
		"SourceKeyMaterialId": o.material, "DestinationKeyMaterialId": to.ring.current().id,
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

func (c *call) generateDataKey(in *dataKeyInput) (any, *apiError) {
	out, plain, problem := c.dataKey("kms:GenerateDataKey", in)
	if problem == nil {
		out["Plaintext"] = plain
	}
	return out, problem
}

func (c *call) generateDataKeyWithoutPlaintext(in *dataKeyInput) (any, *apiError) {
	out, _, problem := c.dataKey("kms:GenerateDataKeyWithoutPlaintext", in)
	return out, problem
}

func (c *call) dataKey(action string, in *dataKeyInput) (map[string]any, []byte, *apiError) {
	var v validator
	v.text("keyId", in.KeyId, true, 1, 2048)
	v.number("numberOfBytes", in.NumberOfBytes, 1, 1024)
	v.enum("keySpec", in.KeySpec, "AES_256", "AES_128")
	if problem := c.begin(&v, in.EncryptionContext, in.GrantTokens); problem != nil {
		return nil, nil, problem
	}
	if in.Recipient != nil {
		return nil, nil, noEnclaves()
	}
	if (in.NumberOfBytes == nil) == (in.KeySpec == nil) {
		return nil, nil, refuse("ValidationException", "Please specify either number of bytes or key spec.")
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
	if _, err := io.ReadFull(c.server.random, plain); err != nil {
		return nil, nil, c.internal(err)
	}
	sealed, problem := c.seal(t, plain, in.EncryptionContext)
	return map[string]any{"CiphertextBlob": sealed, "KeyId": t.arn, "KeyMaterialId": t.ring.current().id}, plain, problem
}

// begin checks what all cryptographic operations have.
func (c *call) begin(v *validator, context map[string]string, grantTokens []string) *apiError {
	c.audit.EncryptionContext = context
	if len(grantTokens) > 10 {
		v.broken("grantTokens", "Member must have length less than or equal to 10")
	}
	if problem := v.kms(); problem != nil {
		return problem
	}
	if len(grantTokens) > 0 {
		return refuse("InvalidGrantTokenException", "devkms has no grants")
	}
	return checkContext(context)
}

func checkContext(context map[string]string) *apiError {
	size := 0
	for k, v := range context {
		size += len(k) + len(v)
	}
	if size > maxContext {
		return refuse("ValidationException", "EncryptionContext exceeds the maximum size of %d bytes", maxContext)
	}
	return nil
}

func encryptionAlgorithms() []string {
	return []string{algorithm, "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE"}
}

// use finds a key and checks that the caller may use it and that it can be
// used.
func (c *call) use(action, name string, context map[string]string, alg *string) (target, *apiError) {
	t, problem := c.find(name, action)
	if problem != nil {
		return t, problem
	}
	return t, c.useTarget(action, t, context, alg, nil)
}

func (c *call) useTarget(action string, t target, context map[string]string, alg *string, more conditions) *apiError {
	facts := conditions{}
	for k, v := range more {
		facts[k] = v
	}
	if action != "kms:GenerateDataKey" && action != "kms:GenerateDataKeyWithoutPlaintext" {
		facts.set("kms:EncryptionAlgorithm", algorithm)
	}
	if problem := c.allow(action, t, context, facts); problem != nil {
		return problem
	}
	if alg != nil && *alg != algorithm {
		return refuse("InvalidKeyUsageException", "Algorithm %s is incompatible with key spec SYMMETRIC_DEFAULT.", *alg)
	}
	return t.usable()
}

// A sealedInput is what Decrypt and ReEncrypt open.
type sealedInput struct {
	action    string
	blob      []byte
	key       *string // nil means whichever the blob names
	context   map[string]string
	algorithm *string
	facts     func(*kmsKey) conditions // condition keys of the operation
}

// opened is what comes of it.
type opened struct {
	plain    []byte
	key      target
	material string
}

// open finds the key of a ciphertext and decrypts. A given key must be the
// ciphertext's own.
func (c *call) open(in sealedInput) (opened, *apiError) {
	b, unreadable := parseBlob(in.blob)
	t, problem := c.keyOf(in.key, b, unreadable, in.action)
	if problem != nil {
		return opened{}, problem
	}
	var facts conditions
	if in.facts != nil {
		facts = in.facts(t.kmsKey)
	}
	if problem := c.useTarget(in.action, t, in.context, in.algorithm, facts); problem != nil {
		if in.key == nil && problem.code == "AccessDeniedException" && t.account != c.who.account {
			problem = unseenKey()
		}
		return opened{}, problem
	}
	if unreadable != nil {
		return opened{}, invalidCiphertext()
	}
	if b.keyID != t.id || b.account != t.account {
		return opened{}, refuse("IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.")
	}
	plain, err := t.ring.open(b, in.context)
	if err != nil {
		return opened{}, invalidCiphertext()
	}
	return opened{plain, t, b.material}, nil
}

// keyOf finds the key that a request names, or else its blob.
func (c *call) keyOf(name *string, b blob, unreadable error, action string) (target, *apiError) {
	switch {
	case name != nil:
		return c.find(*name, action)
	case unreadable != nil:
		return target{}, invalidCiphertext()
	}
	return c.findSealed(b)
}

// findSealed finds the key that a ciphertext names, in the call's region.
func (c *call) findSealed(b blob) (target, *apiError) {
	k := c.server.store.keys[keyARN(c.region, b.account, b.keyID)]
	if k == nil {
		return target{}, unseenKey()
	}
	c.audit.Key = k.arn
	return target{kmsKey: k}, nil
}

func unseenKey() *apiError {
	return refuse("AccessDeniedException", "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.")
}

// invalidCiphertext has no message, as at AWS: it tells nothing about why.
func invalidCiphertext() *apiError {
	return &apiError{code: "InvalidCiphertextException", status: http.StatusBadRequest}
}

func noEnclaves() *apiError {
	return refuse("UnsupportedOperationException", "devkms does not encrypt for a Recipient")
}

func dryRun() *apiError {
	return refuse("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
}

func (c *call) seal(t target, plain []byte, context map[string]string) ([]byte, *apiError) {
	b, err := t.ring.seal(c.server.random, t.account, t.id, plain, context)
	if err != nil {
		return nil, c.internal(err)
	}
	return slices.Clip(b), nil
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
