package app

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/audit"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/gpgagent"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/term"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/age"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/azurekv"
	"github.com/seed-1f7fdfb8/sops/keeper/gcpkms"
	"github.com/seed-1f7fdfb8/sops/keeper/huaweikms"
	"github.com/seed-1f7fdfb8/sops/keeper/pgp"
	"github.com/seed-1f7fdfb8/sops/keeper/vault"
	"github.com/seed-1f7fdfb8/sops/std"
)

// Access says with which identities and in which order master keys are used.
type Access struct {
	AWSProfile      []string // P or ACCOUNT=P
	AWSRole         []string // ARN or ACCOUNT=ARN
	keyRoles        []string // named with keys by flags and variables of this run
	NoAssumeRole    bool
	StrictIdentity  bool
	DecryptionOrder string
	IgnoreMAC       bool
	Hedge           time.Duration // 0: default
	Attempt         time.Duration // 0: default
	Overall         time.Duration // 0: default
	// LocalKeys is "false" to use no keys of this machine, "" to ask the
	// environment.
	LocalKeys   string
	KeyServices []string // URIs of key services to ask as well, after those of the environment
	KMS         string   // AWS keys to try before others: a list of ARNs
	Context     string   // the encryption context of AWS keys that the file gives none
	// SpareContext is tried for such keys; it need not have an effect.
	SpareContext string
}

// OwnKeepers returns the keepers of this machine alone.
func (a *App) OwnKeepers(ctx context.Context, o Access) keeper.Keeper {
	aws := awskms.Options{
		Env: a.Env, Profile: o.AWSProfile, Role: o.AWSRole,
		KeyRoles: o.keyRoles, NoAssumeRole: o.NoAssumeRole, Strict: o.StrictIdentity,
		Attempt: o.Attempt, HostName: a.HostName, Now: a.Now, Warn: a.Warn,
	}
	if a.hasTerminal() {
		aws.AskMFA = a.AskCode
	}
	return std.Keepers(std.Options{
		AWS: aws, Age: age.Options{
			Env: a.Env, Stderr: a.Stderr,
			Passphrase: func(prompt string) ([]byte, error) { return gpgagent.Or(ctx, prompt, a.AskPassphrase, a.hasTerminal) },
			Ask:        func(prompt string) (string, error) { return a.AskCode(ctx, prompt) },
			Tell:       func(msg string) { fmt.Fprintf(a.Stderr, "sops: %s\n", hint.Line(msg)) },
			// Editors show whatever is on standard error as a failure.
			Warn: func(msg string) { a.Verbosef("%s", msg) },
		}, PGP: pgp.Options{
			Env: a.Env, Now: a.Now,
			TTY: func() string { return term.Device(a.Stdin, a.Stderr, a.Stdout) },
		}, GCP: gcpkms.Options{Env: a.Env, Now: a.Now, Attempt: o.Attempt}, Azure: azurekv.Options{Env: a.Env, Now: a.Now, Attempt: o.Attempt},
		Vault:  vault.Options{Env: a.Env, Now: a.Now, Attempt: o.Attempt, Note: func(msg string) { a.Verbosef("%s", msg) }},
		Huawei: huaweikms.Options{Env: a.Env, Now: a.Now, Attempt: o.Attempt},
	})
}

// perKey is the time for one key, which may have several identities: enough for
// one that hangs and another that answers.
func perKey(attempt time.Duration) time.Duration { return 2 * cmp.Or(attempt, unlock.DefaultAttempt) }

// overall is the time for all keys. Whoever gives one way to a key more time
// wants it to be used.
func overall(o Access) time.Duration {
	if o.Overall > 0 {
		return o.Overall
	}
	return max(unlock.DefaultOverall, 2*perKey(o.Attempt))
}

// hasTerminal reports whether there is a terminal for questions.
func (a *App) hasTerminal() bool {
	t, err := a.Terminal()
	return err == nil && t.Close() == nil
}

// AskCode asks for a code that may be seen while it is typed.
func (a *App) AskCode(ctx context.Context, prompt string) (string, error) {
	t, err := a.Terminal()
	if err != nil {
		return "", err
	}
	defer t.Close()
	return t.ReadLine(ctx, hint.Clean(prompt))
}

// AskPassphrase asks for a text that must not be seen.
func (a *App) AskPassphrase(ctx context.Context, prompt string) ([]byte, error) {
	t, err := a.Terminal()
	if err != nil {
		return nil, err
	}
	defer t.Close()
	return t.ReadSecret(ctx, hint.Clean(prompt))
}

