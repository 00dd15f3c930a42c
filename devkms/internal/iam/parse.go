package iam

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/policytext"
	"github.com/seed-1f7fdfb8/sops/internal/suggest"
)

// A PolicyError says which element of a policy is wrong, and why.
type PolicyError = policytext.Error

// A Policy is a parsed IAM policy document: an identity policy, a key policy,
// a trust policy, a permissions boundary or a session policy.
type Policy struct {
	Name       string // of what it was read from, for whoever must find it
	text       string
	statements []statement
}

// A statement is one statement of a policy, ready to be matched.
type statement struct {
	index        int
	line         int
	sid          string
	allow        bool
	principals   []principalName
	notPrincipal bool // principals are those to which it does not apply
	actions      []pattern
	notAction    bool
	resources    []template
	notResource  bool
	conditions   []condition
}

// A principalName is one entry of a Principal element.
type principalName struct{ kind, name string }

// JSON returns the document as it was written.
func (p *Policy) JSON() string { return p.text }

// Locate names what the policy was read from, and the line of each statement there.
func (p *Policy) Locate(name string, line func(statement int) int) {
	p.Name = name
	for i := range p.statements {
		p.statements[i].line = line(i)
	}
}

// ParsePolicy reads a policy document. What a particular kind of policy must
// or must not have is checked where it is used.
func ParsePolicy(text string) (*Policy, error) {
	v, err := policytext.Decode(text)
	if err != nil {
		return nil, err
	}
	doc, ok := v.(*policytext.Object)
	if !ok {
		return nil, &PolicyError{Reason: "a policy is a JSON object"}
	}
	if err := only(doc, nil, "Version", "Id", "Statement"); err != nil {
		return nil, err
	}
	version, err := member(doc, nil, "Version", "2012-10-17", "2008-10-17")
	if err != nil {
		return nil, err
	}
	if _, err := member(doc, nil, "Id"); err != nil {
		return nil, err
	}
	p := &Policy{text: text}
	p.statements, err = parseStatements(doc, text, version == "2012-10-17")
	return p, err
}

func parseStatements(doc *policytext.Object, text string, variables bool) ([]statement, error) {
	v, ok := doc.Values["Statement"]
	if !ok {
		return nil, &PolicyError{Reason: `element "Statement" is missing`}
	}
	list, isList := v.([]any)
	if !isList {
		list = []any{v}
	}
	if len(list) == 0 {
		return nil, &PolicyError{Path: []string{"Statement"}, Reason: "is empty"}
	}
	var out []statement
	for i, v := range list {
		path := []string{"Statement"}
		if isList {
			path = policytext.Below(path, strconv.Itoa(i))
		}
		o, ok := v.(*policytext.Object)
		if !ok {
			return nil, &PolicyError{Path: path, Reason: "a statement is an object"}
		}
		st, err := parseStatement(o, path, variables)
		if err != nil {
			return nil, err
		}
		st.index, st.line = i, 1+strings.Count(text[:o.At], "\n")
		out = append(out, st)
	}
	return out, nil
}

func Elements() []string {
	return []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
}

func parseStatement(o *policytext.Object, path []string, variables bool) (statement, error) {
	var st statement
	if err := only(o, path, Elements()...); err != nil {
		return st, err
	}
	var err error
	if st.sid, err = member(o, path, "Sid"); err != nil {
		return st, err
	}
	effect, err := member(o, path, "Effect", "Allow", "Deny")
	if err != nil {
		return st, err
	}
	if effect == "" {
		return st, &PolicyError{Path: path, Reason: `element "Effect" is missing`}
	}
	st.allow = effect == "Allow"
	if err := st.parsePrincipals(o, path); err != nil {
		return st, err
	}
	if err := st.parseActions(o, path); err != nil {
		return st, err
	}
	if err := st.parseResources(o, path, variables); err != nil {
		return st, err
	}
	st.conditions, err = parseConditions(o, path, variables)
	return st, err
}

func (st *statement) parseActions(o *policytext.Object, path []string) error {
	names, negated, err := either(o, path, "Action", "NotAction")
	if err != nil {
		return err
	}
	st.notAction = negated
	for _, n := range names {
		if n != "*" && !strings.Contains(n, ":") {
			return &PolicyError{Path: policytext.Below(path, elementName("Action", negated)), Reason: fmt.Sprintf("%q is no action: it needs a service and a colon, such as kms:Decrypt", n)}
		}
		st.actions = append(st.actions, newPattern(strings.ToLower(n)))
	}
	return nil
}

func (st *statement) parseResources(o *policytext.Object, path []string, variables bool) error {
	names, negated, err := either(o, path, "Resource", "NotResource")
	if err != nil {
		return err
	}
	st.notResource = negated
	for _, n := range names {
		if n != "*" && (!strings.HasPrefix(n, "arn:") || strings.Count(n, ":") < 5) {
			return &PolicyError{Path: policytext.Below(path, elementName("Resource", negated)), Reason: fmt.Sprintf("%q is neither * nor an ARN of six parts", n)}
		}
		st.resources = append(st.resources, newTemplate(n, variables))
	}
	return nil
}

