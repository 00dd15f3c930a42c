package devkms

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	sessionNameForm = newForm(`^[\w+=,.@-]*$`)
	externalIDForm  = newForm(`^[\w+=,.@:/-]*$`)
	serialForm      = newForm(`^[\w+=/:,.@-]*$`)
	digitsForm      = newForm(`^[\d]*$`)
)

// An assumption is a request for a session of a role.
type assumption struct {
	roleARN, sessionName *string
	externalID, source   *string
	serial, code         *string
	policy               *string
	policyARNs           []string
	tags                 map[string]string
	transitive           []string
	tagKeys              []string
	seconds              int
}

func newAssumption(form url.Values) assumption {
	a := assumption{
		roleARN: optional(form, "RoleArn"), sessionName: optional(form, "RoleSessionName"), externalID: optional(form, "ExternalId"),
		source: optional(form, "SourceIdentity"), serial: optional(form, "SerialNumber"), code: optional(form, "TokenCode"),
		policy: optional(form, "Policy"), policyARNs: members(form, "PolicyArns", "arn"), tags: map[string]string{},
		transitive: members(form, "TransitiveTagKeys", ""), tagKeys: members(form, "Tags", "Key"),
	}
	values := members(form, "Tags", "Value")
	for i, k := range a.tagKeys {
		if i < len(values) {
			a.tags[k] = values[i]
		}
	}
	return a
}

