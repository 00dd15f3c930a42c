package pgp

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// A MissingError says that gpg is not there, or cannot be run.
type MissingError struct {
	Program string
	given   bool // by SOPS_GPG_EXEC
	err     error
}

func (e *MissingError) Error() string {
	what := fmt.Sprintf("the program %q", e.Program)
	if e.given {
		what += ", which SOPS_GPG_EXEC names,"
	}
	if errors.Is(e.err, fs.ErrPermission) {
		return what + " may not be run"
	}
	return what + " is not installed"
}

// Unwrap returns the reason.
func (e *MissingError) Unwrap() error { return e.err }

// Hints says how to get it.
func (e *MissingError) Hints() []string {
	if e.given {
		return []string{"set SOPS_GPG_EXEC to the path of gpg, or unset it"}
	}
	return []string{
		"install GnuPG (for example: apt-get install gnupg), or set SOPS_GPG_EXEC to the path of gpg",
		"without gpg, set SOPS_PGP_KEYRING to a file with the key that gpg --export-secret-keys wrote",
	}
}

// A HomeError says that gpg has no home, and so no keys.
type HomeError struct {
	Dir   string
	given bool // by GNUPGHOME
}

func (e *HomeError) Error() string {
	if e.given {
		return fmt.Sprintf("gpg has no keys: GNUPGHOME names %s, which is no directory", clean(e.Dir))
	}
	return fmt.Sprintf("gpg has no keys: there is no directory %s", clean(e.Dir))
}

// Hints says how to make one.
func (e *HomeError) Hints() []string {
	if e.given {
		return []string{"set GNUPGHOME to the directory of your keys, or unset it"}
	}
	return []string{"import your key with: gpg --import KEYFILE"}
}

// A Problem is why a key cannot be encrypted to.
type Problem string

// Problems with keys.
const (
	NotFound      Problem = "gpg does not have the public key"
	Ambiguous     Problem = "several keys have this id"
	Revoked       Problem = "the key is revoked"
	Expired       Problem = "the key expired"
	Disabled      Problem = "the key is disabled"
	Invalid       Problem = "the key is not valid: nothing that its owner signed says what it is for"
	SignOnly      Problem = "the key has no subkey that can encrypt"
	SubkeyExpired Problem = "the subkey for encryption expired"
	SubkeyRevoked Problem = "the subkey for encryption is revoked"
)

// A KeyError says why a key cannot be encrypted to.
type KeyError struct {
	Problem Problem

	name    name
	fpr     string // of the key
	subkeys []string
	when    time.Time
	where   string // the keyring, where it is not that of gpg
}

func (e *KeyError) Error() string {
	text := string(e.Problem) + dayOf(e.when)
	if e.where != "" {
		text = e.where + ": " + text
	}
	return text
}

// Hints says what the owner of the key, or the user, does about it.
func (e *KeyError) Hints() []string {
	switch e.Problem {
	case NotFound:
		return []string{
			"import it with: gpg --import KEYFILE",
			"or fetch it with: gpg --recv-keys " + e.name.digits,
		}
	case Ambiguous:
		return []string{"write the 40 digits of the fingerprint that this prints: gpg --list-keys " + e.name.digits}
	case Expired, SubkeyExpired:
		return e.extend()
	case Disabled:
		return []string{"enable it with: gpg --batch --edit-key " + e.fpr + " enable save"}
	case SignOnly:
		if e.name.forced {
			return []string{"leave the exclamation mark out, so that gpg takes the subkey that encrypts"}
		}
		return []string{"the owner of the key adds one with: gpg --quick-add-key " + e.fpr + " default encr"}
	case SubkeyRevoked:
		return []string{
			"the owner of the key adds a new one with: gpg --quick-add-key " + e.fpr + " default encr",
			"if there is a new one, import the key again with: gpg --recv-keys " + e.fpr,
		}
	}
	return []string{"take the key out of .sops.yaml, and out of files with: sops rotate -i --rm-pgp " + e.name.digits + " FILE"}
}

// extend says how an expired key is made good again.
func (e *KeyError) extend() []string {
	var commands []string
	if e.Problem == Expired {
		commands = append(commands, "gpg --quick-set-expire "+e.fpr+" 1y")
	}
	for _, sub := range e.subkeys {
		commands = append(commands, "gpg --quick-set-expire "+e.fpr+" 1y "+sub)
	}
	return []string{
		"the owner of the key makes it good for another year with: " + strings.Join(commands, " && "),
		"if the owner has done so, fetch it again with: gpg --recv-keys " + e.fpr,
	}
}

// A Refusal is what gpg reports where it neither encrypts nor decrypts.
type Refusal struct {
	Reason string
	advice []string
}

func (e *Refusal) Error() string { return e.Reason }

// Hints says what to do about it.
func (e *Refusal) Hints() []string { return e.advice }

func refuse(reason string, advice ...string) *Refusal {
	return &Refusal{Reason: reason, advice: advice}
}

// said adds what gpg wrote for people.
func said(reason string, s status) string {
	if len(s.text) == 0 {
		return reason
	}
	return reason + ": " + clean(strings.Join(s.text, "; "))
}