func (st *statement) parsePrincipals(o *policytext.Object, path []string) error {
	v, ok := o.Values["Principal"]
	element := "Principal"
	if n, not := o.Values["NotPrincipal"]; not {
		if ok {
			return &PolicyError{Path: path, Reason: "has both Principal and NotPrincipal"}
		}
		v, ok, st.notPrincipal, element = n, true, true, "NotPrincipal"
	}
	if !ok {
		return nil
	}
	path = policytext.Below(path, element)
	if v == "*" {
		st.principals = []principalName{{"AWS", "*"}}
		return nil
	}
	kinds, ok := v.(*policytext.Object)
	if !ok || len(kinds.Keys) == 0 {
		return &PolicyError{Path: path, Reason: `is "*" or an object such as {"AWS": "arn:aws:iam::111122223333:root"}`}
	}
	if err := only(kinds, path, "AWS", "Service", "Federated", "CanonicalUser"); err != nil {
		return err
	}
	for _, kind := range kinds.Keys {
		names, err := texts(kinds.Values[kind], policytext.Below(path, kind))
		if err != nil {
			return err
		}
		for _, n := range names {
			if kind == "AWS" && !ValidPrincipal(n) {
				return &PolicyError{Path: policytext.Below(path, kind), Reason: fmt.Sprintf("invalid principal %q: want *, an account id, or the ARN of an account root, user, role or session", n)}
			}
			st.principals = append(st.principals, principalName{kind, n})
		}
	}
	return nil
}

// ValidPrincipal checks the form only; a wildcard is the whole of it.
func ValidPrincipal(n string) bool {
	if n == "*" || awsname.IsAccount(n) {
		return true
	}
	a, ok := awsname.ParseARN(n)
	if !ok || strings.ContainsAny(n, "*?") || !awsname.IsAccount(a.Account) || a.Region != "" {
		return false
	}
	kind, name, _ := strings.Cut(a.Resource, "/")
	switch a.Service {
	case "iam":
		return a.Resource == "root" || (kind == "user" || kind == "role") && name != ""
	case "sts":
		return (kind == "assumed-role" || kind == "federated-user") && name != ""
	}
	return false
}

func parseConditions(o *policytext.Object, path []string, variables bool) ([]condition, error) {
	v, ok := o.Values["Condition"]
	if !ok {
		return nil, nil
	}
	path = policytext.Below(path, "Condition")
	operators, ok := v.(*policytext.Object)
	if !ok {
		return nil, &PolicyError{Path: path, Reason: "is an object of operators"}
	}
	var out []condition
	for _, name := range operators.Keys {
		op, ok := newOperator(name)
		if !ok {
			return nil, &PolicyError{Path: policytext.Below(path, name), Reason: "no such condition operator" + suggest.DidYouMean(name, Operators())}
		}
		keys, ok := operators.Values[name].(*policytext.Object)
		if !ok {
			return nil, &PolicyError{Path: policytext.Below(path, name), Reason: "is an object of condition keys"}
		}
		for _, key := range keys.Keys {
			c, err := parseCondition(op, key, keys.Values[key], policytext.Below(policytext.Below(path, name), key), variables)
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
	}
	return out, nil
}

func parseCondition(op operator, key string, v any, path []string, variables bool) (condition, error) {
	c := condition{operator: op, key: strings.ToLower(key), spelt: key}
	if !strings.Contains(key, ":") {
		return c, &PolicyError{Path: path, Reason: "a condition key has a prefix and a colon, such as kms:EncryptionContext:AppName"}
	}
	values, err := texts(v, path)
	if err != nil {
		return c, err
	}
	for _, s := range values {
		c.values = append(c.values, newTemplate(s, variables))
	}
	return c, nil
}

// texts reads a value or a list of values; booleans and numbers stand for
// their spelling, as in IAM.
func texts(v any, path []string) ([]string, error) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []string
	for _, v := range list {
		switch v := v.(type) {
		case string:
			out = append(out, v)
		case bool:
			out = append(out, strconv.FormatBool(v))
		case json.Number:
			out = append(out, v.String())
		default:
			return nil, &PolicyError{Path: path, Reason: "is a text or a list of texts"}
		}
	}
	return out, nil
}

// only refuses elements that o may not have.
func only(o *policytext.Object, path []string, names ...string) error {
	for _, k := range o.Keys {
		if !slices.Contains(names, k) {
			return &PolicyError{Path: policytext.Below(path, k), Reason: "no such element" + suggest.DidYouMean(k, names)}
		}
	}
	return nil
}

// member returns the text of an element, "" if it is absent, and checks it
// against the allowed ones if there are any.
func member(o *policytext.Object, path []string, name string, allowed ...string) (string, error) {
	v, ok := o.Values[name]
	if !ok {
		return "", nil
	}
	s, ok := v.(string)
	if !ok {
		return "", &PolicyError{Path: policytext.Below(path, name), Reason: "is a text"}
	}
	if len(allowed) > 0 && !slices.Contains(allowed, s) {
		return "", &PolicyError{Path: policytext.Below(path, name), Reason: fmt.Sprintf("is %q; want %s", s, strings.Join(allowed, " or "))}
	}
	return s, nil
}

// either reads an element or its negation, of which one at most may be there.
func either(o *policytext.Object, path []string, name, negation string) ([]string, bool, error) {
	v, ok := o.Values[name]
	n, not := o.Values[negation]
	switch {
	case ok && not:
		return nil, false, &PolicyError{Path: path, Reason: fmt.Sprintf("has both %s and %s", name, negation)}
	case not:
		list, err := texts(n, policytext.Below(path, negation))
		return list, true, err
	case ok:
		list, err := texts(v, policytext.Below(path, name))
		return list, false, err
	}
	return nil, false, nil
}

func elementName(name string, negated bool) string {
	if negated {
		return "Not" + name
	}
	return name
}
