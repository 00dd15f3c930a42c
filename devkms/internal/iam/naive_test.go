package iam

import (
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
)

// This file is a second policy evaluator, written from AWS's documentation
// and not from the first: policies are generic JSON, wildcards are regular
// expressions, nothing is prepared or cached. It is slow and plain.

// A naiveCase is one question with all policies as text.
type naiveCase struct {
	account, arn, role      string // the caller; role is "" but for sessions
	root                    bool
	action, resource, owner string
	facts                   map[string][]string
	key                     string
	identity                []string
	boundary, session       string
}

func (c naiveCase) allowed() bool {
	all := append([]string{c.boundary, c.session}, c.identity...)
	for _, text := range all {
		if c.someStatement(text, "Deny", func(map[string]any) bool { return true }) {
			return false
		}
	}
	if c.someStatement(c.key, "Deny", c.denies) {
		return false
	}
	account := c.someStatement(c.key, "Allow", func(s map[string]any) bool { return c.grants(s, awsname.RootARN(c.account), c.account) })
	name := c.someStatement(c.key, "Allow", func(s map[string]any) bool { return c.grants(s, "*", c.arn, c.role) || c.spared(s) })
	if c.root {
		return account || name
	}
	session := c.role != "" && c.someStatement(c.key, "Allow", func(s map[string]any) bool { return c.grants(s, c.arn) })
	own := slices.ContainsFunc(c.identity, func(p string) bool { return c.someStatement(p, "Allow", nil) })
	limits := c.limit(c.boundary) && c.limit(c.session)
	if c.owner != c.account {
		return (account || name || session) && own && limits
	}
	return session || name && (c.role == "" || limits) || account && own && limits
}

func (c naiveCase) limit(policy string) bool {
	return policy == "" || c.someStatement(policy, "Allow", nil)
}

// someStatement reports whether a statement of the effect applies and, if f
// is given, concerns the caller.
func (c naiveCase) someStatement(policy, effect string, f func(map[string]any) bool) bool {
	if policy == "" {
		return false
	}
	var doc map[string]any
	d := json.NewDecoder(strings.NewReader(policy))
	d.UseNumber()
	if d.Decode(&doc) != nil {
		return false
	}
	for _, s := range asList(doc["Statement"]) {
		st, _ := s.(map[string]any)
		if st["Effect"] == effect && c.applies(st, doc["Version"] == "2012-10-17") && (f == nil || f(st)) {
			return true
		}
	}
	return false
}

func (c naiveCase) applies(st map[string]any, variables bool) bool {
	action := func(v any) bool { return like(strings.ToLower(asText(v)), strings.ToLower(c.action), nil) }
	resource := func(v any) bool {
		if asText(v) == "*" || !variables {
			return asText(v) == "*" || arnLike(asText(v), c.resource, nil)
		}
		return arnLike(asText(v), c.resource, c.facts)
	}
	return element(st, "Action", action) && element(st, "Resource", resource) && c.conditions(st, variables)
}

// element evaluates an element or its negation; with neither, or an empty
// one, a statement has no effect.
func element(st map[string]any, name string, f func(any) bool) bool {
	if list := asList(st[name]); len(list) > 0 {
		return slices.ContainsFunc(list, f)
	}
	list := asList(st["Not"+name])
	return len(list) > 0 && !slices.ContainsFunc(list, f)
}

// grants reports whether Principal names one of the names.
func (c naiveCase) grants(st map[string]any, names ...string) bool {
	for _, p := range awsPrincipals(st["Principal"]) {
		if p != "" && slices.Contains(names, p) {
			return true
		}
	}
	return false
}

// spared is Allow with NotPrincipal: no name of the caller is listed.
func (c naiveCase) spared(st map[string]any) bool {
	if st["NotPrincipal"] == nil {
		return false
	}
	return !slices.ContainsFunc(c.names(), func(n string) bool { return c.listed(st, n) })
}

func (c naiveCase) denies(st map[string]any) bool {
	if st["NotPrincipal"] != nil {
		return slices.ContainsFunc(c.names(), func(n string) bool { return !c.listed(st, n) })
	}
	return c.grants(st, append(c.names(), "*", c.account)...)
}

func (c naiveCase) names() []string {
	if c.root {
		return []string{awsname.RootARN(c.account)}
	}
	if c.role == "" {
		return []string{awsname.RootARN(c.account), c.arn}
	}
	return []string{awsname.RootARN(c.account), c.arn, c.role}
}

func (c naiveCase) listed(st map[string]any, name string) bool {
	for _, p := range awsPrincipals(st["NotPrincipal"]) {
		if p == "*" || p == name || awsname.IsAccount(p) && awsname.RootARN(p) == name {
			return true
		}
	}
	return false
}

func awsPrincipals(v any) []string {
	if v == "*" {
		return []string{"*"}
	}
	kinds, _ := v.(map[string]any)
	var out []string
	for _, p := range asList(kinds["AWS"]) {
		out = append(out, asText(p))
	}
	return out
}

func (c naiveCase) conditions(st map[string]any, variables bool) bool {
	operators, _ := st["Condition"].(map[string]any)
	for operator, v := range operators {
		keys, _ := v.(map[string]any)
		for key, wants := range keys {
			if !c.condition(operator, strings.ToLower(key), asList(wants), variables) {
				return false
			}
		}
	}
	return true
}

