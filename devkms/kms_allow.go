package devkms

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// allow asks the policies whether the caller may do the action on the key.
// More adds condition keys of the operation.
func (c *call) allow(action string, t target, context map[string]string, more conditions) *apiError {
	facts := c.facts()
	keyFacts(facts, c, t)
	for k, v := range context {
		facts.set("kms:EncryptionContext:"+k, v)
	}
	facts.set("kms:EncryptionContextKeys", slices.Sorted(maps.Keys(context))...)
	for k, v := range more {
		facts.set(k, v...)
	}
	q := question{who: c.who, action: action, resource: t.arn, owner: t.account, facts: facts}
	d := decide(q, t.policy, false)
	c.audit.Decision = d.text()
	if d.allowed {
		return nil
	}
	if t.account != c.who.account && d.side == resourceSide {
		return c.crossAccountDenial(action)
	}
	return refuse("AccessDeniedException", "User: %s is not authorized to perform: %s on resource: %s %s", c.who.arn, action, t.arn, d.reason)
}

// allowAccount is allow for actions that no key policy speaks of.
func (c *call) allowAccount(action, resource string, more conditions) *apiError {
	facts := c.facts()
	for k, v := range more {
		facts.set(k, v...)
	}
	d := decide(question{who: c.who, action: action, resource: resource, owner: c.who.account, facts: facts}, nil, false)
	c.audit.Decision = d.text()
	if d.allowed {
		return nil
	}
	return refuse("AccessDeniedException", "User: %s is not authorized to perform: %s on resource: %s %s", c.who.arn, action, resource, d.reason)
}

func (d decision) text() string {
	if d.allowed {
		return "allowed by " + d.by
	}
	if d.by != "" {
		return "denied by " + d.by
	}
	return "denied " + d.reason
}

// facts are the global condition keys of the call.
func (c *call) facts() conditions {
	f := conditions{}
	f.set("aws:CurrentTime", c.now.Format(time.RFC3339))
	f.set("aws:EpochTime", strconv.FormatInt(c.now.Unix(), 10))
	// AWS is only reached by TLS, and policies that insist on it are common.
	f.set("aws:SecureTransport", "true")
	f.set("aws:SourceIp", c.sourceIP())
	f.set("aws:RequestedRegion", c.region)
	f.set("aws:ViaAWSService", strconv.FormatBool(c.who.viaService != ""))
	f.set("aws:PrincipalIsAWSService", "false")
	if ua := c.request.UserAgent(); ua != "" {
		f.set("aws:UserAgent", ua)
	}
	if c.service == "kms" {
		f.set("kms:CallerAccount", c.who.account)
		if c.who.viaService != "" {
			f.set("kms:ViaService", c.who.viaService)
		}
	}
	c.who.facts(f, c.now)
	return f
}

func (c *call) sourceIP() string {
	if c.who.sourceIP != "" {
		return c.who.sourceIP
	}
	return peer(c.request)
}

// facts adds the condition keys that speak of the caller.
func (p *principal) facts(f conditions, now time.Time) {
	if p.federated != "" {
		return
	}
	f.set("aws:PrincipalAccount", p.account)
	f.set("aws:userid", p.id)
	f.set("aws:PrincipalType", map[principalKind]string{userKind: "User", rootUser: "Account", roleSession: "AssumedRole"}[p.kind])
	if p.session() {
		f.set("aws:PrincipalArn", p.roleARN)
	} else {
		f.set("aws:PrincipalArn", p.arn)
	}
	if p.kind == userKind {
		f.set("aws:username", p.name)
	}
	if p.source != "" {
		f.set("aws:SourceIdentity", p.source)
	}
	for k, v := range p.tags {
		f.set("aws:PrincipalTag/"+k, v)
	}
	// Only temporary credentials say whether MFA was used.
	if !p.issued.IsZero() {
		f.set("aws:TokenIssueTime", p.issued.Format(time.RFC3339))
		f.set("aws:MultiFactorAuthPresent", strconv.FormatBool(!p.mfaTime.IsZero()))
		if !p.mfaTime.IsZero() {
			f.set("aws:MultiFactorAuthAge", strconv.Itoa(int(now.Sub(p.mfaTime).Seconds())))
		}
	}
}

// keyFacts adds the condition keys that speak of the key.
func keyFacts(f conditions, c *call, t target) {
	f.set("kms:KeyOrigin", t.origin)
	f.set("kms:KeySpec", "SYMMETRIC_DEFAULT")
	f.set("kms:KeyUsage", "ENCRYPT_DECRYPT")
	f.set("kms:MultiRegion", strconv.FormatBool(t.multi()))
	if t.multi() {
		f.set("kms:MultiRegionKeyType", strings.ToUpper(t.multiType()))
	}
	f.set("aws:ResourceAccount", t.account)
	if t.alias != "" {
		f.set("kms:RequestAlias", t.alias)
	}
	f.set("kms:ResourceAliases", c.server.store.aliasesOf(t.kmsKey)...)
	for k, v := range t.tags {
		f.set("aws:ResourceTag/"+k, v)
	}
}
