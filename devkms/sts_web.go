package devkms

import (
	"net/url"
	"slices"
	"time"
)

// webIdentityRole is the answer of AssumeRoleWithWebIdentity.
type webIdentityRole struct {
	SubjectFromWebIdentityToken string
	Audience                    string
	Provider                    string
	assumedRole
}

// assumeRoleWithWebIdentity is unsigned: the token says who calls.
func (c *call) assumeRoleWithWebIdentity(form url.Values) (any, *apiError) {
	a := newAssumption(form)
	a.tags, a.tagKeys, a.transitive, a.serial, a.code, a.externalID = nil, nil, nil, nil, nil, nil
	token := optional(form, "WebIdentityToken")
	var v validator
	v.text("webIdentityToken", token, true, 4, 20000)
	if problem := v.sts(); problem != nil {
		return nil, problem
	}
	problem := a.check()
	if problem != nil {
		return nil, problem
	}
	if a.seconds, problem = duration(form, 3600, 43200); problem != nil {
		return nil, problem
	}
	c.audit.Role = *a.roleARN
	denied := forbid("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	role := c.server.people.roles[*a.roleARN]
	if role == nil {
		return nil, denied
	}
	issuer, cl, problem := c.checkToken(role.account, *token)
	if problem != nil {
		return nil, problem
	}
	who := &principal{kind: tokenBearer, account: role.account.ID, federated: issuer.providerARN(role.account.ID), id: issuer.host() + ":" + cl.Subject}
	who.arn = who.federated
	c.enter(who)
	facts := c.facts()
	a.facts(facts)
	role.facts(facts)
	facts.set(issuer.host()+":sub", cl.Subject)
	facts.set(issuer.host()+":aud", cl.Audience...)
	facts.set(issuer.host()+":amr", cl.Methods...)
	facts.set("aws:FederatedProvider", who.federated)
	d := decide(question{who: who, action: "sts:AssumeRoleWithWebIdentity", resource: role.arn, owner: role.account.ID, facts: facts}, role.Trust, true)
	c.audit.Decision = d.text()
	if !d.allowed {
		return nil, denied
	}
	if problem := c.checkDuration(role, &a); problem != nil {
		return nil, problem
	}
	out, problem := c.startSession(role, &a)
	if problem != nil {
		return nil, problem
	}
	return webIdentityRole{cl.Subject, cl.Audience[0], issuer.URL, out}, nil
}

// checkToken verifies a token for the account.
func (c *call) checkToken(account *Account, token string) (*Issuer, claims, *apiError) {
	cl, err := readToken(token)
	if err != nil {
		return nil, cl, refuse("InvalidIdentityToken", "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	issuer := account.issuer(cl.Issuer)
	if issuer == nil {
		return nil, cl, refuse("InvalidIdentityToken", "No OpenIDConnect provider found in your account for %s", cl.Issuer)
	}
	if !c.server.verifyToken(issuer, token) {
		return nil, cl, refuse("InvalidIdentityToken", "The signature of the token is not valid.")
	}
	at := slices.IndexFunc(cl.Audience, func(a string) bool { return slices.Contains(issuer.Audiences, a) })
	if at < 0 {
		return nil, cl, refuse("InvalidIdentityToken", "Incorrect token audience")
	}
	cl.Audience = cl.Audience[at : at+1]
	if cl.Before > c.now.Unix() {
		return nil, cl, refuse("InvalidIdentityToken", "The token is not valid yet.")
	}
	if cl.Expires <= c.now.Unix() {
		return nil, cl, refuse("ExpiredTokenException", "Token expired: current date/time %d must be before the expiration date/time %d", c.now.Unix(), cl.Expires)
	}
	if len(cl.Subject) < 6 || len(cl.Subject) > 255 {
		return nil, cl, forbid("IDPRejectedClaim", "The subject of the token has %d characters; want 6 to 255.", len(cl.Subject))
	}
	return issuer, cl, nil
}

type sessionCredentials struct{ Credentials stsCredentials }

// getSessionToken gives a user temporary credentials, which remember whether
// MFA was used.
func (c *call) getSessionToken(form url.Values) (any, *apiError) {
	serial, code := optional(form, "SerialNumber"), optional(form, "TokenCode")
	var v validator
	v.mfa(serial, code)
	if problem := v.sts(); problem != nil {
		return nil, problem
	}
	usual, most := 43200, 129600
	if c.who.kind == rootUser {
		usual, most = 3600, 3600
	}
	seconds, problem := duration(form, usual, most)
	if problem != nil {
		return nil, problem
	}
	if !c.who.issued.IsZero() {
		return nil, forbid("AccessDenied", "Cannot call GetSessionToken with session credentials")
	}
	mfaTime, problem := c.checkMFA(serial, code)
	if problem != nil {
		return nil, problem
	}
	t := &sessionToken{Owner: c.who.arn, Issued: c.now, Expires: c.now.Add(time.Duration(seconds) * time.Second), MFATime: mfaTime}
	token, err := c.server.sealToken(t)
	if err != nil {
		return nil, c.internal(err)
	}
	return sessionCredentials{stsCredentials{t.AccessKey, t.Secret, token, stamp(t.Expires)}}, nil
}
