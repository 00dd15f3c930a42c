package cli

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// Topics group the flags in help texts.
const (
	topicFiles  = "FILES"
	topicKeys   = "KEYS"
	topicAWS    = "AWS KMS"
	topicRules  = "WHAT IS ENCRYPTED"
	topicAccess = "OPENING"
	topicOther  = "OTHER"
)

// list collects a flag that may be given several times.
type list struct{ to *[]string }

func (l list) Set(s string) error { *l.to = append(*l.to, s); return nil }
func (l list) String() string     { return "" }
func (l list) Get() any           { return *l.to }

// number is an integer that knows whether it was given.
type number struct{ to **int }

func (n number) Set(s string) error {
	i, err := strconv.Atoi(s)
	if err != nil {
		return errors.New("not a number")
	}
	*n.to = &i
	return nil
}
func (n number) String() string { return "" }
func (n number) Get() any       { return *n.to }

func text(to *string, topic, name, usage string, aliases ...string) cli.Flag {
	return &cli.StringFlag{Name: name, Aliases: aliases, Usage: usage, Destination: to, Category: topic}
}

func toggle(to *bool, topic, name, usage string, aliases ...string) cli.Flag {
	return &cli.BoolFlag{Name: name, Aliases: aliases, Usage: usage, Destination: to, Category: topic}
}

func repeated(to *[]string, topic, name, usage string) cli.Flag {
	return &cli.GenericFlag{Name: name, Usage: usage, Value: list{to}, Category: topic}
}

func duration(to *time.Duration, topic, name, usage string) cli.Flag {
	return &cli.DurationFlag{Name: name, Usage: usage, Destination: to, Category: topic}
}

// common are the flags of every command.
func (r *run) common(o *app.Common) []cli.Flag {
	return []cli.Flag{
		text(&o.Config, topicOther, "config", "use the configuration `FILE` instead of looking for .sops.yaml (SOPS_CONFIG)"),
		&cli.GenericFlag{Name: "indent", Category: topicOther, Value: number{&o.Indent}, Usage: "render the output anew, indented by `N` (JSON: -1 is a tab)"},
		toggle(&r.app.Verbose, topicOther, "verbose", "say on standard error what is done"),
		&cli.BoolFlag{Name: "json", Category: topicOther, Usage: "print errors and warnings as JSON, one object a line"}, // see wantsJSON
	}
}

// types are the flags about file types.
func types(o *app.File) []cli.Flag {
	return []cli.Flag{
		text(&o.InputType, topicFiles, "input-type", "read the file as `TYPE`: yaml, json, dotenv, ini, binary"),
		text(&o.OutputType, topicFiles, "output-type", "write the result as `TYPE`"),
		text(&o.FilenameOverride, topicFiles, "filename-override", "let `NAME` decide on rule and type instead of the file's own name"),
	}
}

func target(o *app.Target) []cli.Flag {
	return []cli.Flag{
		toggle(&o.InPlace, topicFiles, "in-place", "write the result over the file", "i"),
		text(&o.Output, topicFiles, "output", "write the result to `FILE`"),
	}
}

// inPlaceAlways takes the flag that scripts give, where it says only what is
// done in any case.
func inPlaceAlways() cli.Flag {
	return &cli.BoolFlag{Name: "in-place", Aliases: []string{"i"}, Hidden: true}
}

// access are the flags of every command that opens files.
func access(o *app.Access) []cli.Flag {
	return append(identity(o),
		text(&o.DecryptionOrder, topicAccess, "decryption-order", "try these kinds of keys first, for example `age,kms` (SOPS_DECRYPTION_ORDER)"),
		toggle(&o.IgnoreMAC, topicAccess, "ignore-mac", "open the file even if its MAC does not fit; what is written gets a new one"),
		duration(&o.Hedge, topicAccess, "hedge", "start the next key beside one that is silent for `DURATION` (default 300ms)"),
		duration(&o.Overall, topicAccess, "timeout", "give up on all keys after `DURATION`, without the time of a person (default 30s)"),
	)
}

// opening are the flags about AWS keys of commands that only open files.
func opening(o *app.Access) []cli.Flag {
	return []cli.Flag{
		text(&o.KMS, topicAWS, "kms", "try these AWS keys first: `ARN,...` (SOPS_KMS_ARN)", "k"),
		text(&o.Context, topicAWS, "encryption-context", "the context of AWS keys that the file gives none: `K:V,K2:V2` or a JSON object (SOPS_KMS_ENCRYPTION_CONTEXT)"),
	}
}

