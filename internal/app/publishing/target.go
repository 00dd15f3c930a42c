package publishing

import (
	"context"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/publish"
	"github.com/seed-1f7fdfb8/sops/internal/publish/awscall"
	"github.com/seed-1f7fdfb8/sops/internal/publish/gcs"
	"github.com/seed-1f7fdfb8/sops/internal/publish/s3"
	"github.com/seed-1f7fdfb8/sops/internal/publish/secretsmanager"
	"github.com/seed-1f7fdfb8/sops/internal/publish/ssm"
	"github.com/seed-1f7fdfb8/sops/internal/publish/vaultkv"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms"
	"github.com/seed-1f7fdfb8/sops/keeper/gcpkms"
	"github.com/seed-1f7fdfb8/sops/keeper/vault"
)

// target returns the destination of a file, with what is to be there.
func (p *publisher) target(ctx context.Context, s *app.Source, d *config.Destination, name string) (target, error) {
	if d.OmitExtensions || p.o.OmitExtensions {
		name = withoutExtension(name)
	}
	encrypted, err := s.Encrypted()
	if err != nil {
		return nil, err
	}
	if d.S3Bucket == "" && d.GCSBucket == "" {
		return p.ofContent(ctx, s, d, name)
	}
	data, err := p.bytes(ctx, s, d, encrypted)
	if err != nil {
		return nil, err
	}
	if d.S3Bucket != "" {
		return &s3.Object{
			Bucket: d.S3Bucket, Key: d.S3Prefix + name, KMSKey: d.AWS.KMSKey, Data: data,
			Connect: func(ctx context.Context) (*awskms.Caller, error) { return p.aws(ctx, d) },
		}, nil
	}
	google, ok := keeper.As[interface{ Caller() *gcpkms.Caller }](p.keepers, keeper.GCP)
	if !ok {
		return nil, errSwitchedOff()
	}
	return &gcs.Object{Bucket: d.GCSBucket, Name: d.GCSPrefix + name, Data: data, Caller: google.Caller()}, nil
}

// ofContent returns a destination that keeps values.
func (p *publisher) ofContent(ctx context.Context, s *app.Source, d *config.Destination, name string) (target, error) {
	if d.Recreation != nil {
		p.a.Warnf("%s: the recreation_rule on line %d of %s has no effect: what is kept there is the decrypted content", s.Path, d.Recreation.Line, s.Config.Path)
	}
	decrypted, err := p.a.Decrypt(ctx, s, p.keepers, p.o.Access)
	if err != nil {
		return nil, err
	}
	content, err := publish.NewContent(decrypted.Trees())
	if err != nil {
		return nil, s.Named(err)
	}
	connect := func(ctx context.Context) (awscall.Caller, error) { return p.aws(ctx, d) }
	switch {
	case d.SecretsPath != "":
		return &secretsmanager.Secrets{
			Name: below(d.SecretsPath, name), PerKey: d.AWS.PerKey, KMSKey: d.AWS.KMSKey, Tags: d.AWS.Tags, Content: content, Connect: connect,
		}, nil
	case d.ParametersPath != "":
		return &ssm.Parameters{
			Name: below(d.ParametersPath, name), PerKey: d.AWS.PerKey, KMSKey: d.AWS.KMSKey, Tags: d.AWS.Tags, Content: content, Connect: connect,
		}, nil
	}
	server, ok := keeper.As[interface {
		Client(address string) (*vault.Client, error)
	}](p.keepers, keeper.Vault)
	if !ok {
		return nil, errSwitchedOff()
	}
	client, err := server.Client(d.VaultAddress)
	if err != nil {
		return nil, s.Named(err)
	}
	return &vaultkv.Secret{
		Client: client, Mount: d.VaultKVMount, Path: below(d.VaultPath, name), Version: d.VaultKVVersion, Content: content,
	}, nil
}

// aws returns the identity that a destination of AWS is written as.
func (p *publisher) aws(ctx context.Context, d *config.Destination) (*awskms.Caller, error) {
	k, ok := keeper.As[interface {
		Caller(context.Context, awskms.Account) (*awskms.Caller, error)
	}](p.keepers, keeper.KMS)
	if !ok {
		return nil, errSwitchedOff()
	}
	return k.Caller(ctx, awskms.Account{Profile: d.AWS.Profile, Role: d.AWS.Role, Region: d.AWS.Region})
}

func errSwitchedOff() error {
	return app.Fail(app.Other, "leave out --enable-local-keyservice=false and unset SOPS_ENABLE_LOCAL_KEYSERVICE",
		"the credentials of this machine are switched off")
}

// below returns a name below a path, whether or not that ends with a slash.
func below(path, name string) string { return strings.TrimRight(path, "/") + "/" + name }
