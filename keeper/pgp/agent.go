package pgp

import (
	"context"
	"slices"
	"strings"
	"time"
)

// lookAround limits how long it may take to find out whether a prompt will
// come.
const lookAround = 5 * time.Second

// isFor reports whether the message names the key, or hides its recipients.
func (m message) isFor(p part) bool {
	return slices.Contains(m.ids, p.id()) || slices.Contains(m.ids, anonymous)
}

// secretKeys returns the keys whose secret part gpg has, perhaps on a card. What
// goes wrong is said by the decryption that follows.
func (k *Keeper) secretKeys(ctx context.Context) []publicKey {
	ctx, cancel := context.WithTimeout(ctx, lookAround)
	defer cancel()
	leave, err := k.listing.Take(ctx)
	if err != nil {
		return nil
	}
	defer leave()
	if k.secrets != nil {
		return *k.secrets
	}
	o, err := k.run(ctx, call{max: maxOutput, args: []string{
		"--no-auto-check-trustdb", "--with-colons", "--fixed-list-mode", "--with-keygrip", "--list-secret-keys",
	}})
	if err != nil {
		return nil
	}
	keys := parseListing(string(o.out))
	k.secrets = &keys
	return keys
}

// agentAsks reports whether the agent may ask a person to use one of the keys
// that open m.
func (k *Keeper) agentAsks(ctx context.Context, m message) bool {
	var own []part
	for _, key := range k.secretKeys(ctx) {
		for _, p := range key.parts {
			if p.encrypt && p.token != "#" && m.isFor(p) {
				own = append(own, p)
			}
		}
	}
	if len(own) == 0 {
		return false
	}
	known := k.keyInfo(ctx)
	return slices.ContainsFunc(own, func(p part) bool { return p.onCard() || known[p.grip].asks() })
}

// onCard reports whether the secret key is on a smart card, which may ask for a
// PIN or to be touched.
func (p part) onCard() bool { return p.token != "" && p.token != "+" && p.token != "#" }

// A keyInfo is what the agent says of a key. The zero value is one of which it
// says nothing.
type keyInfo struct {
	store      string // D on disk, T on a card
	cached     bool   // the agent remembers the passphrase
	protection string // P with a passphrase, C without
}

func (i keyInfo) asks() bool { return i.store != "D" || i.protection != "C" && !i.cached }

// Words of a line S KEYINFO GRIP TYPE SERIAL IDSTR CACHED PROTECTION ...
const (
	wordGrip       = 2
	wordType       = 3
	wordCached     = 6
	wordProtection = 7
)

// keyInfo asks the agent about its keys by their grips.
func (k *Keeper) keyInfo(ctx context.Context) map[string]keyInfo {
	program := k.beside(connectAgent)
	if program == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookAround)
	defer cancel()
	// What does not run has no passphrase either.
	o, err := k.execute(ctx, program, call{max: maxOutput, args: []string{"--no-autostart", "KEYINFO --list", "/bye"}})
	if err != nil {
		return nil
	}
	return parseKeyInfo(string(o.out))
}

func parseKeyInfo(out string) map[string]keyInfo {
	known := map[string]keyInfo{}
	for line := range strings.Lines(out) {
		words := strings.Fields(line)
		if len(words) > wordProtection && words[0] == "S" && words[1] == "KEYINFO" {
			known[strings.ToUpper(words[wordGrip])] = keyInfo{
				store: words[wordType], cached: words[wordCached] == "1", protection: words[wordProtection],
			}
		}
	}
	return known
}
