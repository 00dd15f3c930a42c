package session

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/identity"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/process"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/userfiles"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/wire"
)

// A Session is an identity at work in one region: where its credentials come
// from, step by step, and the clients that use them.
type Session struct {
	Profile *userfiles.Profile
	Sources []*Source // the profile or the machine, then each role
	KMS     *kms.Client
	STS     *sts.Client
	URL     string // of KMS
}

// A base is a loaded configuration.
type base struct {
	config aws.Config
	source *Source
}

// A Source hands out the credentials of one step. It remembers for a while
// that it has none, so that a file of many keys does not ask for each.
type Source struct {
	Call     string        // credentials, sts:AssumeRole
	URL      string        // of STS, "" if it is not asked
	Budget   time.Duration // of its own, 0 for that of the attempt
	provider aws.CredentialsProvider
	now      func() time.Time

	mu    sync.Mutex
	err   error
	until time.Time
}

const (
	// MetadataBudget is how long instance metadata may take to answer. Where
	// there is none, no answer comes, and everything else has been tried before.
	MetadataBudget = time.Second
	// DenialLasts is how long a denial is believed. Changes to policies take
	// longer to arrive.
	DenialLasts = 30 * time.Second
)

// Retrieve returns the credentials, or the denial that is remembered.
func (s *Source) Retrieve(ctx context.Context) (aws.Credentials, error) {
	s.mu.Lock()
	err, until := s.err, s.until
	s.mu.Unlock()
	if err != nil && s.now().Before(until) {
		return aws.Credentials{}, err
	}
	limited := ctx
	if s.Budget > 0 {
		var cancel func()
		limited, cancel = context.WithTimeout(ctx, s.Budget)
		defer cancel()
	}
	c, err := s.provider.Retrieve(limited)
	if err != nil && ctx.Err() == nil && (s.Budget > 0 || isDenied(err)) {
		s.mu.Lock()
		s.err, s.until = err, s.now().Add(DenialLasts)
		s.mu.Unlock()
	}
	return c, err
}

// Session returns the session of id in a region; one is made for a run.
// Nothing is sent.
func (k *Pool) Session(ctx context.Context, id identity.Identity, region string) (*Session, error) {
	p, err := k.Profile(id.Profile)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	name := region + " " + id.Name()
	if s := k.sessions[name]; s != nil {
		return s, nil
	}
	b, err := k.base(ctx, p, region, id.STS)
	if err != nil {
		return nil, err
	}
	s := &Session{Profile: p, Sources: []*Source{b.source}}
	provider := b.source.provider
	roles := id.Roles
	if p.Process() != "" { // whose roles the SDK has not assumed
		roles = append(p.Roles(), roles...)
	}
	at := id.STS + " " + id.Profile
	for _, h := range roles {
		by := caller{name: at, profile: id.Profile}
		at += fmt.Sprintf(" %#v", h)
		next := k.sources[at]
		if next == nil {
			next = k.hop(ctx, b, p, h, region, id.STS, provider, by)
			k.sources[at] = next
		}
		s.Sources = append(s.Sources, next)
		provider = next.provider
	}
	s.KMS = kms.NewFromConfig(b.config, func(o *kms.Options) {
		o.Region, o.Credentials, o.BaseEndpoint = region, provider, p.Endpoint(ctx, k.env, "KMS", id.KMS)
	})
	s.STS = sts.NewFromConfig(b.config, k.place(ctx, p, region, id.STS).options(region, false), func(o *sts.Options) { o.Credentials = provider })
	s.URL = KMSURL(ctx, s.KMS.Options())
	k.sessions[name] = s
	return s, nil
}

// hop returns the source of a role that is assumed with the credentials of
// provider.
func (k *Pool) hop(ctx context.Context, b *base, p *userfiles.Profile, h userfiles.Role, region, mapped string, provider aws.CredentialsProvider, by caller) *Source {
	h.SessionName = cmp.Or(h.SessionName, k.set.SessionName)
	at := k.place(ctx, p, region, mapped)
	client := sts.NewFromConfig(b.config, at.options(region, false), func(o *sts.Options) { o.Credentials = provider })
	return &Source{
		Call: "sts:AssumeRole", now: k.now,
		URL:      stsURL(ctx, client.Options()),
		provider: aws.NewCredentialsCache(&roleProvider{hop: h, client: &stsClient{k: k, inner: client, place: at, caller: by}}),
	}
}

func (k *Pool) place(ctx context.Context, p *userfiles.Profile, region, mapped string) place {
	return place{region, p.Endpoint(ctx, k.env, "STS", mapped), k.set.Attempts}
}

