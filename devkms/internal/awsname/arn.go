// Package awsname knows the names of things in AWS: resource names (ARNs) and
// the forms of account ids, regions, key ids and aliases.
package awsname

import "strings"

// An ARN is an Amazon resource name, taken apart.
type ARN struct{ Partition, Service, Region, Account, Resource string }

// ParseARN takes a resource name apart.
func ParseARN(s string) (ARN, bool) {
	p := strings.SplitN(s, ":", 6)
	if len(p) != 6 || p[0] != "arn" || p[1] == "" || p[2] == "" || p[5] == "" {
		return ARN{}, false
	}
	return ARN{p[1], p[2], p[3], p[4], p[5]}, true
}

// KeyARN names a KMS key.
func KeyARN(region, account, id string) string {
	return "arn:aws:kms:" + region + ":" + account + ":key/" + id
}

// AliasARN names an alias, whose name begins with alias/.
func AliasARN(region, account, name string) string {
	return "arn:aws:kms:" + region + ":" + account + ":" + name
}

// IAMARN names a user or a role.
func IAMARN(account, kind, path, name string) string {
	return "arn:aws:iam::" + account + ":" + kind + path + name
}

// RootARN names an account as a principal.
func RootARN(account string) string { return "arn:aws:iam::" + account + ":root" }

// IsAccount knows the form of an account id: twelve digits.
func IsAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// IsRegion knows the form of a region's name, such as eu-west-1.
func IsRegion(s string) bool {
	parts := strings.Split(s, "-")
	for _, p := range parts[:len(parts)-1] {
		if p == "" || strings.Trim(p, "abcdefghijklmnopqrstuvwxyz") != "" {
			return false
		}
	}
	last := parts[len(parts)-1]
	return len(parts) >= 3 && last != "" && len(last) <= 2 && strings.Trim(last, "0123456789") == ""
}
