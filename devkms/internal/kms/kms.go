// Package kms is the protocol of AWS KMS and its cryptographic operations, with
// what all operations share: finding the key that a request names and asking
// the policies. Package kmsadmin has the operations that manage keys.
package kms

import (
	"io"
	"maps"
	"slices"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/keystore"
	"github.com/seed-1f7fdfb8/sops/internal/suggest"
)

// A Service is KMS in all accounts and regions of a world.
type Service struct {
	Store      *keystore.Store
	Random     io.Reader
	Regions    []string
	Directory  iam.Directory
	Accounts   map[string]*iam.Account // what organizations say of them
	Operations map[string]Operation
	Settling   time.Duration // how long changes of policies and aliases take to be known everywhere
}

// A Call is one request of a caller that is known.
type Call struct {
	*Service
	iam.Request
	Operation string
	Body      []byte

	// What the call turns out to be about, for the audit log.
	Key                string // ARN
	Destination        string // of ReEncrypt: ARN of the key it goes to
	EncryptionContext  map[string]string
	DestinationContext map[string]string // of ReEncrypt
	Decision           string
}

// An Operation answers one kind of call. One that changes something says so,
// and has the store to itself.
type Operation struct {
	changes bool
	run     func(*Call) (any, *apierror.Error)
}

// Reads makes an operation of a function with its own input type.
func Reads[In any](f func(*Call, *In) (any, *apierror.Error)) Operation {
	return Operation{run: decoding(f)}
}

// Changes is Reads for an operation that changes the store.
func Changes[In any](f func(*Call, *In) (any, *apierror.Error)) Operation {
	return Operation{changes: true, run: decoding(f)}
}

// Operations are the operations of this package by name.
func Operations() map[string]Operation {
	return map[string]Operation{
		"Encrypt":                         Reads((*Call).encrypt),
		"Decrypt":                         Reads((*Call).decrypt),
		"ReEncrypt":                       Reads((*Call).reEncrypt),
		"GenerateDataKey":                 Reads((*Call).generateDataKey),
		"GenerateDataKeyWithoutPlaintext": Reads((*Call).generateDataKeyWithoutPlaintext),
		"GenerateRandom":                  Reads((*Call).generateRandom),
		"DescribeKey":                     Reads((*Call).describeKey),
	}
}

// Answer does what the call asks for.
func (c *Call) Answer() (answer any, problem *apierror.Error) {
	op, ok := c.Operations[c.Operation]
	if !ok {
		return nil, apierror.Refuse("UnknownOperationException", "devkms: no operation %q%s", c.Operation, suggest.DidYouMean(c.Operation, slices.Sorted(maps.Keys(c.Operations))))
	}
	if err := c.Store.Tick(c.Now, c.Random); err != nil {
		return nil, Internal(err)
	}
	if !op.changes {
		c.Store.View(func() { answer, problem = op.run(c) })
		return answer, problem
	}
	err := c.Store.Change(func() bool {
		answer, problem = op.run(c)
		return problem == nil
	})
	if err != nil {
		return nil, Internal(err)
	}
	return answer, problem
}

// Internal is for what goes wrong on our side, such as a full disk.
func Internal(err error) *apierror.Error { return apierror.Internal("KMSInternalException", err) }
