package cli

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/content"
	"github.com/seed-1f7fdfb8/sops/internal/command"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
	"github.com/seed-1f7fdfb8/sops/std"
)

// Topics group the flags in help texts.
const (
	topicFiles      = "FILES"
	topicKeys       = "KEYS"
	topicAWS        = "AWS KMS"
	topicRules      = "WHAT IS ENCRYPTED"
	topicAccess     = "DECRYPTION"
	topicKeyService = "KEY SERVICES"
	topicOther      = command.TopicOther
)

// common are the flags of every command.
func (r *run) common(o *app.Common) []*command.Flag {
	return []*command.Flag{
		command.String(&o.Config, topicOther, "config", "use the configuration `FILE` instead of looking for .sops.yaml (SOPS_CONFIG)"),
		command.OptionalInt(&o.Indent, topicOther, "indent", "format the output again, indented by `N` (JSON: -1 is a tab)"),
		command.Bool(&r.app.Verbose, topicOther, "verbose", "report on standard error what is done"),
		command.Bool(&r.app.JSON, topicOther, "json", "print errors and warnings as JSON, one object a line"), // see wantsJSON
	}
}

// types are the flags about file types.
func types(o *app.File) []*command.Flag {
	return []*command.Flag{
		inputType(&o.InputType, "file"),
		outputType(&o.OutputType, "write the result as `TYPE`"),
		command.String(&o.FilenameOverride, topicFiles, "filename-override", "let `NAME` decide on rule and type instead of the file's own name"),
	}
}

// inputType is the flag of what is read: the file or the files.
func inputType(to *string, what string) *command.Flag {
	return fileType(to, "input-type", "read the "+what+" as `TYPE`: yaml, json, dotenv, ini, binary")
}

func outputType(to *string, usage string) *command.Flag { return fileType(to, "output-type", usage) }

func fileType(to *string, name, usage string) *command.Flag {
	f := command.String(to, topicFiles, name, usage)
	f.Values = func(context.Context, []string) (types []command.Candidate) {
		for _, name := range std.Names() {
			types = append(types, command.Candidate{Word: name, Meaning: "file type"})
		}
		return types
	}
	return f
}

func target(o *app.Target) []*command.Flag {
	return []*command.Flag{
		command.Bool(&o.InPlace, topicFiles, "in-place", "write the result over the file", "i"),
		command.String(&o.Output, topicFiles, "output", "write the result to `FILE`"),
	}
}

// inPlaceAlways takes the flag that scripts give, where it says only what is
// done in any case.
func inPlaceAlways() *command.Flag {
	return &command.Flag{Name: "in-place", Aliases: []string{"i"}, Hidden: true, Bool: true}
}

// access are the flags of every command that decrypts files.
func access(o *app.Access) []*command.Flag {
	return append(identity(o),
		command.String(&o.DecryptionOrder, topicAccess, "decryption-order", "try these kinds of keys first, for example `age,kms` (SOPS_DECRYPTION_ORDER)"),
		command.Bool(&o.IgnoreMAC, topicAccess, "ignore-mac", "decrypt the file even if its MAC does not fit; what is written gets a new one"),
		command.Duration(&o.Hedge, topicAccess, "hedge", "start the next key beside one that is silent for `DURATION` (default 300ms)"),
		command.Duration(&o.Overall, topicAccess, "timeout", "give up on all keys after `DURATION`, not counting time at a prompt (default 30s)"),
	)
}

// reading are the flags about AWS keys of commands that only decrypt with them.
func reading(o *app.Access) []*command.Flag {
	return []*command.Flag{
		command.String(&o.KMS, topicAWS, "kms", "try these AWS keys first: `ARN,...` (SOPS_KMS_ARN)", "k"),
		command.String(&o.Context, topicAWS, "encryption-context", "the context of AWS keys that the file gives none: `K:V,K2:V2` or a JSON object (SOPS_KMS_ENCRYPTION_CONTEXT)"),
	}
}

