package pgp

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// A keyring is keys in a file, as gpg --export and gpg --export-secret-keys
// write them.
type keyring struct {
	name string // as errors call it
	keys openpgp.EntityList
	err  error
}

// maxKeyring is more than anybody keeps in a file.
const maxKeyring = 64 << 20

// readNamed reads the keyring that the user names; nil if none is named.
func (k *Keeper) readNamed() *keyring {
	file := env.Env(k.o.Env).Get(varKeyring)
	if file == "" {
		return nil
	}
	r := &keyring{name: fmt.Sprintf("%s (%s)", varKeyring, clean(file))}
	if r.keys, r.err = readKeys(file); r.err != nil {
		r.err = &KeyringError{Name: r.name, err: r.err}
	}
	return r
}

// readOld reads the keyrings of GnuPG 1; nil if there are none.
func (k *Keeper) readOld() *keyring {
	dir := k.home()
	if dir == "" {
		return nil
	}
	r := &keyring{name: filepath.Join(clean(dir), "secring.gpg")}
	for _, name := range []string{"secring.gpg", "pubring.gpg"} {
		// One that cannot be read is as good as none: gpg is what is missing.
		if keys, err := readKeys(filepath.Join(dir, name)); err == nil {
			r.keys = append(r.keys, keys...)
		}
	}
	if len(r.keys) == 0 {
		return nil
	}
	return r
}

// readKeys reads a file of keys, in ASCII armor or without.
func readKeys(file string) (openpgp.EntityList, error) {
	f, err := os.Open(file)
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err // the file is named already
		}
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxKeyring))
	if err != nil {
		return nil, err
	}
	if bytes.Contains(src, []byte("-----BEGIN PGP ")) {
		return readBlocks(bufio.NewReader(bytes.NewReader(src)))
	}
	keys, err := openpgp.ReadKeyRing(bytes.NewReader(src))
	if err != nil {
		return nil, errNoKey
	}
	return keys, nil
}

var (
	errNoKey      = errors.New("it holds no OpenPGP key")
	errDamagedKey = errors.New("it holds a key that is damaged or of an unknown kind")
)

// readBlocks reads all blocks of a text: exports are often joined.
func readBlocks(src *bufio.Reader) (openpgp.EntityList, error) {
	var all openpgp.EntityList
	for {
		block, err := armor.Decode(src)
		if errors.Is(err, io.EOF) && len(all) > 0 {
			return all, nil
		}
		if err != nil {
			return all, errNoKey
		}
		keys, err := openpgp.ReadKeyRing(block.Body)
		if err != nil {
			return all, errDamagedKey
		}
		all = append(all, keys...)
	}
}

// A KeyringError says that a keyring cannot be read.
type KeyringError struct {
	Name string
	err  error
}

func (e *KeyringError) Error() string { return e.Name + ": " + clean(e.err.Error()) }

// Unwrap returns the reason.
func (e *KeyringError) Unwrap() error { return e.err }

// Hints says what writes such a file.
func (*KeyringError) Hints() []string {
	return []string{"name a file that gpg --export-secret-keys FINGERPRINT wrote, or unset SOPS_PGP_KEYRING"}
}

func fingerprint(p *packet.PublicKey) string { return fmt.Sprintf("%X", p.Fingerprint) }

// find returns the keys that n names, each once.
func (r *keyring) find(n name) []*openpgp.Entity {
	var found []*openpgp.Entity
	for _, e := range r.keys {
		named := n.matches(fingerprint(e.PrimaryKey)) ||
			slices.ContainsFunc(e.Subkeys, func(s openpgp.Subkey) bool { return n.matches(fingerprint(s.PublicKey)) })
		known := slices.ContainsFunc(found, func(o *openpgp.Entity) bool {
			return bytes.Equal(o.PrimaryKey.Fingerprint, e.PrimaryKey.Fingerprint)
		})
		if named && !known {
			found = append(found, e)
		}
	}
	return found
}

// encrypt encrypts d to the key that n names.
func (r *keyring) encrypt(n name, d keeper.Data, now time.Time) (string, error) {
	to, err := r.recipient(n, now)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	armored, err := armor.Encode(&out, "PGP MESSAGE", nil)
	if err != nil {
		return "", err
	}
	w, err := openpgp.Encrypt(armored, []*openpgp.Entity{to}, nil, &openpgp.FileHints{IsBinary: true}, config(now))
	if err != nil {
		return "", fmt.Errorf("%s: %w", r.name, err)
	}
	if _, err := w.Write(d.Bytes()); err != nil {
		return "", err
	}
	if err := errors.Join(w.Close(), armored.Close()); err != nil {
		return "", err
	}
	return strings.TrimSpace(out.String()), nil
}

func config(now time.Time) *packet.Config {
	return &packet.Config{Time: func() time.Time { return now }, DefaultCipher: packet.CipherAES256}
}

