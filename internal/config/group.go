package config

import "go.yaml.in/yaml/v3"

// A group is a key group as it is written.
type group struct {
	at    place
	merge []group
	keys  keys
	kms   []kmsKey
	azure []azureKey
}

// A kmsKey is an AWS KMS key of a group.
type kmsKey struct {
	at                 place
	arn, role, profile text
	context            map[string]text
}

// An azureKey is an Azure Key Vault key of a group.
type azureKey struct {
	at                      place
	vaultURL, name, version text
}

func readGroups(r *reader, n *yaml.Node, what string) []group {
	var groups []group
	for _, item := range r.items(n, what) {
		g := group{at: at(item)}
		read(r, item, groupScope, groupFields(), &g)
		groups = append(groups, g)
	}
	return groups
}

func groupFields() []field[group] {
	return []field[group]{
		{"merge", func(r *reader, n *yaml.Node, g *group) { g.merge = readGroups(r, n, "merge") }},
		{"age", func(r *reader, n *yaml.Node, g *group) { g.keys.age = r.texts(n, "age") }},
		{"pgp", func(r *reader, n *yaml.Node, g *group) { g.keys.pgp = r.texts(n, "pgp") }},
		{"kms", func(r *reader, n *yaml.Node, g *group) {
			g.kms = readEach(r, n, "kms", kmsScope, kmsFields(), func(p place) kmsKey { return kmsKey{at: p} })
		}},
		{"gcp_kms", func(r *reader, n *yaml.Node, g *group) {
			g.keys.gcp = readEach(r, n, "gcp_kms", gcpScope, oneField("resource_id"), emptyText)
		}},
		{"hckms", func(r *reader, n *yaml.Node, g *group) {
			g.keys.hckms = readEach(r, n, "hckms", hckmsScope, oneField("key_id"), emptyText)
		}},
		{"azure_keyvault", func(r *reader, n *yaml.Node, g *group) {
			g.azure = readEach(r, n, "azure_keyvault", azureScope, azureFields(), func(p place) azureKey { return azureKey{at: p} })
		}},
		{"hc_vault", func(r *reader, n *yaml.Node, g *group) { g.keys.vault = r.texts(n, "hc_vault") }},
	}
}

// readEach reads a list of mappings, each into what start makes.
func readEach[T any](r *reader, n *yaml.Node, what string, s scope, table []field[T], start func(place) T) []T {
	var list []T
	for _, item := range r.items(n, what) {
		v := start(at(item))
		read(r, item, s, table, &v)
		list = append(list, v)
	}
	return list
}

func emptyText(p place) text { return text{at: p} }

func kmsFields() []field[kmsKey] {
	return []field[kmsKey]{
		{"arn", func(r *reader, n *yaml.Node, k *kmsKey) { k.arn = r.text(n, "arn") }},
		{"role", func(r *reader, n *yaml.Node, k *kmsKey) { k.role = r.text(n, "role") }},
		{"context", func(r *reader, n *yaml.Node, k *kmsKey) { k.context = r.pairs(n, "context") }},
		{"aws_profile", func(r *reader, n *yaml.Node, k *kmsKey) { k.profile = r.text(n, "aws_profile") }},
	}
}

func oneField(name string) []field[text] {
	return []field[text]{{name, func(r *reader, n *yaml.Node, t *text) { t.value = r.text(n, name).value }}}
}

func azureFields() []field[azureKey] {
	return []field[azureKey]{
		{"vaultUrl", func(r *reader, n *yaml.Node, k *azureKey) { k.vaultURL = r.text(n, "vaultUrl") }},
		{"key", func(r *reader, n *yaml.Node, k *azureKey) { k.name = r.text(n, "key") }},
		{"version", func(r *reader, n *yaml.Node, k *azureKey) { k.version = r.text(n, "version") }},
	}
}
