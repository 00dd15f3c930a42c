package keeper

import "context"

// An Asker is a Keeper that may ask a person (a PIN, a passphrase, an MFA code)
// to unwrap w. Such keys are tried after all others, one at a time. To find out
// may take a while; where ctx ends first, the answer does not matter.
type Asker interface {
	Asks(ctx context.Context, w WrappedKey) bool
}

// A ReEncrypter is a Keeper whose key service moves what w holds under another
// of its keys, without the data key ever leaving it.
type ReEncrypter interface {
	ReEncrypt(ctx context.Context, w WrappedKey, to MasterKey) (WrappedKey, error)
}

// An Examiner is a Keeper that reports step by step how far it comes with w.
type Examiner interface {
	Examine(ctx context.Context, w WrappedKey) ([]Step, error)
}

// A Wrapper is a Keeper around another one, which has the powers of that one
// unless it has them itself.
type Wrapper interface {
	Inside() Keeper
}

// As returns what of k has the power T over keys of a kind: k itself, or the
// keeper that it hands such keys to.
//
//	if asker, ok := keeper.As[keeper.Asker](k, w.Kind); ok && asker.Asks(ctx, w) {
func As[T any](k Keeper, kind string) (power T, ok bool) {
	for k != nil {
		if power, ok = k.(T); ok {
			return power, true
		}
		switch outer := k.(type) {
		case Mux:
			k = outer[kind]
		case Wrapper:
			k = outer.Inside()
		default:
			return power, false
		}
	}
	return power, false
}

// Asks reports whether a person may have to do something before k unwraps w.
func Asks(ctx context.Context, k Keeper, w WrappedKey) bool {
	asker, ok := As[Asker](k, w.Kind)
	return ok && asker.Asks(ctx, w)
}
