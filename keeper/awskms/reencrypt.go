package awskms

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/identity"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/session"
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
	if op.from, err = k.set.Target(w.MasterKey); err != nil {
		return keeper.WrappedKey{}, err
	}
	if op.to, err = k.set.Target(to); err != nil {
		return keeper.WrappedKey{}, err
	}
	if op.from.ARN.Region != op.to.ARN.Region {
		return keeper.WrappedKey{}, fmt.Errorf("AWS KMS: kms:ReEncrypt stays inside one region: %s and %s are in two", op.from.ARN.Text, op.to.ARN.Text)
	}
	if err = k.run(ctx, to, op); err != nil {
		if other := k.run(ctx, w.MasterKey, op); other != nil {
			return keeper.WrappedKey{}, errors.Join(err, other)
		}
	}
	return keeper.WrappedKey{MasterKey: to, Enc: op.enc, Created: k.o.Now().UTC().Truncate(time.Second)}, nil
}

type reEncrypt struct {
	from, to identity.Target
	blob     []byte
	enc      string
}

func (r *reEncrypt) call() string { return "kms:ReEncrypt*" }
func (r *reEncrypt) verb() string { return "move" }

func (r *reEncrypt) do(ctx context.Context, s *session.Session, _ *Attempt, j job) error {
	if j.arn.Region != r.to.ARN.Region {
		return errors.New("kms:ReEncrypt stays inside one region")
	}
	out, err := s.KMS.ReEncrypt(ctx, &kms.ReEncryptInput{
		CiphertextBlob: r.blob,
		SourceKeyId:    &r.from.ARN.Text, SourceEncryptionContext: r.from.Context,
		DestinationKeyId: &r.to.ARN.Text, DestinationEncryptionContext: r.to.Context,
	}, j.limit)
	if err != nil {
		return err
	}
	r.enc, err = stored(out.CiphertextBlob)
	return err
}