// check holds the request against the limits of the service model.
func (a *assumption) check() *apiError {
	var v validator
	v.text("roleArn", a.roleARN, true, 20, 2048)
	v.form("roleSessionName", a.sessionName, true, 2, 64, sessionNameForm)
	v.form("externalId", a.externalID, false, 2, 1224, externalIDForm)
	v.form("sourceIdentity", a.source, false, 2, 64, sessionNameForm)
	v.mfa(a.serial, a.code)
	v.text("policy", a.policy, false, 1, 2048)
	v.length("tags", len(a.tagKeys), 0, 50)
	v.length("transitiveTagKeys", len(a.transitive), 0, 50)
	for _, k := range a.tagKeys {
		v.length("tags.member.key", len([]rune(k)), 1, 128)
		v.length("tags.member.value", len([]rune(a.tags[k])), 0, 256)
	}
	if problem := v.sts(); problem != nil {
		return problem
	}
	if hasDuplicates(lowerAll(a.tagKeys)) {
		return refuse("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
	}
	for _, k := range a.transitive {
		if !slices.Contains(a.tagKeys, k) {
			return refuse("InvalidParameterValue", "The specified transitive tag key must be included in the requested tags.")
		}
	}
	if len(a.policyARNs) > 0 {
		return refuse("ValidationError", "devkms knows no managed policies; give the session policy itself")
	}
	return nil
}

func (v *validator) form(field string, s *string, required bool, least, most int, f form) {
	v.text(field, s, required, least, most)
	if s != nil && !f.fits(*s) {
		v.broken(field, "Member must satisfy regular expression pattern: "+strings.Trim(f.pattern, "^$"))
	}
}

func (v *validator) mfa(serial, code *string) {
	v.form("serialNumber", serial, false, 9, 256, serialForm)
	v.form("tokenCode", code, false, 6, 6, digitsForm)
}

func lowerAll(list []string) []string {
	out := slices.Clone(list)
	for i, s := range out {
		out[i] = strings.ToLower(s)
	}
	return out
}

// assumedRole is the answer of AssumeRole.
type assumedRole struct {
	AssumedRoleUser struct {
		AssumedRoleID string `xml:"AssumedRoleId"`
		ARN           string `xml:"Arn"`
	}
	Credentials      stsCredentials
	PackedPolicySize int    `xml:",omitempty"`
	SourceIdentity   string `xml:",omitempty"`
}

func (c *call) assumeRole(form url.Values) (any, *apiError) {
	a := newAssumption(form)
	if problem := a.check(); problem != nil {
		return nil, problem
	}
	var problem *apiError
	if a.seconds, problem = duration(form, 3600, 43200); problem != nil {
		return nil, problem
	}
	c.audit.Role = *a.roleARN
	if c.who.kind == rootUser {
		return nil, forbid("AccessDenied", "Roles may not be assumed by root accounts.")
	}
	a.inherit(c.who)
	mfaTime, problem := c.checkMFA(a.serial, a.code)
	if problem != nil {
		return nil, problem
	}
	role := c.server.people.roles[*a.roleARN]
	if problem := c.mayAssume(role, &a, mfaTime); problem != nil {
		return nil, problem
	}
	if problem := c.checkDuration(role, &a); problem != nil {
		return nil, problem
	}
	return c.startSession(role, &a)
}

// duration reads DurationSeconds, whose least value is always 900.
func duration(form url.Values, usual, most int) (int, *apiError) {
	text := optional(form, "DurationSeconds")
	if text == nil {
		return usual, nil
	}
	n, err := strconv.Atoi(*text)
	if err != nil {
		return 0, refuse("MalformedInput", "devkms: DurationSeconds is no number")
	}
	var v validator
	v.number("durationSeconds", &n, 900, most)
	return n, v.sts()
}

// inherit takes over what a chain of sessions passes on: transitive tags and
// the source identity.
func (a *assumption) inherit(who *principal) {
	for _, k := range who.transitive {
		if _, set := a.tags[k]; !set {
			a.tags[k] = who.tags[k]
		}
		if !slices.Contains(a.transitive, k) {
			a.transitive = append(a.transitive, k)
		}
	}
	if a.source == nil && who.source != "" {
		a.source = &who.source
	}
}

// checkMFA checks the one-time code, if one is given.
func (c *call) checkMFA(serial, code *string) (time.Time, *apiError) {
	if serial == nil && code == nil {
		return time.Time{}, nil
	}
	m := c.who.mfa
	if serial == nil || code == nil || m == nil || m.Serial != *serial {
		return time.Time{}, forbid("AccessDenied", "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.")
	}
	if m.Code != *code {
		return time.Time{}, forbid("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ")
	}
	return c.now, nil
}

// mayAssume asks the caller's identity policies and the role's trust policy,
// for the assumption itself and for the tags and source identity it brings.
// An absent role is refused in the same words.
func (c *call) mayAssume(role *roleEntry, a *assumption, mfaTime time.Time) *apiError {
	facts := c.facts()
	a.facts(facts)
	if !mfaTime.IsZero() {
		facts.replace("aws:MultiFactorAuthPresent", "true")
		facts.replace("aws:MultiFactorAuthAge", "0")
	}
	actions := []string{"sts:AssumeRole"}
	if len(a.tagKeys) > 0 || len(a.transitive) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if a.source != nil {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	for _, action := range actions {
		denied := forbid("AccessDenied", "User: %s is not authorized to perform: %s on resource: %s", c.who.arn, action, *a.roleARN)
		if role == nil {
			return denied
		}
		role.facts(facts)
		d := decide(question{who: c.who, action: action, resource: role.arn, owner: role.account.ID, facts: facts}, role.Trust, true)
		c.audit.Decision = d.text()
		if !d.allowed {
			if strings.HasPrefix(d.reason, "with an explicit deny") {
				denied.message += " " + d.reason
			}
			return denied
		}
	}
	return nil
}

// facts adds the condition keys that speak of the request.
func (a *assumption) facts(f conditions) {
	f.set("sts:RoleSessionName", *a.sessionName)
	if a.externalID != nil {
		f.set("sts:ExternalId", *a.externalID)
	}
	if a.source != nil {
		f.set("sts:SourceIdentity", *a.source)
	}
	for k, v := range a.tags {
		f.set("aws:RequestTag/"+k, v)
	}
	f.set("aws:TagKeys", slices.Sorted(maps.Keys(a.tags))...)
	f.set("sts:TransitiveTagKeys", a.transitive...)
}

// facts adds the condition keys that speak of the role as a resource.
func (r *roleEntry) facts(f conditions) {
	f.replace("aws:ResourceAccount", r.account.ID)
	for k, v := range r.Tags {
		f.replace("aws:ResourceTag/"+k, v)
		f.replace("iam:ResourceTag/"+k, v)
	}
}

func (c *call) checkDuration(role *roleEntry, a *assumption) *apiError {
	if c.who.session() && a.seconds > 3600 {
		return refuse("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	}
	if time.Duration(a.seconds)*time.Second > role.maxSession() {
		return refuse("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return nil
}

// packedLimit is the size to which AWS packs session policy and tags; its
// packing is secret, so ours only approximates PackedPolicySize.
const packedLimit = 4096

// startSession makes the session. It forgets that MFA was used: a session of
// a role never says so, as AWS's documentation warns.
func (c *call) startSession(role *roleEntry, a *assumption) (out assumedRole, problem *apiError) {
	t := &sessionToken{
		Owner: role.arn, Name: *a.sessionName, Issued: c.now, Expires: c.now.Add(time.Duration(a.seconds) * time.Second),
		Tags: a.tags, Transitive: a.transitive,
	}
	size := 0
	for k, v := range a.tags {
		size += len(k) + len(v)
	}
	if a.policy != nil {
		if problem := checkSessionPolicy(*a.policy); problem != nil {
			return out, problem
		}
		t.Policy = *a.policy
		size += len(t.Policy)
	}
	percent := (size*100 + packedLimit - 1) / packedLimit
	if percent > 100 {
		return out, refuse("PackedPolicyTooLarge", "Packed size of session tags consumes %d%% of allotted space.", percent)
	}
	out.PackedPolicySize = percent
	if a.source != nil {
		t.Source, out.SourceIdentity = *a.source, *a.source
	}
	token, err := c.server.sealToken(t)
	if err != nil {
		return out, c.internal(err)
	}
	who := role.session(t.Name)
	out.AssumedRoleUser.AssumedRoleID, out.AssumedRoleUser.ARN = who.id, who.arn
	out.Credentials = stsCredentials{t.AccessKey, t.Secret, token, stamp(t.Expires)}
	return out, nil
}

func checkSessionPolicy(text string) *apiError {
	p, err := ParsePolicy(text)
	if err == nil {
		if pe := p.checkIdentity(); pe != nil {
			err = pe
		}
	}
	if err != nil {
		return refuse("MalformedPolicyDocument", "Syntax errors in policy. (%v)", err)
	}
	return nil
}
