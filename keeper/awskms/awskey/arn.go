package awskey

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Names of the fields of a key, as the metadata has them.
const (
	FieldARN     = "arn"
	FieldRole    = "role"
	FieldProfile = "aws_profile"
	FieldContext = "context"
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
	partition, service, region, account, resource, ok := SplitARN(text)
	id, isKey := strings.CutPrefix(resource, "key/")
	name, isAlias := strings.CutPrefix(resource, "alias/")
	if !ok || service != "kms" || !IsRegion(region) || !IsAccount(account) ||
		!(isKey && id != "" || isAlias && name != "") {
		return ARN{}, &KeyError{Token: text, Reason: "is not the ARN of a KMS key", Hint: arnHint(text)}
	}
	return ARN{Text: text, Partition: partition, Region: region, Account: account, Resource: resource}, nil
}

// SplitARN cuts arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE.
func SplitARN(text string) (partition, service, region, account, resource string, ok bool) {
	const fields = 6
	parts := strings.SplitN(text, ":", fields)
	if len(parts) < fields || parts[0] != "arn" || !strings.HasPrefix(parts[1], "aws") || !only(parts[1], isWord) {
		return "", "", "", "", "", false
	}
	return parts[1], parts[2], parts[3], parts[4], parts[5], true
}

// RoleAccount returns the account of a role's ARN.
func RoleAccount(text string) (account string, ok bool) {
	_, service, region, account, resource, ok := SplitARN(text)
	name, isRole := strings.CutPrefix(resource, "role/")
	ok = ok && service == "iam" && region == "" && IsAccount(account) && isRole && name != "" &&
		only(name, func(r rune) bool { return IsSessionRune(r) || r == '/' })
	return account, ok
}

// IsRegion reports whether text may be a region. It becomes part of the name
// of a host, so that nothing else may be in it.
func IsRegion(text string) bool {
	return text != "" && only(text, isWord) && text == strings.ToLower(text)
}

// IsAccount reports whether text may be the number of an account.
func IsAccount(text string) bool { return text != "" && only(text, isDigit) }

// only reports whether all of text is allowed.
func only(text string, allowed func(rune) bool) bool {
	return strings.IndexFunc(text, func(r rune) bool { return !allowed(r) }) < 0
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func isWord(r rune) bool {
	return isDigit(r) || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '-'
}

// IsSessionRune reports whether STS takes r in names.
func IsSessionRune(r rune) bool { return isWord(r) || strings.ContainsRune("_+=,.@", r) }

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
	case isKeyID(id):
		return full + "key/" + id
	case strings.HasPrefix(strings.ToLower(text), "arn:") && !strings.HasPrefix(text, "arn:"):
		return "write the ARN in lower case: arn:aws:kms:..."
	case strings.HasPrefix(text, "arn:") && strings.Contains(text, ":iam:"):
		return "a role belongs after the key's ARN and a plus sign: KEY_ARN+" + text
	}
	return full + "key/1234abcd-12ab-34cd-56ef-1234567890ab or ...:alias/NAME"
}

func isKeyID(text string) bool {
	const uuid = 36
	return strings.HasPrefix(text, "mrk-") && only(text, isWord) ||
		len(text) == uuid && strings.Count(text, "-") == 4 && only(text, isWord)
}

// Split splits a list of keys as flags, variables and rules give it, at
// commas and white space: "ARN, ARN+ROLE". White space around the plus sign of a
// role separates nothing.
func Split(list string) []string {
	var items []string
	open := false // a plus sign came last
	for _, word := range keeper.Words(list) {
		role := word == "+" || strings.HasPrefix(word, "+arn:") || open && strings.Contains(word, ":iam:")
		if role && len(items) > 0 {
			items[len(items)-1] += word
		} else {
			items = append(items, word)
		}
		open = strings.HasSuffix(word, "+")
	}
	return items
}

// Parse reads a list of keys.
func Parse(list string) ([]keeper.MasterKey, error) {
	var keys []keeper.MasterKey
	for _, item := range Split(list) {
		k, err := New(item, "", "", nil)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// New returns the master key of the given ARN, to be reached under role and
// profile, either of which may be empty. The ARN may bring its role with it, as
// ARN+ROLE.
func New(arn, role, profile string, context map[string]string) (keeper.MasterKey, error) {
	if items := Split(arn); len(items) > 1 {
		return keeper.MasterKey{}, &KeyError{
			Token: strings.Join(items, " "), Reason: "names several keys where one belongs",
			Hint: "make an element of kms of each of them",
		}
	}
	arn, own := SplitRole(WithoutSpace(arn))
	role = WithoutSpace(role)
	switch {
	case own != "" && role != "" && own != role:
		return keeper.MasterKey{}, &KeyError{
			Token: arn + "+" + own, Reason: "names one role and " + FieldRole + " another, " + role,
			Hint: "give the role once",
		}
	case role == "":
		role = own
	}
	if _, err := ParseARN(arn); err != nil {
		return keeper.MasterKey{}, err
	}
	if err := CheckRole(role); err != nil {
		return keeper.MasterKey{}, err
	}
	if err := CheckContext(context); err != nil {
		return keeper.MasterKey{}, err
	}
	k := Kind().Key(FieldARN, arn, FieldRole, role, FieldProfile, strings.TrimSpace(profile))
	return k.With(FieldContext, context), nil
}

// CheckRole reports a text that is neither empty nor the ARN of a role.
func CheckRole(role string) error {
	if _, ok := RoleAccount(role); ok || role == "" {
		return nil
	}
	return &KeyError{
		Token: role, Reason: "is not the ARN of a role",
		Hint: "write the full ARN of the role, such as arn:aws:iam::111122223333:role/NAME",
	}
}

// SplitRole cuts ARN+ROLE. A plus sign that no ARN follows belongs to the key.
func SplitRole(text string) (arn, role string) {
	at := strings.Index(text, "+arn:")
	if at < 0 {
		return text, ""
	}
	return text[:at], text[at+1:]
}

// WithoutSpace returns text without any white space.
func WithoutSpace(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}