// recipient chooses what to encrypt to as choose does for gpg.
func (r *keyring) recipient(n name, now time.Time) (*openpgp.Entity, error) {
	found := r.find(n)
	if len(found) != 1 {
		return nil, &KeyError{name: n, Problem: ambiguity(len(found)), where: r.name}
	}
	e := found[0]
	problem := KeyError{name: n, fpr: fingerprint(e.PrimaryKey), where: r.name}
	if found := primaryProblem(e, now, &problem); found {
		return nil, &problem
	}
	if at := slices.IndexFunc(e.Subkeys, func(s openpgp.Subkey) bool { return n.matches(fingerprint(s.PublicKey)) }); at >= 0 {
		only := *e
		only.Subkeys = e.Subkeys[at : at+1]
		if k, ok := only.EncryptionKey(now); ok && k.PublicKey == e.Subkeys[at].PublicKey {
			return &only, nil
		}
		if n.forced {
			subkeyProblem(only.Subkeys, now, &problem)
			return nil, &problem
		}
	}
	if n.forced && n.matches(fingerprint(e.PrimaryKey)) {
		only := *e
		only.Subkeys = nil
		e = &only
	}
	if _, ok := e.EncryptionKey(now); !ok {
		subkeyProblem(e.Subkeys, now, &problem)
		return nil, &problem
	}
	return e, nil
}

// primaryProblem says why a key as a whole cannot be used.
func primaryProblem(e *openpgp.Entity, now time.Time, problem *KeyError) bool {
	self, _ := e.PrimarySelfSignature()
	switch {
	case e.Revoked(now):
		problem.Problem = Revoked
	case self == nil:
		problem.Problem = Invalid
	case e.PrimaryKey.KeyExpired(self, now):
		problem.Problem, problem.when = Expired, expiry(e.PrimaryKey, self)
		for _, s := range e.Subkeys {
			if encrypts(s) && s.PublicKey.KeyExpired(s.Sig, now) {
				problem.subkeys = append(problem.subkeys, fingerprint(s.PublicKey))
			}
		}
	default:
		return false
	}
	return true
}

func expiry(k *packet.PublicKey, self *packet.Signature) time.Time {
	if self == nil || self.KeyLifetimeSecs == nil {
		return time.Time{}
	}
	return k.CreationTime.Add(time.Duration(*self.KeyLifetimeSecs) * time.Second)
}

// subkeyProblem says why no subkey can be encrypted to.
func subkeyProblem(subkeys []openpgp.Subkey, now time.Time, problem *KeyError) {
	problem.Problem = SignOnly
	for _, s := range subkeys {
		switch {
		case !encrypts(s):
		case s.Revoked(now):
			problem.Problem = SubkeyRevoked
		case s.PublicKey.KeyExpired(s.Sig, now):
			problem.Problem, problem.when = SubkeyExpired, expiry(s.PublicKey, s.Sig)
			problem.subkeys = []string{fingerprint(s.PublicKey)}
			return
		}
	}
}

func encrypts(s openpgp.Subkey) bool {
	return s.Sig != nil && s.Sig.FlagsValid && (s.Sig.FlagEncryptCommunications || s.Sig.FlagEncryptStorage)
}

// secrets returns the secret keys of the keyring that the message is for.
func (r *keyring) secrets(m message) []*packet.PrivateKey {
	var all []*packet.PrivateKey
	add := func(p *packet.PrivateKey) {
		if p != nil && !p.Dummy() && m.isFor(part{fpr: fingerprint(&p.PublicKey)}) {
			all = append(all, p)
		}
	}
	for _, e := range r.keys {
		add(e.PrivateKey)
		for _, s := range e.Subkeys {
			add(s.PrivateKey)
		}
	}
	return all
}

// opens reports whether the keyring has a secret key for the message.
func (r *keyring) opens(m message) bool { return len(r.secrets(m)) > 0 }

// decrypt decrypts a message.
func (r *keyring) decrypt(enc string, m message, now time.Time) (keeper.Data, error) {
	locked := func(p *packet.PrivateKey) bool { return p.Encrypted }
	if secrets := r.secrets(m); !slices.ContainsFunc(secrets, func(p *packet.PrivateKey) bool { return !locked(p) }) {
		return keeper.Data{}, refuse(r.name+": the secret key has a passphrase, for which only the agent of gpg asks",
			"import it into gpg with: gpg --import KEYFILE")
	}
	block, err := armor.Decode(strings.NewReader(strings.TrimSpace(enc)))
	if err != nil {
		return keeper.Data{}, damaged("it is not in ASCII armor")
	}
	md, err := openpgp.ReadMessage(block.Body, r.keys, nil, config(now))
	if err != nil {
		return keeper.Data{}, damaged(r.name + ": " + clean(err.Error()))
	}
	// The message is authenticated at its end, which therefore has to be read.
	plain, err := io.ReadAll(io.LimitReader(md.UnverifiedBody, maxMessage))
	switch {
	case err != nil:
		return keeper.Data{}, damaged(r.name + ": " + clean(err.Error()))
	case len(plain) == maxMessage:
		return keeper.Data{}, errTooMuch
	}
	return keeper.NewData(plain), nil
}
