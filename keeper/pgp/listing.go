package pgp

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A publicKey is an OpenPGP key as gpg lists it: the primary key first, then
// its subkeys.
type publicKey struct {
	disabled bool
	parts    []part
}

// A part is a primary key or a subkey.
type part struct {
	fpr     string // fingerprint
	grip    string // by which the agent knows it
	token   string // "+" the secret key is here, "#" it is not, else the number of a card
	state   byte   // validity: r revoked, e expired, i invalid
	expires time.Time
	encrypt bool
}

// id returns the key id, which messages name.
func (p part) id() string {
	switch len(p.fpr) {
	case fingerprintV5: // of versions 5 and 6, whose ids come first
		return p.fpr[:longID]
	case fingerprintV4:
		return p.fpr[fingerprintV4-longID:]
	}
	return ""
}

// good reports whether gpg encrypts to the part.
func (p part) good() bool { return p.encrypt && !strings.ContainsRune("rei", rune(p.state)) }

func (k publicKey) fpr() string { return k.parts[0].fpr }

// Fields of a line of gpg --with-colons, from 0.
const (
	colonType    = 0
	colonState   = 1
	colonExpires = 6
	colonValue   = 9 // fingerprint, keygrip
	colonUsage   = 11
	colonToken   = 14
	colonFields  = 15
)

// parseListing reads the output of gpg --with-colons.
func parseListing(out string) []publicKey {
	var keys []publicKey
	var last *part
	for line := range strings.Lines(out) {
		f := strings.Split(strings.TrimRight(line, "\r\n"), ":")
		f = append(f, make([]string, max(0, colonFields-len(f)))...)
		switch f[colonType] {
		case "pub", "sec":
			keys = append(keys, publicKey{disabled: strings.Contains(f[colonUsage], "D")})
		case "sub", "ssb":
		case "fpr":
			if last != nil && last.fpr == "" {
				last.fpr = strings.ToUpper(f[colonValue])
			}
			continue
		case "grp":
			if last != nil && last.grip == "" {
				last.grip = strings.ToUpper(f[colonValue])
			}
			continue
		default:
			last = nil // what follows belongs to a user id or another kind of record
			continue
		}
		if len(keys) == 0 {
			continue
		}
		k := &keys[len(keys)-1]
		k.parts = append(k.parts, parsePart(f))
		last = &k.parts[len(k.parts)-1]
	}
	return keys
}

func parsePart(f []string) part {
	p := part{token: f[colonToken], encrypt: strings.Contains(f[colonUsage], "e"), expires: parseTime(f[colonExpires])}
	if f[colonState] != "" {
		p.state = f[colonState][0]
	}
	return p
}

// parseTime reads seconds since 1970, or a time such as 20261130T214230.
func parseTime(text string) time.Time {
	if t, err := time.Parse("20060102T150405", text); err == nil {
		return t
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
		return time.Unix(n, 0).UTC()
	}
	return time.Time{}
}

// list returns the keys that gpg has under a name. It runs gpg once for each
// name.
func (k *Keeper) list(ctx context.Context, n name) ([]publicKey, error) {
	k.mu.Lock()
	found, known := k.public[n.digits]
	k.mu.Unlock()
	if known {
		return found, nil
	}
	o, err := k.run(ctx, call{max: maxOutput, args: []string{
		"--no-auto-check-trustdb", "--with-colons", "--fixed-list-mode", "--list-keys", "--", "0x" + n.digits,
	}})
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(parseListing(string(o.out)), func(p publicKey) bool { return !p.named(n) })
	if codes := o.status.codes("keylist.getkey"); len(found) == 0 && len(codes) > 0 && !slices.Contains(codes, codeNoPublicKey) {
		return nil, refuse(said("gpg cannot read its keys", o.status))
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.public[n.digits] = found
	return found, nil
}

func (k publicKey) named(n name) bool {
	return slices.ContainsFunc(k.parts, func(p part) bool { return n.matches(p.fpr) })
}

// A target is what a message for a name is encrypted to.
type target struct {
	recipient string   // as gpg takes it
	ids       []string // the key ids that the message may name
}

// choose returns what to encrypt to, as gpg would choose it, with one
// difference: the name of a subkey that can encrypt means that subkey, with or
// without a mark. gpg takes the newest one then, so that two entries for two
// subkeys would be for one.
func choose(n name, keys []publicKey) (target, error) {
	if len(keys) != 1 {
		return target{}, &KeyError{name: n, Problem: ambiguity(len(keys))}
	}
	k := keys[0]
	primary := k.parts[0]
	switch {
	case primary.state == 'r':
		return target{}, &KeyError{name: n, Problem: Revoked, fpr: k.fpr()}
	case primary.state == 'e':
		return target{}, &KeyError{name: n, Problem: Expired, fpr: k.fpr(), when: primary.expires, subkeys: k.lapsed()}
	case k.disabled:
		return target{}, &KeyError{name: n, Problem: Disabled, fpr: k.fpr()}
	case primary.state == 'i':
		return target{}, &KeyError{name: n, Problem: Invalid, fpr: k.fpr()}
	}
	at := slices.IndexFunc(k.parts, func(p part) bool { return n.matches(p.fpr) })
	if p := k.parts[at]; p.good() && (at > 0 || n.forced) {
		return target{recipient: p.fpr + "!", ids: []string{p.id()}}, nil
	}
	if n.forced {
		return target{}, k.refusal(n, k.parts[at:at+1])
	}
	t := target{recipient: k.fpr()}
	for _, p := range k.parts {
		if p.good() {
			t.ids = append(t.ids, p.id())
		}
	}
	if len(t.ids) == 0 {
		return target{}, k.refusal(n, k.parts)
	}
	return t, nil
}

func ambiguity(found int) Problem {
	if found == 0 {
		return NotFound
	}
	return Ambiguous
}

// refusal says why none of some parts can be encrypted to.
func (k publicKey) refusal(n name, parts []part) *KeyError {
	e := &KeyError{name: n, Problem: SignOnly, fpr: k.fpr()}
	rank := map[byte]int{'e': 2, 'r': 1, 'i': 1}
	best := part{}
	for _, p := range parts {
		if p.encrypt && cmp.Compare(rank[p.state], rank[best.state]) >= 0 {
			best = p
		}
	}
	switch best.state {
	case 'e':
		e.Problem, e.when, e.subkeys = SubkeyExpired, best.expires, []string{best.fpr}
	case 'r':
		e.Problem = SubkeyRevoked
	case 'i':
		e.Problem = Invalid
	}
	return e
}

// lapsed returns the encryption subkeys that have expired.
func (k publicKey) lapsed() []string {
	var all []string
	for _, p := range k.parts[1:] {
		if p.encrypt && p.state == 'e' {
			all = append(all, p.fpr)
		}
	}
	return all
}

func dayOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return fmt.Sprintf(" on %s", t.UTC().Format(time.DateOnly))
}
