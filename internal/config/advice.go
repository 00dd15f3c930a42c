package config

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/seed-1f7fdfb8/sops/internal/suggest"
)

// unknown warns of a key that nothing reads. At the top such keys are usual,
// since they hold what anchors name, so only likely slips are reported there.
func (r *reader) unknown(e entry, s scope, known []string) {
	hint := advice(s, e.name.value)
	if hint == "" {
		if closest := suggest.Closest(e.name.value, known); closest != "" {
			hint = "did you mean " + closest + "?"
		}
	}
	if s == topScope && e.name.value == "integrity" {
		// A demand that means nothing must not look like one that holds.
		r.fail(e.node, hint, "integrity is part of a rule, and means nothing in %s", s)
		return
	}
	if s == topScope && (hint == "" || holdsAnchor(e.value)) {
		return
	}
	r.warn(e.node, hint, "%q means nothing in %s and is ignored", e.name.value, s)
}

// holdsAnchor does not follow aliases, so it ends.
func holdsAnchor(n *yaml.Node) bool {
	return n.Anchor != "" || slices.ContainsFunc(n.Content, holdsAnchor)
}

// advice is for keys that are right elsewhere or in another tool.
func advice(s scope, name string) string {
	switch s {
	case topScope:
		return adviceAtTop(name)
	case creationScope:
		return adviceInRule(name)
	case destinationScope:
		return adviceInDestination(name)
	case groupScope:
		return adviceInGroup(name)
	case kmsScope:
		if name == "encryption_context" {
			return "write context: in an element of kms"
		}
		return adviceOfNames(name, map[string]string{"profile": "aws_profile", "role_arn": "role", "key_id": "arn"})
	case gcpScope, hckmsScope, azureScope:
		return adviceOfNames(name, map[string]string{"vault_url": "vaultUrl", "name": "key", "id": "resource_id"})
	}
	return ""
}

func adviceOfNames(name string, meant map[string]string) string {
	if m := meant[name]; m != "" {
		return "did you mean " + m + "?"
	}
	return ""
}

func adviceAtTop(name string) string {
	switch name {
	case "path_regex", "kms", "age", "pgp", "key_groups", "encrypted_regex", "integrity":
		return "put it into a rule: an element of the list creation_rules"
	case "rules":
		return "did you mean creation_rules?"
	}
	return ""
}

func adviceInRule(name string) string {
	switch name {
	case "role":
		return "write the role behind the key, as kms: KEY_ARN+ROLE_ARN, or use key_groups with a role beside each arn"
	case "context":
		return "write encryption_context: here, or context: beside an arn in key_groups"
	case "arn":
		return "write kms: KEY_ARN here; arn: stands in the elements of kms in key_groups"
	case "hc_vault":
		return "write hc_vault_transit_uri: here; hc_vault: stands in key_groups"
	case "merge":
		return "merge: stands in the elements of key_groups"
	case "filename_regex":
		return "did you mean path_regex?"
	}
	return adviceOfNames(name, map[string]string{
		"gpg": "pgp", "profile": "aws_profile", "azure_kv": "azure_keyvault", "gcp": "gcp_kms", "threshold": "shamir_threshold",
	})
}

func adviceInDestination(name string) string {
	switch name {
	case "kms", "age", "pgp", "gcp_kms", "hckms", "azure_keyvault", "hc_vault_transit_uri", "key_groups",
		"encrypted_regex", "unencrypted_regex", "encrypted_suffix", "unencrypted_suffix":
		return "put it into recreation_rule:"
	}
	return ""
}

func adviceInGroup(name string) string {
	switch name {
	case "hc_vault_transit_uri":
		return "write hc_vault: in key_groups"
	case "role", "context", "encryption_context", "aws_profile", "arn":
		return "write it into an element of kms:, beside arn"
	case "shamir_threshold", "path_regex":
		return "put it into the rule, beside key_groups"
	}
	return adviceOfNames(name, map[string]string{"gpg": "pgp", "azure_kv": "azure_keyvault", "gcp": "gcp_kms"})
}
