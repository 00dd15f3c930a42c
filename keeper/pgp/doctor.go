package pgp

import (
	"context"
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Examine does what Unwrap does, and looks at what it needs on the way. The
// error is that of Unwrap.
func (k *Keeper) Examine(ctx context.Context, w keeper.WrappedKey) ([]keeper.Step, error) {
	m, err := parseMessage(w.Enc)
	steps := []keeper.Step{keeper.NewStep("wrapped key", err, "encrypted for key id "+strings.Join(m.ids, ", "))}
	if err != nil {
		return steps, err
	}
	ring, err := k.keyringWith(func(r *keyring) bool { return r.opens(m) })
	switch {
	case err != nil:
		return append(steps, keeper.NewStep("keyring", err, "")), err
	case ring != nil:
		steps = append(steps, keeper.NewStep("keyring", nil, ring.name))
	default:
		steps = append(steps, k.lookAtGPG(ctx, w, m)...)
	}
	d, err := k.Unwrap(ctx, w)
	clear(d.Bytes())
	return append(steps, keeper.NewStep("decrypt", err, "")), err
}

// lookAtGPG says which gpg there is and what it has of the key.
func (k *Keeper) lookAtGPG(ctx context.Context, w keeper.WrappedKey, m message) []keeper.Step {
	path, err := k.program()
	if err == nil {
		err = k.checkHome()
	}
	if err != nil {
		return []keeper.Step{keeper.NewStep("gpg", err, "")}
	}
	steps := []keeper.Step{keeper.NewStep("gpg", nil, k.version(ctx, path))}
	return append(steps, k.lookAtPublic(ctx, w), k.lookAtSecret(ctx, m))
}

// version names the program and its home.
func (k *Keeper) version(ctx context.Context, path string) string {
	text := path
	if o, err := k.execute(ctx, path, call{max: maxMessage, args: []string{"--version"}}); err == nil {
		first, _, _ := strings.Cut(string(o.out), "\n")
		text = clean(first) + ", " + text
	}
	if dir := k.home(); dir != "" {
		text += ", keys in " + clean(dir)
	}
	return text
}

// lookAtPublic says whether files can still be encrypted to the key, which
// decryption does not need.
func (k *Keeper) lookAtPublic(ctx context.Context, w keeper.WrappedKey) keeper.Step {
	n, err := parseName(w.Text(fieldFP))
	if err == nil {
		var keys []publicKey
		if keys, err = k.list(ctx, n); err == nil {
			_, err = choose(n, keys)
		}
	}
	s := keeper.NewStep("public key", err, "can be encrypted to")
	if advice, ok := err.(interface{ Hints() []string }); ok && len(advice.Hints()) > 0 {
		s.Hint = advice.Hints()[0]
	}
	return s
}

// lookAtSecret says where the secret key is, and whether a prompt is to come.
func (k *Keeper) lookAtSecret(ctx context.Context, m message) keeper.Step {
	const name = "secret key"
	for _, key := range k.secretKeys(ctx) {
		for _, p := range key.parts {
			switch {
			case !m.isFor(p) || !p.encrypt:
			case p.onCard():
				return keeper.NewStep(name, nil, fmt.Sprintf("%s is on the smart card %s", p.id(), clean(p.token)))
			case p.token == "#":
				return keeper.NewStep(name, fmt.Errorf("%s is known without its secret part", p.id()), "")
			case k.keyInfo(ctx)[p.grip].asks():
				return keeper.NewStep(name, nil, p.id()+" has a passphrase, which the agent asks for")
			default:
				return keeper.NewStep(name, nil, p.id()+" is here, and no passphrase is needed now")
			}
		}
	}
	return keeper.NewStep(name, fmt.Errorf("none for key id %s", strings.Join(m.ids, ", ")), "")
}
