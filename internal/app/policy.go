package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
)

// PolicyOptions are the options of Policy.
type PolicyOptions struct {
	File
	Common
	KMS               string
	EncryptionContext string
	Principals        []string // who uses keys that name no role
	ReadOnly          bool     // decrypt only
	Only              string   // one kind of policy, as bare JSON
}

// A policyOf is a policy with its place.
type policyOf struct {
	Kind   string    `json:"kind"`
	Of     string    `json:"of"`
	Policy policyDoc `json:"policy"`
}

// Kinds of policies.
const (
	identityPolicy = "identity"
	callerPolicy   = "caller"
	trustPolicy    = "trust"
	keyPolicy      = "key"
)

// place says where a policy belongs.
func (p policyOf) place() string {
	switch p.Kind {
	case identityPolicy:
		return "identity policy of " + p.Of
	case callerPolicy:
		return "identity policy of those who assume " + p.Of
	case trustPolicy:
		return "trust policy of " + p.Of
	}
	return "key policy of " + p.Of
}

// Policy prints the policies that let people and machines use the AWS keys of
// a file, of its rule, or of a list.
func (a *App) Policy(ctx context.Context, o PolicyOptions) error {
	kinds := []string{identityPolicy, callerPolicy, trustPolicy, keyPolicy}
	if o.Only != "" && !slices.Contains(kinds, o.Only) {
		return fail(codeGeneric, "the kinds are identity, caller, trust and key", "%q is no kind of policy", o.Only)
	}
	keys, err := a.policyKeys(ctx, o)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return fail(codeGeneric, "name one with --kms", "there is no AWS KMS key that a policy could be about")
	}
	all, err := policies(keys, o)
	if err != nil {
		return err
	}
	if o.Only != "" {
		all = slices.DeleteFunc(all, func(p policyOf) bool { return p.Kind != o.Only })
	}
	return a.printPolicies(all, o.Only != "")
}

// policyKeys returns the AWS keys in question.
func (a *App) policyKeys(ctx context.Context, o PolicyOptions) ([]keeper.MasterKey, error) {
	texts, err := parseContext(o.EncryptionContext)
	if err != nil {
		return nil, err
	}
	var groups [][]keeper.MasterKey
	switch {
	case o.KMS != "" && o.Path != "":
		return nil, fail(codeConflict, "leave one of them out", "a file and --kms exclude each other")
	case o.KMS != "":
		keys, err := awskey.Parse(o.KMS)
		if err != nil {
			return nil, err
		}
		groups = [][]keeper.MasterKey{keys}
	case o.Path != "":
		if groups, err = a.keysOf(ctx, o); err != nil {
			return nil, err
		}
	default:
		return nil, fail(codeNoFile, "sops kms policy FILE, or sops kms policy --kms ARN", "no file specified")
	}
	if len(texts) > 0 && !withContext(groups, texts) {
		return nil, fail(codeContext, "leave it out", "--encryption-context has no effect: every AWS KMS key here has a context of its own")
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

// keysOf returns the keys of an encrypted file, or those that the rule has for
// one that is not encrypted yet.
func (a *App) keysOf(ctx context.Context, o PolicyOptions) ([][]keeper.MasterKey, error) {
	s, err := a.readEncrypted(ctx, o.File, o.Common, codeNoFile)
	var missing *Error
	if errors.As(err, &missing) && missing.Code == codeNoFile {
		s, err = &source{File: o.File}, nil
		if err := a.settle(s, o.Common); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	if encrypted, err := envelope.Parse(s.data, s.in); err == nil {
		return encrypted.Meta.MasterKeys(), nil
	}
	r, err := a.ruleOf(s)
	if err != nil {
		return nil, err
	}
	return r.Groups, nil
}

// printPolicies prints policies with their places, or bare ones to be piped.
func (a *App) printPolicies(all []policyOf, bare bool) error {
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
				fmt.Fprintf(&b, "# %s\n", hint.Line(p.place()))
			}
			if err := hint.EncodeJSON(&b, p.Policy, "  "); err != nil {
				return err
			}
		}
	}
	_, err := a.Stdout.Write(b.Bytes())
	return err
}