// base loads the configuration of a profile. The region matters only to one
// that speaks to STS and does not say where: it then asks first in the region of
// the key that happens to be the first of the run.
func (k *Pool) base(ctx context.Context, p *userfiles.Profile, region, mapped string) (*base, error) {
	region = cmp.Or(p.Shared.Region, region)
	name := p.Name + " " + mapped
	if b := k.bases[name]; b != nil {
		return b, nil
	}
	if err := p.CheckBundle(k.env); err != nil {
		return nil, err
	}
	cfg, err := config.LoadDefaultConfig(ctx, k.load(ctx, p, region, mapped)...)
	if err != nil {
		return nil, err
	}
	b := &base{config: cfg, source: &Source{Call: "credentials", provider: cfg.Credentials, now: k.now}}
	if command := p.Process(); command != "" {
		if k.processes[command] == nil {
			k.processes[command] = process.New(command, cmp.Or(k.attempt, processcreds.DefaultTimeout))
		}
		b.source.provider = k.processes[command]
	} else if p.Assumes() {
		b.source.Call = "sts:AssumeRole"
		if way, _ := p.Way(); way == userfiles.ByWebIdentity {
			b.source.Call = "sts:AssumeRoleWithWebIdentity"
		}
		b.source.URL = stsURL(ctx, sts.NewFromConfig(cfg, k.place(ctx, p, region, mapped).options(region, false)).Options())
	}
	if aws.IsCredentialsProvider(cfg.Credentials, (*ec2rolecreds.Provider)(nil)) {
		b.source.Budget = MetadataBudget
	}
	k.bases[name] = b
	return b, nil
}

type loadOption = func(*config.LoadOptions) error

// load hands the SDK what it would otherwise read from the process. A profile
// that was asked for comes before the environment, and the environment before
// the default profile.
func (k *Pool) load(ctx context.Context, p *userfiles.Profile, region, mapped string) []loadOption {
	list := k.common(p, region)
	at := k.place(ctx, p, region, mapped)
	if c, ok := userfiles.Credentials(k.env); ok && p.Bypassed {
		return append(list, config.WithCredentialsProvider(credentials.StaticCredentialsProvider{Value: c}))
	}
	if p.Bypassed {
		return append(list, config.WithCredentialsProvider(k.webIdentity(k.anonymous(ctx, list, at))))
	}
	if p.Process() != "" {
		return append(list, config.WithCredentialsProvider(aws.AnonymousCredentials{})) // see base
	}
	return append(
		list,
		config.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = cmp.Or(o.RoleSessionName, k.set.SessionName)
			o.TokenProvider = func() (string, error) { return "", nil } // the client asks: it has a context
			asked := slices.ContainsFunc(p.Roles(), func(h userfiles.Role) bool { return h.ARN == o.RoleARN && h.Duration != 0 })
			o.Client = &stsClient{k: k, inner: o.Client, place: at, caller: caller{name: p.Name, profile: p.Name, standard: !asked}}
		}),
		config.WithWebIdentityRoleCredentialOptions(func(o *stscreds.WebIdentityRoleOptions) {
			o.RoleSessionName = cmp.Or(o.RoleSessionName, k.set.SessionName)
			o.Client = k.anonymous(ctx, list, at)
		}),
	)
}

// common are the options that have nothing to do with whose credentials are
// found.
func (k *Pool) common(p *userfiles.Profile, region string) []loadOption {
	f := userfiles.Shared(k.env)
	metadata := imds.ClientEnabled
	if strings.EqualFold(env.Env(k.env).Get("AWS_EC2_METADATA_DISABLED"), "true") {
		metadata = imds.ClientDisabled
	}
	list := []loadOption{
		config.WithRegion(region),
		config.WithSharedConfigFiles(f.Config),
		config.WithSharedCredentialsFiles(f.Credentials),
		config.WithLogger(logging.Nop{}),
		config.WithRetryMaxAttempts(k.set.Attempts),
		config.WithEC2IMDSClientEnableState(metadata),
		config.WithAPIOptions([]func(*middleware.Stack) error{wire.PlainBodies, wire.LimitedAnswers}),
	}
	if url := env.Env(k.env).Get("AWS_EC2_METADATA_SERVICE_ENDPOINT"); url != "" {
		list = append(list, config.WithEC2IMDSEndpoint(url))
	}
	if p.Name != "" {
		list = append(list, config.WithSharedConfigProfile(p.Name))
	}
	return list
}

// webIdentity returns the credentials of the token and the role that the
// environment names.
func (k *Pool) webIdentity(client stscreds.AssumeRoleWithWebIdentityAPIClient) aws.CredentialsProvider {
	e := env.Env(k.env)
	token := stscreds.IdentityTokenFile(e.Get("AWS_WEB_IDENTITY_TOKEN_FILE"))
	return stscreds.NewWebIdentityRoleProvider(client, e.Get("AWS_ROLE_ARN"), token, func(o *stscreds.WebIdentityRoleOptions) {
		o.RoleSessionName = k.set.SessionName
	})
}

// anonymous returns a client for calls without a signature, or nil if there can
// be none, for a reason that the caller will meet as well.
func (k *Pool) anonymous(ctx context.Context, list []loadOption, at place) stscreds.AssumeRoleWithWebIdentityAPIClient {
	list = append(slices.Clone(list), config.WithCredentialsProvider(aws.AnonymousCredentials{}))
	cfg, err := config.LoadDefaultConfig(ctx, list...)
	if err != nil {
		return nil
	}
	return &webClient{k: k, inner: sts.NewFromConfig(cfg, at.options(at.region, false)), place: at}
}
