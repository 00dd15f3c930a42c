package awskms

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/seed-1f7fdfb8/sops/key"
)

// Names of the fields of a key, as the metadata has them.
const (
	fieldARN     = "arn"
	fieldRole    = "role"
	fieldProfile = "aws_profile"
	fieldContext = "context"
)

// What KMS and STS take for an ARN. Regions are host labels, since they become
// part of the endpoint's name.
var (
	keyARN     = regexp.MustCompile(`^arn:(aws[\w-]*):kms:([a-z0-9-]+):(\d+):((?:key|alias)/.+)$`)
	roleARN    = regexp.MustCompile(`^arn:aws[\w-]*:iam::(\d+):role/[\w+=,.@/-]+$`)
	bareKeyID  = regexp.MustCompile(`^(mrk-[0-9a-f]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$`)
	regionName = regexp.MustCompile(`^[a-z0-9-]+$`)
	accountID  = regexp.MustCompile(`^\d+$`)
)

// An ARN is the parsed name of a KMS key or alias.
type ARN struct {
	Text      string
	Partition string
	Region    string
	Account   string
	Resource  string // key/ID or alias/NAME
}

// ParseARN reads the ARN of a KMS key or alias. The error is a *KeyError.
func ParseARN(text string) (ARN, error) {
	m := keyARN.FindStringSubmatch(text)
	if m == nil {
		return ARN{}, &KeyError{Token: text, Reason: "is not the ARN of a KMS key", Hint: arnHint(text)}
	}
	return ARN{Text: text, Partition: m[1], Region: m[2], Account: m[3], Resource: m[4]}, nil
}

// Alias reports whether a names an alias, which may come to mean another key.
func (a ARN) Alias() bool { return strings.HasPrefix(a.Resource, "alias/") }

// MultiRegion reports whether a names a key with siblings in other regions.
func (a ARN) MultiRegion() bool { return strings.HasPrefix(a.Resource, "key/mrk-") }

// In returns the ARN of the same key in another region.
func (a ARN) In(region string) ARN {
	a.Region = region
	a.Text = "arn:" + a.Partition + ":kms:" + region + ":" + a.Account + ":" + a.Resource
	return a
}

// A KeyError is a text that does not name a KMS key.
type KeyError struct {
	Token  string
	Reason string
	Hint   string
}

func (e *KeyError) Error() string { return fmt.Sprintf("AWS KMS: %q %s", e.Token, e.Reason) }

// Hints returns how to name the key.
func (e *KeyError) Hints() []string {
	if e.Hint == "" {
		return nil
	}
	return []string{e.Hint}
}

// arnHint guesses what the author of a wrong ARN meant.
func arnHint(text string) string {
	const full = "write the full ARN, such as arn:aws:kms:us-east-1:111122223333:"
	switch id := strings.TrimPrefix(text, "key/"); {
	case strings.HasPrefix(text, "alias/"):
		return full + text
	case bareKeyID.MatchString(id):
		return full + "key/" + id
	case strings.HasPrefix(strings.ToLower(text), "arn:") && !strings.HasPrefix(text, "arn:"):
		return "write the ARN in lower case: arn:aws:kms:..."
	case strings.HasPrefix(text, "arn:") && strings.Contains(text, ":iam:"):
		return "a role belongs behind the key's ARN and a plus sign: KEY_ARN+" + text
	}
	return full + "key/1234abcd-12ab-34cd-56ef-1234567890ab or ...:alias/NAME"
}

// ParseKeys reads a list of keys as flags, variables and rules give them:
// "ARN, ARN+ROLE". All white space is ignored, and so are empty items.
func ParseKeys(list string) ([]key.MasterKey, error) {
	var keys []key.MasterKey
	for item := range strings.SplitSeq(withoutSpace(list), ",") {
		if item == "" {
			continue
		}
		k, err := NewKey(item, "", "", nil)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// NewKey returns the master key of the given ARN, to be reached under role and
// profile, either of which may be empty. The ARN may bring its role with it, as
// ARN+ROLE.
func NewKey(arn, role, profile string, context map[string]string) (key.MasterKey, error) {
	arn, own := splitRole(withoutSpace(arn))
	role = withoutSpace(role)
	switch {
	case own != "" && role != "" && own != role:
		return key.MasterKey{}, &KeyError{
			Token: arn + "+" + own, Reason: "names one role and " + fieldRole + " another, " + role,
			Hint: "give the role once",
		}
	case role == "":
		role = own
	}
	if _, err := ParseARN(arn); err != nil {
		return key.MasterKey{}, err
	}
	if err := checkRole(role); err != nil {
		return key.MasterKey{}, err
	}
	if err := CheckContext(context); err != nil {
		return key.MasterKey{}, err
	}
	k := key.New(key.KMS, fieldARN, arn, fieldRole, role, fieldProfile, strings.TrimSpace(profile))
	return k.With(fieldContext, context), nil
}

func checkRole(role string) error {
	if role == "" || roleARN.MatchString(role) {
		return nil
	}
	return &KeyError{
		Token: role, Reason: "is not the ARN of a role",
		Hint: "write the full ARN of the role, such as arn:aws:iam::111122223333:role/NAME",
	}
}

// splitRole cuts ARN+ROLE. A plus sign that no ARN follows belongs to the key.
func splitRole(text string) (arn, role string) {
	at := strings.Index(text, "+arn:")
	if at < 0 {
		return text, ""
	}
	return text[:at], text[at+1:]
}

func withoutSpace(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}
