// Package secretsmanager publishes the decrypted content of files to AWS Secrets
// Manager: as one secret, a JSON object, or as one secret for each value.
package secretsmanager

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/publish"
	"github.com/seed-1f7fdfb8/sops/internal/publish/awscall"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
)

// maxSize is what the service takes.
const maxSize = 65536

// Secrets are what a file becomes.
type Secrets struct {
	Name    string // of the secret, or what the names of all begin with
	PerKey  bool
	KMSKey  string
	Tags    map[string]string
	Content *publish.Content
	// Connect returns the identity to be.
	Connect func(context.Context) (awscall.Caller, error)

	service *awscall.Service
	all     []*secret
}

// A secret is one secret, and what is to be done with it.
type secret struct {
	name, text string
	exists     bool
	unknown    bool // it may not be read
	content    bool // the content differs
	key        bool // the KMS key differs
	tags       map[string]string
}

func (s *Secrets) String() string { return "secretsmanager://" + s.Name }

// Compare reads the secrets that are there.
func (s *Secrets) Compare(ctx context.Context) (publish.Difference, error) {
	c, err := s.Connect(ctx)
	if err != nil {
		return publish.Difference{}, err
	}
	s.service = awscall.New(awscall.Service{
		Caller: c, Name: "secretsmanager", Variable: "SECRETS_MANAGER", Target: "secretsmanager", Scrub: s.Content.Scrub,
	})
	if s.all, err = s.wanted(); err != nil {
		return publish.Difference{}, err
	}
	var d publish.Difference
	states := map[publish.State]int{}
	for _, one := range s.all {
		state, keys, err := s.compare(ctx, one)
		if err != nil {
			return d, fmt.Errorf("%s: %w", one.name, err)
		}
		states[state]++
		d.Keys = append(d.Keys, keys...)
		if one.key {
			d.Notes = append(d.Notes, one.name+": the KMS key")
		}
		for _, tag := range slices.Sorted(maps.Keys(one.tags)) {
			d.Notes = append(d.Notes, one.name+": the tag "+tag)
		}
	}
	d.State = publish.Overall(states, len(d.Notes) > 0)
	return d, nil
}