func (c naiveCase) condition(operator, key string, wants []any, variables bool) bool {
	set, base, found := strings.Cut(operator, ":")
	if !found {
		set, base = "", operator
	}
	have := c.facts[key]
	facts := c.facts
	if !variables {
		facts = nil
	}
	if base == "Null" {
		return slices.ContainsFunc(wants, func(w any) bool {
			text, ok := substituted(asText(w), facts)
			return ok && strings.EqualFold(text, strconv.FormatBool(len(have) == 0))
		})
	}
	base, exists := strings.CutSuffix(base, "IfExists")
	negated := strings.Contains(base, "Not")
	base = strings.Replace(base, "Not", "", 1)
	matches := func(v string) bool {
		return slices.ContainsFunc(wants, func(w any) bool { return compare(base, v, asText(w), facts) })
	}
	if len(have) == 0 {
		return exists || set == "ForAllValues" || set == "" && negated
	}
	hits := 0
	for _, v := range have {
		if matches(v) {
			hits++
		}
	}
	switch {
	case set == "ForAllValues" && negated, set == "" && negated:
		return hits == 0
	case set == "ForAllValues":
		return hits == len(have)
	case negated:
		return hits < len(have)
	}
	return hits > 0
}

// compare evaluates a positive operator on one value of each side.
func compare(base, have, want string, facts map[string][]string) bool {
	text, ok := substituted(want, facts)
	if !ok {
		return false
	}
	switch base {
	case "StringEquals", "BinaryEquals":
		return have == text
	case "StringEqualsIgnoreCase", "Bool":
		return strings.EqualFold(have, text)
	case "StringLike":
		return like(want, have, facts)
	case "ArnEquals", "ArnLike":
		return arnLike(want, have, facts)
	case "IpAddress":
		ip, err := netip.ParseAddr(have)
		if err != nil {
			return false
		}
		if !strings.Contains(text, "/") {
			text += "/" + strconv.Itoa(ip.BitLen())
		}
		network, err := netip.ParsePrefix(text)
		return err == nil && network.Masked().Contains(ip)
	}
	if rest, ok := strings.CutPrefix(base, "Numeric"); ok {
		a, err := strconv.ParseFloat(have, 64)
		b, err2 := strconv.ParseFloat(text, 64)
		return err == nil && err2 == nil && relation(rest, a, b)
	}
	a, ok := naiveDate(have)
	b, ok2 := naiveDate(text)
	return ok && ok2 && relation(strings.TrimPrefix(base, "Date"), a, b)
}

func naiveDate(s string) (float64, bool) {
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return f, true
	}
	for _, layout := range []string{"2006-01-02", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05.999999999Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return float64(t.Unix()) + float64(t.Nanosecond())/1e9, true
		}
	}
	return 0, false
}

func relation(name string, a, b float64) bool {
	return map[string]bool{"Equals": a == b, "LessThan": a < b, "LessThanEquals": a <= b, "GreaterThan": a > b, "GreaterThanEquals": a >= b}[name]
}

var variableForm = regexp.MustCompile(`(?s)\$\{(.*?)\}`)

// substituted replaces policy variables, whose values stand for themselves.
func substituted(text string, facts map[string][]string) (string, bool) {
	ok := true
	if facts == nil {
		return text, ok
	}
	out := variableForm.ReplaceAllStringFunc(text, func(v string) string {
		value, found := variable(v[2:len(v)-1], facts)
		ok = ok && found
		return value
	})
	return out, ok
}

func variable(name string, facts map[string][]string) (string, bool) {
	if name == "*" || name == "?" || name == "$" {
		return name, true
	}
	name, fallback, has := strings.Cut(name, ",")
	if v := facts[strings.ToLower(strings.TrimSpace(name))]; len(v) == 1 {
		return v[0], true
	}
	return strings.Trim(strings.TrimSpace(fallback), "'"), has
}

// expression writes a pattern as a regular expression.
func expression(want string, facts map[string][]string) (string, bool) {
	ok := true
	// Values of variables are hidden from the wildcards as base64.
	if facts != nil {
		want = variableForm.ReplaceAllStringFunc(want, func(v string) string {
			value, found := variable(v[2:len(v)-1], facts)
			ok = ok && found
			return "\x00" + base64.RawURLEncoding.EncodeToString([]byte(value)) + "\x00"
		})
	}
	var b strings.Builder
	for i, piece := range strings.Split(want, "\x00") {
		if i%2 == 1 {
			value, err := base64.RawURLEncoding.DecodeString(piece)
			ok = ok && err == nil
			b.WriteString(regexp.QuoteMeta(string(value)))
			continue
		}
		q := regexp.QuoteMeta(piece)
		b.WriteString(strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(q))
	}
	return b.String(), ok
}

func like(want, have string, facts map[string][]string) bool {
	e, ok := expression(want, facts)
	return ok && regexp.MustCompile(`(?s)^(?:`+e+`)$`).MatchString(have)
}

// arnLike compares part by part; a variable's value may bring colons, too.
func arnLike(want, have string, facts map[string][]string) bool {
	parts := strings.SplitN(have, ":", 6)
	e, ok := expression(want, facts)
	wants := strings.SplitN(e, ":", 6)
	if !ok || len(parts) != 6 || len(wants) != 6 {
		return false
	}
	for i, p := range parts {
		if !regexp.MustCompile(`(?s)^(?:` + wants[i] + `)$`).MatchString(p) {
			return false
		}
	}
	return true
}

func asList(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

func asText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return v.String()
	}
	return ""
}
