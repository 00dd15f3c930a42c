package setup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/awspolicy"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
)

// PolicyOptions are the options of Policy.
type PolicyOptions struct {
	app.File
	app.Common
	KMS               string
	EncryptionContext string
	Principals        []string // who uses keys that name no role
	ReadOnly          bool     // decrypt only
	Only              string   // one kind of policy, as bare JSON
}

// Policy prints the policies that let people and machines use the AWS keys of
// a file, of its rule, or of a list.
func Policy(ctx context.Context, a *app.App, o PolicyOptions) error {
	if o.Only != "" && !slices.Contains(awspolicy.Kinds(), o.Only) {
		return app.Fail(app.Other, "the kinds are identity, caller, trust and key", "%q is no kind of policy", o.Only)
	}
	keys, err := policyKeys(ctx, a, o)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return app.Fail(app.Other, "name one with --kms", "there is no AWS KMS key that a policy could be about")
	}
	all, err := awspolicy.For(keys, o.Principals, o.ReadOnly)
	if err != nil {
		return err
	}
	if o.Only != "" {
		all = slices.DeleteFunc(all, func(p awspolicy.Policy) bool { return p.Kind != o.Only })
	}
	return printPolicies(a, all, o.Only != "")
}

// policyKeys returns the AWS keys in question.
func policyKeys(ctx context.Context, a *app.App, o PolicyOptions) ([]keeper.MasterKey, error) {
	texts, err := app.ParseContext(o.EncryptionContext)
	if err != nil {
		return nil, err
	}
	var groups [][]keeper.MasterKey
	switch {
	case o.KMS != "" && o.Path != "":
		return nil, app.Fail(app.Conflict, "leave one of them out", "a file and --kms exclude each other")
	case o.KMS != "":
		keys, err := awskey.Parse(o.KMS)
		if err != nil {
			return nil, err
		}
		groups = [][]keeper.MasterKey{keys}
	case o.Path != "":
		if groups, err = filesKeys(ctx, a, o); err != nil {
			return nil, err
		}
	default:
		return nil, app.Fail(app.NoFile, "sops kms policy FILE, or sops kms policy --kms ARN", "no file specified")
	}
	if len(texts) > 0 && !app.WithContext(groups, texts) {
		return nil, app.Fail(app.BadContext, "leave it out", "--encryption-context has no effect: every AWS KMS key here has a context of its own")
	}
	var keys []keeper.MasterKey
	for _, m := range slices.Concat(groups...) {
		if m.Kind != awskey.Kind().Name || slices.ContainsFunc(keys, func(n keeper.MasterKey) bool { return m.EntryID() == n.EntryID() }) {
			continue
		}
		// What a file says need not be the name of anything.
		if _, err := awskey.Kind().Check(m); err != nil {
			return nil, err
		}
		keys = append(keys, m)
	}
	return keys, nil
}

// KeysOf returns the keys of an encrypted file, or those that the rule has for
// one that is not encrypted yet.
func filesKeys(ctx context.Context, a *app.App, o PolicyOptions) ([][]keeper.MasterKey, error) {
	s, err := a.ReadEncrypted(ctx, o.File, o.Common, app.NoFile)
	if errors.Is(err, app.NoFile) {
		s, err = a.NewFile(o.File, o.Common)
	}
	if err != nil {
		return nil, err
	}
	if encrypted, err := envelope.Parse(s.Data, s.In); err == nil {
		return encrypted.Meta.MasterKeys(), nil
	}
	r, err := a.RuleOf(s)
	if err != nil {
		return nil, err
	}
	return r.Groups, nil
}

// printPolicies prints policies with their places, or bare ones to be piped.
func printPolicies(a *app.App, all []awspolicy.Policy, bare bool) error {
	var b bytes.Buffer
	switch {
	case a.JSON && !bare:
		if err := hint.EncodeJSON(&b, all, "  "); err != nil {
			return err
		}
	default:
		for i, p := range all {
			if !bare {
				if i > 0 {
					b.WriteByte('\n')
				}
				fmt.Fprintf(&b, "# %s\n", hint.Line(p.Place()))
			}
			if err := hint.EncodeJSON(&b, p.Document, "  "); err != nil {
				return err
			}
		}
	}
	_, err := a.Stdout.Write(b.Bytes())
	return err
}
