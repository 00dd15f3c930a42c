package pgp

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// maxMessage is far more than a data key makes, under any key.
const maxMessage = 64 << 10

// encryptByGPG encrypts d to the one key that n names.
func (k *Keeper) encryptByGPG(ctx context.Context, n name, d keeper.Data) (string, error) {
	keys, err := k.list(ctx, n)
	if err != nil {
		return "", err
	}
	to, err := choose(n, keys)
	if err != nil {
		return "", err
	}
	o, err := k.run(ctx, call{stdin: d.Bytes(), max: maxMessage, args: []string{
		// Whoever names a key by its fingerprint trusts it; SOPS does so too.
		"--trust-model", "always", "--no-auto-check-trustdb",
		// gpg.conf may add recipients of its own.
		"--no-encrypt-to", "--no-default-recipient",
		"--armor", "--output", "-", "--recipient", to.recipient, "--encrypt",
	}})
	if err != nil {
		return "", err
	}
	if !o.ok || !o.status.has("END_ENCRYPTION") {
		return "", notEncrypted(n, o.status)
	}
	enc := strings.TrimSpace(string(o.out))
	return enc, checkMessage(enc, to)
}

// checkMessage makes sure that a message is for the target and for no other
// key: a group or a recipient in gpg.conf would open the file to others. An id
// of 0 is one that gpg.conf hides.
func checkMessage(enc string, to target) error {
	m, err := parseMessage(enc)
	if err != nil {
		return fmt.Errorf("what gpg wrote cannot be read: %w", err)
	}
	for _, id := range m.ids {
		if len(m.ids) > 1 || id != anonymous && !slices.Contains(to.ids, id) {
			return refuse("gpg encrypted to other keys than the one that is named: "+strings.Join(m.ids, ", "),
				"look for recipient and group in gpg.conf, and take them out")
		}
	}
	return nil
}

// reasons are those of the status line INV_RECP.
var invalidRecipient = map[string]Problem{
	"1": NotFound, "2": Ambiguous, "3": SignOnly, "4": Revoked, "5": Expired,
}

// notEncrypted says why gpg did not encrypt to a key that its own listing found
// good.
func notEncrypted(n name, s status) error {
	for _, args := range s.args("INV_RECP") {
		if p, known := invalidRecipient[args[0]]; known {
			return &KeyError{name: n, Problem: p, fpr: n.digits}
		}
	}
	return refuse(said("gpg did not encrypt", s))
}
