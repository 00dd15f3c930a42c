package iam

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
	"github.com/seed-1f7fdfb8/sops/internal/suggest"
)

// A Policy is a parsed IAM policy document: an identity policy, a key policy,
// a trust policy, a permissions boundary or a session policy.
type Policy struct {
	text       string
	statements []statement
}

// A statement is one statement of a policy, ready to be matched.
type statement struct {
	index        int
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

// ParsePolicy reads a policy document. What a particular kind of policy must
// or must not have is checked where it is used.
func ParsePolicy(text string) (*Policy, error) {
	v, err := decodeJSON(text)
	if err != nil {
		return nil, err
	}
	doc, ok := v.(*object)
	if !ok {
		return nil, &PolicyError{Reason: "a policy is a JSON object"}
	}
	if err := doc.only(nil, "Version", "Id", "Statement"); err != nil {
		return nil, err
	}
	version, err := doc.text(nil, "Version", "2012-10-17", "2008-10-17")
	if err != nil {
		return nil, err
	}
	if _, err := doc.text(nil, "Id"); err != nil {
		return nil, err
	}
	p := &Policy{text: text}
	p.statements, err = parseStatements(doc, version == "2012-10-17")
	return p, err
}

func parseStatements(doc *object, variables bool) ([]statement, error) {
	v, ok := doc.values["Statement"]
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
			path = below(path, strconv.Itoa(i))
		}
		o, ok := v.(*object)
		if !ok {
			return nil, &PolicyError{Path: path, Reason: "a statement is an object"}
		}
		st, err := parseStatement(o, path, variables)
		if err != nil {
			return nil, err
		}
		st.index = i
		out = append(out, st)
	}
	return out, nil
}

func Elements() []string {
	return []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
}

func parseStatement(o *object, path []string, variables bool) (statement, error) {
	var st statement
	if err := o.only(path, Elements()...); err != nil {
		return st, err
	}
	var err error
	if st.sid, err = o.text(path, "Sid"); err != nil {
		return st, err
	}
	effect, err := o.text(path, "Effect", "Allow", "Deny")
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

func (st *statement) parseActions(o *object, path []string) error {
	names, negated, err := o.either(path, "Action", "NotAction")
	if err != nil {
		return err
	}
	st.notAction = negated
	for _, n := range names {
		if n != "*" && !strings.Contains(n, ":") {
			return &PolicyError{Path: below(path, elementName("Action", negated)), Reason: fmt.Sprintf("%q is no action: it needs a service and a colon, such as kms:Decrypt", n)}
		}
		st.actions = append(st.actions, newPattern(strings.ToLower(n)))
	}
	return nil
}

func (st *statement) parseResources(o *object, path []string, variables bool) error {
	names, negated, err := o.either(path, "Resource", "NotResource")
	if err != nil {
		return err
	}
	st.notResource = negated
	for _, n := range names {
		if n != "*" && (!strings.HasPrefix(n, "arn:") || strings.Count(n, ":") < 5) {
			return &PolicyError{Path: below(path, elementName("Resource", negated)), Reason: fmt.Sprintf("%q is neither * nor an ARN of six parts", n)}
		}
		st.resources = append(st.resources, newTemplate(n, variables))
	}
	return nil
}

func (st *statement) parsePrincipals(o *object, path []string) error {
	v, ok := o.values["Principal"]
	element := "Principal"
	if n, not := o.values["NotPrincipal"]; not {
		if ok {
			return &PolicyError{Path: path, Reason: "has both Principal and NotPrincipal"}
		}
		v, ok, st.notPrincipal, element = n, true, true, "NotPrincipal"
	}
	if !ok {
		return nil
	}
	path = below(path, element)
	if v == "*" {
		st.principals = []principalName{{"AWS", "*"}}
		return nil
	}
	kinds, ok := v.(*object)
	if !ok || len(kinds.keys) == 0 {
		return &PolicyError{Path: path, Reason: `is "*" or an object such as {"AWS": "arn:aws:iam::111122223333:root"}`}
	}
	if err := kinds.only(path, "AWS", "Service", "Federated", "CanonicalUser"); err != nil {
		return err
	}
	for _, kind := range kinds.keys {
		names, err := texts(kinds.values[kind], below(path, kind))
		if err != nil {
			return err
		}
		for _, n := range names {
			if kind == "AWS" && !validPrincipal(n) {
				return &PolicyError{Path: below(path, kind), Reason: fmt.Sprintf("invalid principal %q: want *, an account id, or the ARN of an account root, user, role or session", n)}
			}
			st.principals = append(st.principals, principalName{kind, n})
		}
	}
	return nil
}

// validPrincipal checks the form only; a wildcard is the whole of it.
func validPrincipal(n string) bool {
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

func parseConditions(o *object, path []string, variables bool) ([]condition, error) {
	v, ok := o.values["Condition"]
	if !ok {
		return nil, nil
	}
	path = below(path, "Condition")
	operators, ok := v.(*object)
	if !ok {
		return nil, &PolicyError{Path: path, Reason: "is an object of operators"}
	}
	var out []condition
	for _, name := range operators.keys {
		op, ok := newOperator(name)
		if !ok {
			return nil, &PolicyError{Path: below(path, name), Reason: "no such condition operator" + suggest.DidYouMean(name, Operators())}
		}
		keys, ok := operators.values[name].(*object)
		if !ok {
			return nil, &PolicyError{Path: below(path, name), Reason: "is an object of condition keys"}
		}
		for _, key := range keys.keys {
			c, err := parseCondition(op, key, keys.values[key], below(below(path, name), key), variables)
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
	}
	return out, nil
}

func parseCondition(op operator, key string, v any, path []string, variables bool) (condition, error) {
	c := condition{operator: op, key: strings.ToLower(key)}
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
func (o *object) only(path []string, names ...string) error {
	for _, k := range o.keys {
		if !slices.Contains(names, k) {
			return &PolicyError{Path: below(path, k), Reason: "no such element" + suggest.DidYouMean(k, names)}
		}
	}
	return nil
}

// text returns the text of an element, "" if it is absent, and checks it
// against the allowed ones if there are any.
func (o *object) text(path []string, name string, allowed ...string) (string, error) {
	v, ok := o.values[name]
	if !ok {
		return "", nil
	}
	s, ok := v.(string)
	if !ok {
		return "", &PolicyError{Path: below(path, name), Reason: "is a text"}
	}
	if len(allowed) > 0 && !slices.Contains(allowed, s) {
		return "", &PolicyError{Path: below(path, name), Reason: fmt.Sprintf("is %q; want %s", s, strings.Join(allowed, " or "))}
	}
	return s, nil
}

// either reads an element or its negation, of which one at most may be there.
func (o *object) either(path []string, name, negation string) ([]string, bool, error) {
	v, ok := o.values[name]
	n, not := o.values[negation]
	switch {
	case ok && not:
		return nil, false, &PolicyError{Path: path, Reason: fmt.Sprintf("has both %s and %s", name, negation)}
	case not:
		list, err := texts(n, below(path, negation))
		return list, true, err
	case ok:
		list, err := texts(v, below(path, name))
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
