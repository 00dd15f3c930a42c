package kms

import (
	"io"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
)

type randomInput struct{ NumberOfBytes *int }

func (c *Call) generateRandom(in *randomInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Required("numberOfBytes", in.NumberOfBytes != nil)
	v.Number("numberOfBytes", in.NumberOfBytes, 1, 1024)
	if problem := v.KMS(); problem != nil {
		return nil, problem
	}
	if problem := c.AllowAccount("kms:GenerateRandom", "*", nil); problem != nil {
		return nil, problem
	}
	b := make([]byte, *in.NumberOfBytes)
	if _, err := io.ReadFull(c.Random, b); err != nil {
		return nil, Internal(err)
	}
	return map[string]any{"Plaintext": b}, nil
}
