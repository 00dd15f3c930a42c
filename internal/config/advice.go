package config

import (
	"fmt"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/yamlread"

	"github.com/seed-1f7fdfb8/sops/internal/suggest"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// unknown warns of a key that nothing reads. At the top such keys are usual,
// since they hold what anchors name, so only likely slips are reported there.
func (r *reader) unknown(e yamlread.Entry, s scope, known []string) {
	hint := advice(s, e.Name)
	if hint == "" {
		if closest := suggest.Closest(e.Name, known); closest != "" {
			hint = "did you mean " + closest + "?"
		}
	}
	if s == topScope && e.Name == "integrity" {
		// A demand that means nothing must not look like one that holds.
		r.Fail(e.Key, hint, "integrity is part of a rule, and means nothing in %s", s)
		return
	}
	if s == topScope && (hint == "" || e.Value.HoldsAnchor()) {
		return
	}
	r.warn(e.Key, hint, "%q means nothing in %s and is ignored", e.Name, s)
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
	}
	if kind := kindOfScope(s); kind != nil {
		return adviceInElement(kind, name)
	}
	return ""
}

func didYouMean(name string) string { return "did you mean " + name + "?" }

func adviceInElement(kind *keeper.Kind, name string) string {
	for _, f := range kind.Fields {
		switch {
		case slices.Contains(f.Meant, name):
			return didYouMean(f.Element)
		case name == f.InRule:
			return fmt.Sprintf("write %s: in an element of %s", f.Element, kind.GroupName())
		}
	}
	return ""
}

func adviceAtTop(name string) string {
	switch {
	case slices.Contains(names(creationFields()), name):
		return "put it into a rule: an element of the list creation_rules"
	case name == "rules":
		return "did you mean creation_rules?"
	}
	return ""
}

func adviceInRule(name string) string {
	switch name {
	case "merge":
		return "merge: is for the elements of key_groups"
	case "filename_regex":
		return didYouMean("path_regex")
	case "threshold":
		return didYouMean("shamir_threshold")
	}
	for _, kind := range kinds.All() {
		if name == kind.GroupName() {
			return fmt.Sprintf("write %s: here; %s: is for key_groups", kind.RuleName(), name)
		}
		for _, f := range kind.Fields {
			switch {
			case f.Element == name && f.RuleHint != "":
				return f.RuleHint
			case f.InRule != "" && slices.Contains(f.Meant, name):
				return didYouMean(f.InRule)
			}
		}
	}
	if kind := kinds.Called(name); kind != nil {
		return didYouMean(kind.RuleName())
	}
	return ""
}

func adviceInDestination(name string) string {
	if slices.Contains(names(creationFields()), name) && name != "path_regex" {
		return "put it into recreation_rule:"
	}
	return ""
}

func adviceInGroup(name string) string {
	for _, kind := range kinds.All() {
		if name == kind.RuleName() {
			return fmt.Sprintf("write %s: in key_groups", kind.GroupName())
		}
		for _, f := range kind.Fields {
			if name == f.InRule || f.Element == name && f.RuleHint != "" {
				return fmt.Sprintf("write it into an element of %s:, beside %s", kind.GroupName(), kind.Fields[0].Element)
			}
		}
	}
	if kind := kinds.Called(name); kind != nil {
		return didYouMean(kind.GroupName())
	}
	if slices.Contains(names(creationFields()), name) {
		return "put it into the rule, beside key_groups"
	}
	return ""
}