// ownIdentity are the flags about the identity that this program has itself.
func ownIdentity(o *app.Access) []*command.Flag {
	return []*command.Flag{
		command.List(&o.AWSProfile, topicAWS, "aws-profile", "use this AWS profile: `P`, or ACCOUNT=P for the keys of one account (SOPS_AWS_PROFILE)"),
		command.List(&o.AWSRole, topicAWS, "aws-role", "assume this role: `ARN`, or ACCOUNT=ARN (SOPS_AWS_ROLE)"),
		command.Bool(&o.NoAssumeRole, topicAWS, "no-assume-role", "assume no role, whatever the file says (SOPS_AWS_NO_ASSUME_ROLE)"),
		command.Bool(&o.StrictIdentity, topicAWS, "strict-identity", "use profile and role of the file literally, without fallback (SOPS_AWS_STRICT_IDENTITY)"),
		command.Duration(&o.Attempt, topicAWS, "attempt-timeout", "give up on one way to a key after `DURATION` (default 5s where another is left, 1m for a credential_process)"),
	}
}

// identity are the flags of every command that uses keys.
func identity(o *app.Access) []*command.Flag {
	return append(ownIdentity(o),
		command.List(&o.KeyServices, topicKeyService, "keyservice", "ask the key service at `URI` as well: tcp://HOST:PORT, unix:///PATH, tls://HOST:PORT?ca=FILE (SOPS_KEYSERVICE)"),
		&command.Flag{
			Name: "enable-local-keyservice", Topic: topicKeyService, Bool: true, Set: command.String(&o.LocalKeys, "", "", "").Set,
			Usage: "use the keys of this machine before those of key services; =false uses key services alone (SOPS_ENABLE_LOCAL_KEYSERVICE)",
		},
	)
}

// keyLists are the flags that name master keys; those of a new file have short
// names and variables.
func keyLists(o *app.KeyLists, prefix, verb string) []*command.Flag {
	var flags []*command.Flag
	for _, kind := range kinds.All() {
		usage := verb + " " + kind.Usage
		if prefix != "" {
			flags = append(flags, command.String(o.Of(kind), topicKeys, prefix+kind.Flag, usage))
			continue
		}
		var aliases []string
		if kind.Short != "" {
			aliases = []string{kind.Short}
		}
		flags = append(flags, command.String(o.Of(kind), topicKeys, kind.Flag, usage+" ("+kind.Variable()+")", aliases...))
	}
	return flags
}

func contextFlag(to *string) *command.Flag {
	return command.String(to, topicAWS, "encryption-context", "bind AWS keys to this context: `K:V,K2:V2` or a JSON object (SOPS_KMS_ENCRYPTION_CONTEXT)")
}

// creation are the flags that say how a new file is encrypted.
func creation(o *content.Creation) []*command.Flag {
	flags := keyLists(&o.Keys, "", "encrypt for these")
	flags = append(flags, contextFlag(&o.EncryptionContext))
	flags = append(flags, selection(&o.Selection)...)
	return append(flags,
		command.Bool(&o.MACOnlyEncrypted, topicRules, "mac-only-encrypted", "let the MAC cover encrypted values only"),
		command.Bool(&o.PlainMetadata, topicRules, "plain-metadata", "write no metadata that SOPS does not know: no seal, no layout"),
		command.Int(&o.Threshold, topicKeys, "shamir-secret-sharing-threshold", "need `N` of the key groups"),
	)
}

func selection(o *rule.Rule) []*command.Flag {
	return []*command.Flag{
		command.String(&o.UnencryptedSuffix, topicRules, "unencrypted-suffix", "leave keys unencrypted that end with `S` (default _unencrypted)"),
		command.String(&o.EncryptedSuffix, topicRules, "encrypted-suffix", "encrypt only keys that end with `S`"),
		command.String(&o.UnencryptedRegex, topicRules, "unencrypted-regex", "leave keys unencrypted that match `RE`"),
		command.String(&o.EncryptedRegex, topicRules, "encrypted-regex", "encrypt only keys that match `RE`"),
		command.String(&o.UnencryptedCommentRegex, topicRules, "unencrypted-comment-regex", "leave unencrypted what is under a comment that matches `RE`"),
		command.String(&o.EncryptedCommentRegex, topicRules, "encrypted-comment-regex", "encrypt only what is under a comment that matches `RE`"),
	}
}

func join(groups ...[]*command.Flag) []*command.Flag {
	var out []*command.Flag
	for _, g := range groups {
		out = append(out, g...)
	}
	return out
}
