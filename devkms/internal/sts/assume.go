package sts

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
)

var (
	sessionNameForm = awsname.NewForm(`^[\w+=,.@-]*$`)
	externalIDForm  = awsname.NewForm(`^[\w+=,.@:/-]*$`)
	serialForm      = awsname.NewForm(`^[\w+=/:,.@-]*$`)
	digitsForm      = awsname.NewForm(`^[\d]*$`)
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
func (a *assumption) check() *apierror.Error {
	var v apierror.Validator
	v.Text("roleArn", a.roleARN, true, 20, 2048)
	v.Form("roleSessionName", a.sessionName, true, 2, 64, sessionNameForm)
	v.Form("externalId", a.externalID, false, 2, 1224, externalIDForm)
	v.Form("sourceIdentity", a.source, false, 2, 64, sessionNameForm)
	checkMFAForm(&v, a.serial, a.code)
	v.Text("policy", a.policy, false, 1, 2048)
	v.Length("tags", len(a.tagKeys), 0, 50)
	v.Length("transitiveTagKeys", len(a.transitive), 0, 50)
	for _, k := range a.tagKeys {
		v.Length("tags.member.key", len([]rune(k)), 1, 128)
		v.Length("tags.member.value", len([]rune(a.tags[k])), 0, 256)
	}
	if problem := v.STS(); problem != nil {
		return problem
	}
	if hasDuplicates(lowerAll(a.tagKeys)) {
		return apierror.Refuse("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
	}
	for _, k := range a.transitive {
		if !slices.Contains(a.tagKeys, k) {
			return apierror.Refuse("InvalidParameterValue", "The specified transitive tag key must be included in the requested tags.")
		}
	}
	if len(a.policyARNs) > 0 {
		return apierror.Refuse("ValidationError", "devkms knows no managed policies; give the session policy itself")
	}
	return nil
}

func checkMFAForm(v *apierror.Validator, serial, code *string) {
	v.Form("serialNumber", serial, false, 9, 256, serialForm)
	v.Form("tokenCode", code, false, 6, 6, digitsForm)
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
	Credentials      credentials
	PackedPolicySize int    `xml:",omitempty"`
	SourceIdentity   string `xml:",omitempty"`
}

func (c *Call) assumeRole(form url.Values) (any, *apierror.Error) {
	a := newAssumption(form)
	if problem := a.check(); problem != nil {
		return nil, problem
	}
	var problem *apierror.Error
	if a.seconds, problem = duration(form, 3600, 43200); problem != nil {
		return nil, problem
	}
	c.Role = *a.roleARN
	if c.Who.Kind == iam.RootUser {
		return nil, apierror.Forbid("AccessDenied", "Roles may not be assumed by root accounts.")
	}
	a.inherit(c.Who)
	mfaTime, problem := c.checkMFA(a.serial, a.code)
	if problem != nil {
		return nil, problem
	}
	role := c.Roles[*a.roleARN]
	if problem := c.mayAssume(role, &a, mfaTime); problem != nil {
		return nil, problem
	}
	if problem := c.checkDuration(role, &a); problem != nil {
		return nil, problem
	}
	return c.startSession(role, &a)
}

// duration reads DurationSeconds, whose least value is always 900.
func duration(form url.Values, usual, most int) (int, *apierror.Error) {
	text := optional(form, "DurationSeconds")
	if text == nil {
		return usual, nil
	}
	n, err := strconv.Atoi(*text)
	if err != nil {
		return 0, apierror.Refuse("MalformedInput", "devkms: DurationSeconds is no number")
	}
	var v apierror.Validator
	v.Number("durationSeconds", &n, 900, most)
	return n, v.STS()
}

// inherit takes over what a chain of sessions passes on: transitive tags and
// the source identity.
func (a *assumption) inherit(who *iam.Principal) {
	for _, k := range who.Transitive {
		if _, set := a.tags[k]; !set {
			a.tags[k] = who.Tags[k]
		}
		if !slices.Contains(a.transitive, k) {
			a.transitive = append(a.transitive, k)
		}
	}
	if a.source == nil && who.Source != "" {
		a.source = &who.Source
	}
}

// checkMFA checks the one-time code, if one is given.
func (c *Call) checkMFA(serial, code *string) (time.Time, *apierror.Error) {
	if serial == nil && code == nil {
		return time.Time{}, nil
	}
	m := c.Who.MFA
	if serial == nil || code == nil || m == nil || m.Serial != *serial {
		return time.Time{}, apierror.Forbid("AccessDenied", "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.")
	}
	if m.Code != *code {
		return time.Time{}, apierror.Forbid("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ")
	}
	return c.Now, nil
}

// mayAssume asks the caller's identity policies and the role's trust policy,
// for the assumption itself and for the tags and source identity it brings.
// An absent role is refused in the same words.
func (c *Call) mayAssume(role *Role, a *assumption, mfaTime time.Time) *apierror.Error {
	facts := c.Facts()
	a.facts(facts)
	if !mfaTime.IsZero() {
		facts.Replace("aws:MultiFactorAuthPresent", "true")
		facts.Replace("aws:MultiFactorAuthAge", "0")
	}
	actions := []string{"sts:AssumeRole"}
	if len(a.tagKeys) > 0 || len(a.transitive) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if a.source != nil {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	for _, action := range actions {
		denied := apierror.Forbid("AccessDenied", "User: %s is not authorized to perform: %s on resource: %s", c.Who.ARN, action, *a.roleARN)
		if role == nil {
			return denied
		}
		role.facts(facts)
		d := iam.Decide(iam.Question{Who: c.Who, Action: action, Resource: role.ARN, Owner: role.Account, Facts: facts}, role.Trust, true)
		c.Decision = d.String()
		if !d.Allowed {
			if strings.HasPrefix(d.Reason, "with an explicit deny") {
				denied.Message += " " + d.Reason
			}
			return denied
		}
	}
	return nil
}

// facts adds the condition keys that speak of the request.
func (a *assumption) facts(f iam.Conditions) {
	f.Set("sts:RoleSessionName", *a.sessionName)
	if a.externalID != nil {
		f.Set("sts:ExternalId", *a.externalID)
	}
	if a.source != nil {
		f.Set("sts:SourceIdentity", *a.source)
	}
	for k, v := range a.tags {
		f.Set("aws:RequestTag/"+k, v)
	}
	f.Set("aws:TagKeys", slices.Sorted(maps.Keys(a.tags))...)
	f.Set("sts:TransitiveTagKeys", a.transitive...)
}

// facts adds the condition keys that speak of the role as a resource.
func (r *Role) facts(f iam.Conditions) {
	f.Replace("aws:ResourceAccount", r.Account)
	for k, v := range r.Tags {
		f.Replace("aws:ResourceTag/"+k, v)
		f.Replace("iam:ResourceTag/"+k, v)
	}
}

func (c *Call) checkDuration(role *Role, a *assumption) *apierror.Error {
	if c.Who.Session() && a.seconds > 3600 {
		return apierror.Refuse("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	}
	if time.Duration(a.seconds)*time.Second > role.MaxSession {
		return apierror.Refuse("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return nil
}

// packedLimit is the size to which AWS packs session policy and tags; its
// packing is secret, so ours only approximates PackedPolicySize.
const packedLimit = 4096

// startSession makes the session. It forgets that MFA was used: a session of
// a role never says so, as AWS's documentation warns.
func (c *Call) startSession(role *Role, a *assumption) (out assumedRole, problem *apierror.Error) {
	t := &sessionToken{
		Owner: role.ARN, Name: *a.sessionName, Issued: c.Now, Expires: c.Now.Add(time.Duration(a.seconds) * time.Second),
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
		return out, apierror.Refuse("PackedPolicyTooLarge", "Packed size of session tags consumes %d%% of allotted space.", percent)
	}
	out.PackedPolicySize = percent
	if a.source != nil {
		t.Source, out.SourceIdentity = *a.source, *a.source
	}
	token, err := c.sealToken(t)
	if err != nil {
		return out, internal(err)
	}
	who := role.Session(t.Name)
	out.AssumedRoleUser.AssumedRoleID, out.AssumedRoleUser.ARN = who.ID, who.ARN
	out.Credentials = credentials{t.AccessKey, t.Secret, token, stamp(t.Expires)}
	return out, nil
}

func checkSessionPolicy(text string) *apierror.Error {
	p, err := iam.ParsePolicy(text)
	if err == nil {
		if pe := p.CheckIdentity(); pe != nil {
			err = pe
		}
	}
	if err != nil {
		return apierror.Refuse("MalformedPolicyDocument", "Syntax errors in policy. (%v)", err)
	}
	return nil
}