// wanted returns the secrets that are to be there.
func (s *Secrets) wanted() ([]*secret, error) {
	text, err := s.Content.JSON()
	if err != nil {
		return nil, err
	}
	all := []*secret{{name: s.Name, text: string(text)}}
	if s.PerKey {
		leaves, err := s.Content.Leaves()
		if err != nil {
			return nil, err
		}
		all = nil
		for _, l := range leaves {
			all = append(all, &secret{name: s.Name + "/" + l.Name, text: l.Text})
		}
	}
	for _, one := range all {
		if !regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]{1,512}$`).MatchString(one.name) {
			return nil, fmt.Errorf("%q cannot be the name of a secret: it may have letters, digits and /_+=.@-, 512 in all", one.name)
		}
		if len(one.text) > maxSize {
			return nil, fmt.Errorf("%s: the secret has %d bytes, and AWS Secrets Manager takes %d", one.name, len(one.text), maxSize)
		}
	}
	return all, nil
}

// compare reads one secret.
func (s *Secrets) compare(ctx context.Context, one *secret) (publish.State, []publish.Key, error) {
	var out struct {
		Name, SecretString string
	}
	err := s.service.Call(ctx, "GetSecretValue", map[string]string{"SecretId": one.name}, &out)
	var refused *awscall.Refusal
	switch {
	case err == nil && out.Name != one.name:
		return "", nil, &rest.ForeignError{Host: "AWS Secrets Manager", Status: 200}
	case err == nil:
		one.exists = true
	case errors.As(err, &refused) && refused.IsDenied():
		one.unknown, one.content = true, true
		return publish.Unknown, nil, nil
	case isCode(err, "ResourceNotFoundException"):
		one.content = true
		return publish.New, s.keys(one, publish.Added), nil
	case errors.As(err, &refused) && refused.Code == "InvalidRequestException":
		refused.Advice = "if the secret is to be deleted, keep it: aws secretsmanager restore-secret --secret-id " + one.name
		return "", nil, err
	default:
		return "", nil, err
	}
	if err := s.describe(ctx, one); err != nil {
		return "", nil, err
	}
	keys := s.keys(one, publish.Edited)
	if !s.PerKey {
		keys = publish.Whole(s.Content, publish.Decode([]byte(out.SecretString))).Keys
	} else if out.SecretString == one.text {
		keys = nil
	}
	if one.content = len(keys) > 0; one.content {
		return publish.Changed, keys, nil
	}
	return publish.Same, nil, nil
}

// keys is the difference of a secret that differs as a whole.
func (s *Secrets) keys(one *secret, how publish.Change) []publish.Key {
	if s.PerKey {
		return []publish.Key{{Change: how, At: one.name}}
	}
	return publish.Whole(s.Content, nil).Keys
}

// A description is what the service says of a secret without its value.
type description struct {
	Name     string
	KmsKeyId string
	Tags     []tag
}

type tag struct{ Key, Value string }

// describe finds out whether key and tags are those of the rule, if that names
// any.
func (s *Secrets) describe(ctx context.Context, one *secret) error {
	if s.KMSKey == "" && len(s.Tags) == 0 {
		return nil
	}
	var out description
	if err := s.service.Call(ctx, "DescribeSecret", map[string]string{"SecretId": one.name}, &out); err != nil {
		return err
	}
	one.key = publish.OtherKey(s.KMSKey, out.KmsKeyId)
	has := map[string]string{}
	for _, t := range out.Tags {
		has[t.Key] = t.Value
	}
	one.tags = publish.Lacking(s.Tags, has)
	return nil
}

// Write makes the secrets what they are to be. What is the same already is left
// alone.
func (s *Secrets) Write(ctx context.Context) error {
	for i, one := range s.all {
		if err := s.write(ctx, one); err != nil {
			return fmt.Errorf("%s: %w%s", one.name, err, publish.SoFar(i, len(s.all)))
		}
	}
	return nil
}

func (s *Secrets) write(ctx context.Context, one *secret) error {
	if one.key {
		in := map[string]string{"SecretId": one.name, "KmsKeyId": s.KMSKey}
		if err := s.call(ctx, one, "UpdateSecret", in); err != nil {
			return err
		}
	}
	if one.content {
		if err := s.put(ctx, one); err != nil {
			return err
		}
	}
	if len(one.tags) == 0 {
		return nil
	}
	return s.service.Call(ctx, "TagResource", map[string]any{"SecretId": one.name, "Tags": tags(one.tags)}, nil)
}

// put gives a secret a new version, or makes it. One that has no version yet is
// there, although it is not found.
func (s *Secrets) put(ctx context.Context, one *secret) error {
	if !one.exists && !one.unknown {
		if err := s.create(ctx, one); !isCode(err, "ResourceExistsException") {
			return err
		}
	}
	// The token makes a call that is repeated one call.
	in := map[string]any{"SecretId": one.name, "SecretString": one.text, "ClientRequestToken": token()}
	err := s.call(ctx, one, "PutSecretValue", in)
	if one.unknown && isCode(err, "ResourceNotFoundException") {
		return s.create(ctx, one)
	}
	return err
}

func (s *Secrets) create(ctx context.Context, one *secret) error {
	in := map[string]any{"Name": one.name, "SecretString": one.text, "ClientRequestToken": token()}
	if s.KMSKey != "" {
		in["KmsKeyId"] = s.KMSKey
	}
	if len(s.Tags) > 0 {
		in["Tags"] = tags(s.Tags)
	}
	return s.call(ctx, one, "CreateSecret", in)
}

func isCode(err error, code string) bool {
	var refused *awscall.Refusal
	return errors.As(err, &refused) && refused.Code == code
}

// call makes a call whose answer names the secret.
func (s *Secrets) call(ctx context.Context, one *secret, action string, in any) error {
	var out struct{ Name string }
	err := s.service.Call(ctx, action, in, &out)
	if err == nil && out.Name != one.name {
		return &rest.ForeignError{Host: "AWS Secrets Manager", Status: 200}
	}
	return err
}

// token is one that no other call has; the service takes 32 characters and more.
func token() string { return rand.Text() + rand.Text() }

func tags(all map[string]string) []tag {
	var list []tag
	for _, key := range slices.Sorted(maps.Keys(all)) {
		list = append(list, tag{key, all[key]})
	}
	return list
}