// DecryptOptions returns how files are decrypted in this run.
func (a *App) DecryptOptions(o Access) (envelope.DecryptOptions, error) {
	list := o.DecryptionOrder
	if list == "" {
		list = a.Env.Get("SOPS_DECRYPTION_ORDER")
	}
	order, err := unlock.ParseOrder(list)
	if err != nil {
		return envelope.DecryptOptions{}, err
	}
	prefer, err := a.preference(o)
	if err != nil {
		return envelope.DecryptOptions{}, err
	}
	texts, err := ParseContext(o.Context)
	if err != nil {
		return envelope.DecryptOptions{}, err
	}
	// The variable may be meant for other files: it need not have an effect here.
	spare, err := ParseContext(cmp.Or(o.SpareContext, a.Env.Get("SOPS_KMS_ENCRYPTION_CONTEXT")))
	if err != nil {
		return envelope.DecryptOptions{}, err
	}
	return envelope.DecryptOptions{
		IgnoreMAC: o.IgnoreMAC, Warn: a.Warn, Note: func(msg string) { a.Verbosef("%s", msg) }, Context: texts, SpareContext: spare,
		Unlock: unlock.Options{Order: order, Prefer: prefer, Hedge: o.Hedge, Attempt: perKey(o.Attempt), Overall: overall(o), Warn: a.Warn},
	}, nil
}

// preference ranks keys of one kind: AWS keys that were named, then those in
// this machine's region, then the rest.
func (a *App) preference(o Access) (func(keeper.WrappedKey) int, error) {
	named, err := awskey.Parse(o.KMS)
	if err != nil {
		return nil, err
	}
	if o.KMS == "" {
		// What is wrong with the variable matters when a file is encrypted.
		named, _ = awskey.Parse(a.Env.Get(awskey.Kind().Variable()))
	}
	return awskey.Prefer(named, cmp.Or(a.Env.Get("AWS_REGION"), a.Env.Get("AWS_DEFAULT_REGION"))), nil
}

// Decrypt parses and decrypts the file s.
func (a *App) Decrypt(ctx context.Context, s *Source, k keeper.Keeper, o Access) (*envelope.Decrypted, error) {
	options, err := a.DecryptOptions(o)
	if err != nil {
		return nil, err
	}
	options.Spend = s.Spend
	encrypted, err := s.Encrypted()
	if err != nil {
		return nil, err
	}
	if options.Recovered, err = a.auditing(ctx, s.File, encrypted.Meta); err != nil {
		return nil, err
	}
	lacking := a.lacksSeal(s, encrypted.Meta.Seal != "")
	if lacking != nil && !o.IgnoreMAC {
		return nil, s.Named(lacking)
	}
	decrypted, err := encrypted.Decrypt(ctx, k, options)
	if err == nil {
		err = a.RequireSeal(s, !decrypted.Unproved(), o)
	}
	if err != nil {
		return nil, s.Named(err)
	}
	if is := a.metadataOf(s); is != "" {
		decrypted.SetPlainMetadata(is == config.MetadataPlain)
	}
	s.Renew = lacking != nil || !decrypted.Authentic()
	return decrypted, nil
}

// RecoverKey returns the data key of an encrypted file whose values stay as they
// are, once its seal is what the rule demands.
func (a *App) RecoverKey(ctx context.Context, s *Source, encrypted *envelope.Encrypted, k keeper.Keeper, o Access) (*unlock.Recovered, error) {
	options, err := a.DecryptOptions(o)
	if err != nil {
		return nil, err
	}
	if err := a.RequireSeal(s, encrypted.Meta.Seal != "", o); err != nil {
		return nil, err
	}
	if options.Recovered, err = a.auditing(ctx, s.File, encrypted.Meta); err != nil {
		return nil, err
	}
	r, err := encrypted.Recover(ctx, k, options)
	if err != nil {
		return nil, err
	}
	return r, a.RequireSeal(s, !encrypted.Unproved(), o)
}

// EncryptText encrypts the content of f with the clock and the randomness of this
// run.
func (a *App) EncryptText(ctx context.Context, f File, o *envelope.Decrypted) ([]byte, error) {
	if err := a.RecordUse(ctx, audit.Encrypt, f, o.Meta); err != nil {
		return nil, err
	}
	return o.Encrypt(envelope.EncryptOptions{Now: a.Now(), Random: a.Random})
}