// identity are the flags of every command that uses keys.
func identity(o *app.Access) []cli.Flag {
	local := func(_ context.Context, _ *cli.Command, use bool) error {
		o.LocalKeys = strconv.FormatBool(use)
		return nil
	}
	return []cli.Flag{
		repeated(&o.AWSProfile, topicAWS, "aws-profile", "use this AWS profile: `P`, or ACCOUNT=P for the keys of one account (SOPS_AWS_PROFILE)"),
		repeated(&o.AWSRole, topicAWS, "aws-role", "assume this role: `ARN`, or ACCOUNT=ARN (SOPS_AWS_ROLE)"),
		toggle(&o.NoAssumeRole, topicAWS, "no-assume-role", "assume no role, whatever the file says (SOPS_AWS_NO_ASSUME_ROLE)"),
		toggle(&o.StrictIdentity, topicAWS, "strict-identity", "use profile and role of the file literally, without fallback (SOPS_AWS_STRICT_IDENTITY)"),
		duration(&o.Attempt, topicAWS, "attempt-timeout", "give up on one way to a key after `DURATION` (default 5s where another is left, 1m for a credential_process)"),
		&cli.BoolFlag{Name: "enable-local-keyservice", Value: true, Hidden: true, Action: local},
		&cli.StringFlag{Name: "keyservice", Hidden: true, Action: noKeyService},
	}
}

// noKeyService refuses the flag for remote key services: without them a file
// may not open, and that is better said than found out.
func noKeyService(context.Context, *cli.Command, string) error {
	return &usageError{msg: "--keyservice: remote key services are not here yet"}
}

// keyLists are the flags that name master keys; those that say for whom a new
// file is encrypted have short names and variables.
func keyLists(o *app.KeyLists, prefix, verb string) []cli.Flag {
	var flags []cli.Flag
	for _, kind := range kinds.All() {
		usage := verb + " " + kind.Usage
		if prefix != "" {
			flags = append(flags, text(o.Of(kind), topicKeys, prefix+kind.Flag, usage))
			continue
		}
		var aliases []string
		if kind.Short != "" {
			aliases = []string{kind.Short}
		}
		flags = append(flags, text(o.Of(kind), topicKeys, kind.Flag, usage+" ("+kind.Variable()+")", aliases...))
	}
	return flags
}

func contextFlag(to *string) cli.Flag {
	return text(to, topicAWS, "encryption-context", "bind AWS keys to this context: `K:V,K2:V2` or a JSON object (SOPS_KMS_ENCRYPTION_CONTEXT)")
}

// creation are the flags that say how a new file is encrypted.
func creation(o *app.Creation) []cli.Flag {
	flags := keyLists(&o.Keys, "", "encrypt for these")
	flags = append(flags, contextFlag(&o.EncryptionContext))
	flags = append(flags, selection(&o.Selection)...)
	return append(flags,
		toggle(&o.MACOnlyEncrypted, topicRules, "mac-only-encrypted", "let the MAC cover encrypted values only"),
		&cli.IntFlag{Name: "shamir-secret-sharing-threshold", Destination: &o.Threshold, Category: topicKeys, Usage: "need `N` of the key groups"},
	)
}

func selection(o *rule.Rule) []cli.Flag {
	return []cli.Flag{
		text(&o.UnencryptedSuffix, topicRules, "unencrypted-suffix", "leave keys in clear that end with `S` (default _unencrypted)"),
		text(&o.EncryptedSuffix, topicRules, "encrypted-suffix", "encrypt only keys that end with `S`"),
		text(&o.UnencryptedRegex, topicRules, "unencrypted-regex", "leave keys in clear that match `RE`"),
		text(&o.EncryptedRegex, topicRules, "encrypted-regex", "encrypt only keys that match `RE`"),
		text(&o.UnencryptedCommentRegex, topicRules, "unencrypted-comment-regex", "leave in clear what stands under a comment that matches `RE`"),
		text(&o.EncryptedCommentRegex, topicRules, "encrypted-comment-regex", "encrypt only what stands under a comment that matches `RE`"),
	}
}

func join(groups ...[]cli.Flag) []cli.Flag {
	var out []cli.Flag
	for _, g := range groups {
		out = append(out, g...)
	}
	return out
}
