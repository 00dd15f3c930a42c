package age

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"
)

// asker is an identity that may ask a person.
type asker interface {
	age.Identity
	// wouldAsk reports whether Unwrap would ask, to open a file with these
	// stanzas.
	wouldAsk(stanzas []*age.Stanza) bool
}

var errNobodyToAsk = errors.New("it needs a passphrase, and there is no terminal to ask for it")

// passphrase is a passphrase that is asked for at most once.
type passphrase struct {
	ask    func(prompt string) ([]byte, error) // may be nil
	prompt string
	asked  bool
	text   []byte
	err    error
}

func (p *passphrase) get() ([]byte, error) {
	if p.ask == nil {
		return nil, errNobodyToAsk
	}
	if !p.asked {
		p.asked = true
		p.text, p.err = p.ask(p.prompt)
	}
	return p.text, p.err
}

// wouldAsk reports whether get would ask.
func (p *passphrase) wouldAsk() bool { return p.ask != nil && !p.asked }

// lockedFile is an identity file that is encrypted with a passphrase.
type lockedFile struct {
	mu         sync.Mutex
	src        []byte
	passphrase passphrase
	parse      func(plain []byte) *place
	opened     *place // nil until it has been opened
	err        error  // why it could not be
}

func (k *Keeper) newLockedFile(p *place, src []byte) *lockedFile {
	return &lockedFile{
		src:        src,
		passphrase: passphrase{ask: k.o.Passphrase, prompt: "Passphrase for the age identities in " + p.name + ": "},
		parse: func(plain []byte) *place {
			inner := &place{name: p.name}
			k.parse(inner, plain, "")
			return inner
		},
	}
}

// wouldAsk reports whether the passphrase is still unknown, or what it opened
// would ask. A file that another call is just opening counts as unknown.
func (l *lockedFile) wouldAsk(stanzas []*age.Stanza) bool {
	if !l.mu.TryLock() {
		return true
	}
	defer l.mu.Unlock()
	if l.opened == nil {
		return l.passphrase.wouldAsk()
	}
	for _, id := range l.opened.identities {
		if q, ok := id.(asker); ok && q.wouldAsk(stanzas) {
			return true
		}
	}
	return false
}

// Unwrap asks for the passphrase if it is not known yet, and tries the
// identities in the file.
func (l *lockedFile) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.opened == nil && l.err == nil {
		l.opened, l.err = l.open()
	}
	if l.err != nil {
		return nil, l.err
	}
	var errs []error
	for _, id := range l.opened.identities {
		fileKey, err := id.Unwrap(stanzas)
		if err == nil {
			return fileKey, nil
		}
		if !errors.Is(err, age.ErrIncorrectIdentity) {
			errs = append(errs, err)
		}
	}
	if errs = append(errs, l.opened.notes...); len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return nil, age.ErrIncorrectIdentity
}

func (l *lockedFile) open() (*place, error) {
	text, err := l.passphrase.get()
	if err != nil {
		return nil, err
	}
	defer clear(text)
	id, err := age.NewScryptIdentity(string(text))
	if err != nil {
		return nil, errors.New("the passphrase is empty")
	}
	var src io.Reader = bytes.NewReader(l.src)
	if bytes.HasPrefix(l.src, []byte(armor.Header)) {
		src = armor.NewReader(src)
	}
	r, err := age.Decrypt(src, id)
	if err != nil {
		return nil, wrongPassphrase(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("it is damaged: %w", err)
	}
	defer clear(plain)
	return l.parse(plain), nil
}

// wrongPassphrase says of an error of age whether it was the passphrase.
func wrongPassphrase(err error) error {
	var noMatch *age.NoIdentityMatchError
	if !errors.As(err, &noMatch) {
		return fmt.Errorf("it cannot be decrypted: %w", err)
	}
	for _, kind := range noMatch.StanzaTypes {
		if kind != "scrypt" {
			return fmt.Errorf("it is encrypted, but not with a passphrase (%s)", kind)
		}
	}
	return errors.New("the passphrase is wrong")
}

// lockedSSH is an SSH private key with a passphrase.
type lockedSSH struct {
	mu         sync.Mutex
	passphrase *passphrase
	key        *agessh.EncryptedSSHIdentity
	probe      *agessh.EncryptedSSHIdentity // the same, to see whether it asks
}

var errProbe = errors.New("it would have asked")

func (k *Keeper) newLockedSSH(p *place, pem []byte, pub ssh.PublicKey, file string) (age.Identity, error) {
	if pub == nil {
		var err error
		if pub, err = publicKey(file); err != nil {
			return nil, err
		}
	}
	phrase := &passphrase{ask: k.o.Passphrase, prompt: "Passphrase for the SSH key " + p.name + ": "}
	key, err := agessh.NewEncryptedSSHIdentity(pub, pem, phrase.get)
	if err != nil {
		return nil, err
	}
	probe, err := agessh.NewEncryptedSSHIdentity(pub, pem, func() ([]byte, error) { return nil, errProbe })
	if err != nil {
		return nil, err
	}
	return &lockedSSH{passphrase: phrase, key: key, probe: probe}, nil
}

// wouldAsk reports whether the key is one of those the file is for and its
// passphrase is still unknown.
func (l *lockedSSH) wouldAsk(stanzas []*age.Stanza) bool {
	if !l.mu.TryLock() {
		return true
	}
	defer l.mu.Unlock()
	if !l.passphrase.wouldAsk() {
		return false
	}
	_, err := l.probe.Unwrap(stanzas)
	return !errors.Is(err, age.ErrIncorrectIdentity)
}

func (l *lockedSSH) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fileKey, err := l.key.Unwrap(stanzas)
	switch {
	case err == nil, errors.Is(err, age.ErrIncorrectIdentity):
		return fileKey, err
	case l.passphrase.ask == nil:
		return nil, errNobodyToAsk
	case l.passphrase.err != nil:
		return nil, l.passphrase.err
	}
	return nil, fmt.Errorf("the passphrase is wrong, or the key damaged: %w", err)
}
