package awskms

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// ReEncrypt moves what w holds under another key or context, inside KMS: this
// machine never sees it. One caller needs kms:ReEncryptFrom on the old key and
// kms:ReEncryptTo on the new one; the identities of the new key are tried
// first, then those of the old. Both keys must be in one region.
func (k *Keeper) ReEncrypt(ctx context.Context, w keeper.WrappedKey, to keeper.MasterKey) (keeper.WrappedKey, error) {
	if k.err != nil {
		return keeper.WrappedKey{}, k.err
	}
	blob, err := decodeBlob(w)
	if err != nil {
		return keeper.WrappedKey{}, err
	}
	op := &reEncrypt{blob: blob}
	if op.from, err = k.set.target(w.MasterKey); err != nil {
		return keeper.WrappedKey{}, err
	}
	if op.to, err = k.set.target(to); err != nil {
		return keeper.WrappedKey{}, err
	}
	if op.from.arn.Region != op.to.arn.Region {
		return keeper.WrappedKey{}, fmt.Errorf("AWS KMS: kms:ReEncrypt stays inside one region: %s and %s are in two", op.from.arn.Text, op.to.arn.Text)
	}
	if err = k.run(ctx, to, op); err != nil {
		if other := k.run(ctx, w.MasterKey, op); other != nil {
			return keeper.WrappedKey{}, errors.Join(err, other)
		}
	}
	return keeper.WrappedKey{MasterKey: to, Enc: op.enc, Created: k.o.Now().UTC().Truncate(time.Second)}, nil
}

type reEncrypt struct {
	from, to target
	blob     []byte
	enc      string
}

func (r *reEncrypt) call() string { return "kms:ReEncrypt*" }
func (r *reEncrypt) verb() string { return "move" }

func (r *reEncrypt) do(ctx context.Context, s *session, _ *Attempt, j job) error {
	if j.arn.Region != r.to.arn.Region {
		return errors.New("kms:ReEncrypt stays inside one region")
	}
	out, err := s.kms.ReEncrypt(ctx, &kms.ReEncryptInput{
		CiphertextBlob: r.blob,
		SourceKeyId:    &r.from.arn.Text, SourceEncryptionContext: r.from.context,
		DestinationKeyId: &r.to.arn.Text, DestinationEncryptionContext: r.to.context,
	}, j.limit)
	if err != nil {
		return err
	}
	r.enc, err = stored(out.CiphertextBlob)
	return err
}
