// Package pgpkey names OpenPGP keys by their fingerprints. It needs no OpenPGP
// library and no gpg.
package pgpkey

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// FieldFP is the one field of an entry: the fingerprint of the key.
const FieldFP = "fp"

// Kind describes OpenPGP keys.
func Kind() *keeper.Kind {
	return &keeper.Kind{
		Name: keeper.PGP, Keys: "OpenPGP keys", Aliases: []string{"gpg"},
		Flag: "pgp", Short: "p",
		Usage: "PGP `FINGERPRINTS`", UsageOne: "PGP `FINGERPRINT`",
		Variables: variables(),
		Doc:       "OpenPGP fingerprints, as a list or with commas between them.",
		Example:   "7FD79B1A0417D339E8437091E87A88F59982BA7B",
		Fields:    []keeper.FieldRule{{Name: FieldFP, Required: true, Canonical: canonical}},
		Rank:      2,
		Parse:     Parse, Names: names,
	}
}

// variables are those of the environment, first that of keys to encrypt for.
func variables() []keeper.Variable {
	return []keeper.Variable{
		{Name: "SOPS_PGP_FP", Meaning: "PGP fingerprints to encrypt for"},
		{Name: "SOPS_GPG_EXEC", Meaning: "the gpg to run (default gpg)"},
		{Name: "SOPS_PGP_KEYRING", Meaning: "a file of OpenPGP keys to use before those of gpg"},
		{Name: "GNUPGHOME", Meaning: "where gpg keeps its keys (default ~/.gnupg)"},
		{Name: "GPG_TTY", Meaning: "the terminal on which gpg asks for passphrases (default that of this program)"},
	}
}

// Parse reads a list of fingerprints. A mark after one that forces a subkey
// stays. The groups of digits that a fingerprint is printed in are one item.
func Parse(list string) ([]keeper.MasterKey, error) {
	var keys []keeper.MasterKey
	for piece := range strings.SplitSeq(list, ",") {
		for _, item := range fingerprints(strings.Fields(piece)) {
			m, err := New(item)
			if err != nil {
				return nil, err
			}
			keys = append(keys, m)
		}
	}
	return keys, nil
}

// New returns the key of a fingerprint.
func New(text string) (keeper.MasterKey, error) {
	fp := strings.ReplaceAll(text, " ", "")
	if !regexp.MustCompile(`^(0[xX])?[0-9A-Fa-f]{8,64}!?$`).MatchString(fp) {
		return keeper.MasterKey{}, &keeper.NameError{
			Reason: fmt.Sprintf("pgp: %q is not a fingerprint", text),
			Hint:   "write the 40 hexadecimal digits that gpg --list-keys prints",
		}
	}
	if digits, found := strings.CutPrefix(fp, "0X"); found {
		fp = "0x" + digits // SOPS knows no other prefix
	}
	return Kind().Key(FieldFP, fp), nil
}

// fingerprints joins the words that are groups of digits: ten of four, or those
// of five of the longer ones.
func fingerprints(words []string) []string {
	const four, short, long = 4, 40, 64
	var items []string
	left := 0 // digits that the fingerprint in hand lacks
	for _, word := range words {
		digits := len(strings.TrimSuffix(word, "!"))
		if digits > four+1 || !isHex(word) {
			items, left = append(items, word), 0
			continue
		}
		if left > 0 {
			items[len(items)-1] += word
		} else {
			items, left = append(items, word), short
			if digits > four {
				left = long
			}
		}
		left -= digits
		if strings.HasSuffix(word, "!") {
			left = 0
		}
	}
	return items
}

func isHex(word string) bool {
	return strings.Trim(strings.TrimSuffix(word, "!"), "0123456789abcdefABCDEF") == ""
}

// canonical returns a fingerprint as gpg writes it, whichever of its spellings a
// file has. A text that is no fingerprint stays as it is.
func canonical(fp string) string {
	digits, mark := strings.ToUpper(strings.Join(strings.Fields(fp), "")), ""
	if rest, forced := strings.CutSuffix(digits, "!"); forced {
		digits, mark = rest, "!"
	}
	digits = strings.TrimPrefix(digits, "0X")
	const shortest = 16
	if len(digits) < shortest || strings.Trim(digits, "0123456789ABCDEF") != "" {
		return fp
	}
	return digits + mark
}

// names reports whether a key that is named in one way is in the file in
// another: a key id of 16 digits is the end of a fingerprint, and the mark that
// forces a subkey only says how the key is used.
func names(m, n keeper.MasterKey) bool {
	given, present := canonical(m.Text(FieldFP)), canonical(n.Text(FieldFP))
	if !strings.HasSuffix(given, "!") {
		present = strings.TrimSuffix(present, "!")
	}
	const keyID = 16
	return given == present || len(given) == keyID && strings.HasSuffix(present, given)
}
