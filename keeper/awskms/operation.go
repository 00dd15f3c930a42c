package awskms

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/session"
)

// An operation is what is to be done once an identity is found that may.
type operation interface {
	call() string // kms:Decrypt
	verb() string // for errors: decrypt
	do(ctx context.Context, s *session.Session, a *Attempt, j job) error
}

// A job is an operation with a key in one region.
type job struct {
	op      operation
	arn     awskey.ARN
	context map[string]string
	calls   int           // at most so many for a passing failure
	enter   time.Duration // in which an identity must have its credentials
	within  time.Duration // for the call itself
}

func (j job) limit(o *kms.Options) { o.RetryMaxAttempts = j.calls }

type encrypt struct {
	plain keeper.Data
	enc   string
}

func (e *encrypt) call() string { return "kms:Encrypt" }
func (e *encrypt) verb() string { return "encrypt" }

func (e *encrypt) do(ctx context.Context, s *session.Session, _ *Attempt, j job) error {
	out, err := s.KMS.Encrypt(ctx, &kms.EncryptInput{
		KeyId: &j.arn.Text, Plaintext: e.plain.Bytes(), EncryptionContext: always(j.context),
	}, j.limit)
	if err != nil {
		return err
	}
	e.enc, err = stored(out.CiphertextBlob)
	return err
}

// stored returns a ciphertext as files have it.
func stored(blob []byte) (string, error) {
	if len(blob) == 0 {
		return "", errors.New("KMS answered without a ciphertext")
	}
	return base64.StdEncoding.EncodeToString(blob), nil
}

type decrypt struct {
	blob  []byte
	warn  func(string)
	plain keeper.Data
}

func (d *decrypt) call() string { return "kms:Decrypt" }
func (d *decrypt) verb() string { return "decrypt" }

func (d *decrypt) do(ctx context.Context, s *session.Session, _ *Attempt, j job) error {
	in := &kms.DecryptInput{KeyId: &j.arn.Text, CiphertextBlob: d.blob, EncryptionContext: always(j.context)}
	out, err := s.KMS.Decrypt(ctx, in, j.limit)
	var moved *types.IncorrectKeyException
	if j.arn.Alias() && errors.As(err, &moved) {
		out, err = d.moved(ctx, s, j, err)
	}
	if err != nil {
		return err
	}
	if len(out.Plaintext) == 0 {
		return errors.New("KMS answered without a plaintext")
	}
	d.plain = keeper.NewData(out.Plaintext)
	return nil
}

// moved opens what an alias wrapped when it meant another key. The ciphertext
// knows its key; one of another account or region is not what the file names.
func (d *decrypt) moved(ctx context.Context, s *session.Session, j job, wrong error) (*kms.DecryptOutput, error) {
	out, err := s.KMS.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: d.blob, EncryptionContext: always(j.context)}, j.limit)
	if err != nil {
		return nil, errors.Join(err, wrong) // the first says what to do
	}
	var opened awskey.ARN
	if out.KeyId != nil {
		opened, err = awskey.ParseARN(*out.KeyId)
	}
	if err != nil || opened.Partition != j.arn.Partition || opened.Account != j.arn.Account || opened.Region != j.arn.Region {
		return nil, fmt.Errorf("the ciphertext belongs to %s, which is not in the account and region of the alias: %w", opened.Text, wrong)
	}
	d.warn(fmt.Sprintf("AWS KMS: %s means another key now; opened with %s (rotate the file, or name that key)", j.arn.Text, opened.Text))
	return out, nil
}

// always returns a context that is sent even if it is empty, as it always was.
func always(context map[string]string) map[string]string {
	if context == nil {
		return map[string]string{}
	}
	return context
}

// decodeBlob reads the ciphertext of w. Flat formats and editors break lines.
func decodeBlob(w keeper.WrappedKey) ([]byte, error) {
	blob, err := base64.StdEncoding.DecodeString(awskey.WithoutSpace(w.Enc))
	if err == nil && len(blob) > 0 {
		return blob, nil
	}
	if err == nil {
		err = errors.New("it is empty")
	}
	return nil, &DamagedError{ARN: w.Text(awskey.FieldARN), Err: err}
}

// A DamagedError is an enc that KMS cannot have written.
type DamagedError struct {
	ARN string
	Err error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("AWS KMS key %s: enc is not base64: %v", e.ARN, e.Err)
}

func (e *DamagedError) Unwrap() error { return e.Err }

// Hints returns where a good one may be.
func (e *DamagedError) Hints() []string {
	return []string{"take the entry from an earlier version of the file, such as git log -p -- FILE shows"}
}
