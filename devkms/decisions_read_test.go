package devkms_test

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// principalARN returns what policies call a name of the table.
func principalARN(name string) string {
	account := accountA
	if name == "carol" || strings.HasPrefix(name, "Ext") || name == "rootB" {
		account = accountB
	}
	role, session, isSession := strings.Cut(name, "/")
	switch {
	case name == "*":
		return "*"
	case name == "acct":
		return accountA
	case name == "root" || name == "rootB":
		return "arn:aws:iam::" + account + ":root"
	case isSession:
		return "arn:aws:sts::" + account + ":assumed-role/" + role + "/" + session
	case name == "App" || name == "Ext":
		return "arn:aws:iam::" + account + ":role/" + name
	}
	return "arn:aws:iam::" + account + ":user/" + name
}

// A layout says which elements the statements of a cell have.
type layout struct{ named, everyone, trust bool }

// policyIn reads a cell: statements that begin with 1), 2) and so on.
func (l layout) policyIn(cell string) string {
	var all []string
	for _, s := range strings.Split(cell, " · ") {
		all = append(all, l.statement(regexp.MustCompile(`^\d\) `).ReplaceAllString(s, "")))
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(all, ",\n") + `]}`
}

// statement reads EFFECT [not] [WHO] [not] ACTIONS [on RESOURCE] [if CONDITIONS].
func (l layout) statement(text string) string {
	s := map[string]any{}
	text, conditions, _ := strings.Cut(text, " if ")
	text, resource, _ := strings.Cut(text, " on ")
	words := strings.Fields(text)
	s["Effect"], words = words[0], words[1:]
	if l.named {
		element := "Principal"
		if words[0] == "not" {
			element, words = "NotPrincipal", words[1:]
		}
		var names []string
		for _, n := range strings.Split(words[0], "+") {
			names = append(names, principalARN(n))
		}
		s[element], words = map[string][]string{"AWS": names}, words[1:]
	}
	if l.everyone {
		s["Principal"] = "*"
	}
	element := "Action"
	if words[0] == "not" {
		element, words = "NotAction", words[1:]
	}
	var actions []string
	for _, a := range strings.Split(words[0], ",") {
		if !strings.Contains(a, ":") && a != "*" {
			a = "kms:" + a
		}
		actions = append(actions, a)
	}
	s[element], s["Resource"] = actions, "*"
	switch {
	case resource == "K":
		s["Resource"] = decisionKeyARN
	case strings.HasPrefix(resource, "…"):
		s["Resource"] = "arn:aws:kms:us-east-1:" + accountA + strings.TrimPrefix(resource, "…")
	case resource != "":
		s["Resource"] = resource
	}
	if conditions != "" {
		s["Condition"] = conditionsIn(conditions)
	}
	if l.trust {
		delete(s, "Resource")
	}
	b, _ := json.Marshal(s)
	return string(b)
}

// conditionsIn reads OPERATOR KEY=VALUE[/VALUE] & ...
func conditionsIn(text string) map[string]map[string][]string {
	out := map[string]map[string][]string{}
	for _, c := range strings.Split(text, " & ") {
		operator, rest, _ := strings.Cut(c, " ")
		name, value, _ := strings.Cut(rest, "=")
		name = strings.Replace(name, "EC:", "kms:EncryptionContext:", 1)
		values := []string{value}
		if regexp.MustCompile(`^[A-Z][\w*]*(/[A-Z][\w*]*)+$`).MatchString(value) {
			values = strings.Split(value, "/")
		}
		if out[operator] == nil {
			out[operator] = map[string][]string{}
		}
		out[operator][name] = values
	}
	return out
}

// pairsIn reads A=B, C=D.
func pairsIn(text string) map[string]string {
	out := map[string]string{}
	for _, p := range strings.Split(text, ", ") {
		if k, v, ok := strings.Cut(p, "="); ok {
			out[k] = v
		}
	}
	return out
}

// grantIn reads WHO OPERATIONS [equals|subset {A=B}].
func grantIn(text string) devkms.Grant {
	words := strings.SplitN(text, " ", 4)
	g := devkms.Grant{Grantee: principalARN(words[0]), Operations: strings.Split(words[1], ",")}
	if len(words) == 4 {
		pairs := pairsIn(strings.Trim(words[3], "{}"))
		if words[2] == "equals" {
			g.ContextEquals = pairs
		} else {
			g.ContextSubset = pairs
		}
	}
	return g
}
