package awskms

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/process"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/session"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/userfiles"
)

// advise returns what to do about a failed attempt: a command, a flag or a
// policy statement; "" if nothing is known to help.
func advise(a *Attempt, e env.Env, s *session.Session) string {
	if text := wayHint(a, s); text != "" {
		return text
	}
	switch a.Cause {
	case NoProfile, NoCredentials, NotLoggedIn, BadProfile, NoMFA, WrongMFA, ProcessFailed, Stale:
		return credentialHint(a, e, s)
	case RoleDenied, KeyDenied:
		return policyHint(a, e)
	case KeyDisabled, KeyDeleted, KeyUnusable, NotFound, WrongKey, BadCiphertext:
		return keyHint(a)
	case BadBundle:
		return "name a file of certificates in PEM, or take the setting away: unset AWS_CA_BUNDLE, or ca_bundle in " + strings.Join(userfiles.Shared(e).Config, " ")
	case Skewed:
		return clockHint
	case Throttled:
		return "run it again in a moment; if it stays so, ask for a higher KMS request quota in " + a.Region
	case Silent, Unreachable, ServiceFailed, STSFailed:
		return networkHint(a) + waitLonger(time.Duration(a.limit))
	}
	return ""
}

const clockHint = "set the clock of this machine: AWS refuses signatures that are more than a few minutes off (now: date -u)"

func credentialHint(a *Attempt, e env.Env, s *session.Session) string {
	switch a.Cause {
	case NoProfile:
		text := noProfile(userfiles.ProfileNames(e)) + "; choose one with --aws-profile NAME"
		if a.arn.Account != "" {
			text += fmt.Sprintf(", or for account %s in %s", a.arn.Account, mapPath(e))
		}
		return text
	case NoMFA:
		return "set SOPS_AWS_MFA_TOKEN to the code, or run on a terminal"
	case WrongMFA:
		return "run it again with the next code of the device; each code is good for one use"
	case BadProfile:
		return "look at the profile with: aws configure list" + a.flag()
	case NotLoggedIn:
		return s.Profile.Login()
	case ProcessFailed:
		var slow *process.Error
		text := "run it by hand: aws sts get-caller-identity" + a.flag()
		if errors.As(a.Err, &slow) {
			text += waitLonger(slow.Limit)
		}
		return text
	case Stale:
		return "log in again, then check with: aws sts get-caller-identity" + a.flag()
	}
	return "give credentials: --aws-profile NAME, AWS_PROFILE, AWS_ACCESS_KEY_ID, or `aws sso login`; " + noProfile(userfiles.ProfileNames(e))
}

// waitLonger continues a hint about something that took too long, after limit.
func waitLonger(limit time.Duration) string {
	if limit == 0 {
		return ""
	}
	return fmt.Sprintf("; if it is only slow, wait longer: --attempt-timeout %s", 4*limit)
}

// flag returns how to tell the aws command the profile.
func (a *Attempt) flag() string {
	if a.Profile == "" {
		return ""
	}
	return " --profile " + hint.ShellWord(a.Profile)
}

func mapPath(e env.Env) string {
	if dir := e.ConfigHome(); dir != "" {
		return strings.TrimSuffix(dir, "/") + "/sops/aws.yaml"
	}
	return "sops/aws.yaml of the configuration directory"
}

// statement returns a policy statement as JSON.
func statement(action, resource string, context map[string]string) string {
	s := struct {
		Effect, Action, Resource string
		Condition                map[string]map[string]string `json:",omitempty"`
	}{Effect: "Allow", Action: action, Resource: resource}
	if len(context) > 0 {
		equals := map[string]string{}
		for _, k := range slices.Sorted(maps.Keys(context)) {
			equals["kms:EncryptionContext:"+k] = context[k]
		}
		s.Condition = map[string]map[string]string{"StringEquals": equals}
	}
	text, err := json.Marshal(s)
	if err != nil {
		return action + " on " + resource
	}
	return string(text)
}

func keyHint(a *Attempt) string {
	command := func(name string) string { return a.command(name, a.unusable()) }
	switch a.Cause {
	case KeyDisabled:
		return "enable the key: " + command("enable-key")
	case KeyDeleted:
		return "keep the key: " + command("cancel-key-deletion") + ", then enable-key"
	case WrongKey:
		return "enc was made by another key than arn names; take the entry from an earlier version of the file (git log -p -- FILE)"
	case BadCiphertext:
		return "enc or the context of the entry was changed after it was made; take both from an earlier version of the file (git log -p -- FILE)"
	}
	if a.Cause == NotFound && a.arn.MultiRegion() {
		return "name the regions that have the key: SOPS_AWS_MRK_REGIONS=REGION,...; or mrk_regions of sops/aws.yaml"
	}
	if a.Cause == NotFound {
		return fmt.Sprintf("the key is not in region %s of account %s, or not any more: correct the arn of the entry, or look at the key: %s",
			a.arn.Region, a.arn.Account, command("describe-key"))
	}
	switch {
	case strings.Contains(a.Message, "pending replica deletion"):
		return "keep the key: " + command("cancel-key-deletion") + ", then enable-key"
	case strings.Contains(a.Message, "pending import"):
		return "import the same key material again: " + command("get-parameters-for-import") + ", then import-key-material; what was encrypted opens again"
	}
	return "look at the key: " + command("describe-key")
}

// command writes a command of the AWS CLI about a key.
func (a *Attempt) command(name, key string) string {
	return fmt.Sprintf("aws kms %s --key-id %s --region %s%s", name, hint.ShellWord(key), a.Region, a.flag())
}

// unusable is the key that AWS says is in the wrong state, or else the one that
// was asked for. To change its state one must name the key, not an alias.
func (a *Attempt) unusable() string {
	named, _, _ := strings.Cut(a.Message, " is ")
	if arn, err := awskey.ParseARN(named); err == nil {
		return arn.Text
	}
	return a.arn.Text
}

func networkHint(a *Attempt) string {
	service := "KMS"
	if strings.HasPrefix(a.Call, "sts:") {
		service = "STS"
	}
	return fmt.Sprintf("check the way to %s: curl -sv %s; AWS_ENDPOINT_URL_%s, HTTPS_PROXY and NO_PROXY may point elsewhere",
		service, hint.ShellWord(a.where()), service)
}

// noProfile says which profiles there are instead of the one that is not.
func noProfile(known []string) string {
	if len(known) == 0 {
		return "this machine has no profiles"
	}
	return "this machine has the profiles " + strings.Join(known, ", ")
}
