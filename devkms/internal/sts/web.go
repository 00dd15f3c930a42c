package sts

import (
	"net/url"
	"slices"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
)

// webIdentityRole is the answer of AssumeRoleWithWebIdentity.
type webIdentityRole struct {
	SubjectFromWebIdentityToken string
	Audience                    string
	Provider                    string
	assumedRole
}

// assumeRoleWithWebIdentity is unsigned: the token names the caller.
func (c *Call) assumeRoleWithWebIdentity(form url.Values) (any, *apierror.Error) {
	a := newAssumption(form)
	a.tags, a.tagKeys, a.transitive, a.serial, a.code, a.externalID = nil, nil, nil, nil, nil, nil
	token := optional(form, "WebIdentityToken")
	var v apierror.Validator
	v.Text("webIdentityToken", token, true, 4, 20000)
	if problem := v.STS(); problem != nil {
		return nil, problem
	}
	problem := a.check()
	if problem != nil {
		return nil, problem
	}
	if a.seconds, problem = duration(form, 3600, 43200); problem != nil {
		return nil, problem
	}
	c.Role = *a.roleARN
	denied := apierror.Forbid("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	role := c.Roles[*a.roleARN]
	if role == nil {
		return nil, denied
	}
	issuer, cl, problem := c.checkToken(role.Account, *token)
	if problem != nil {
		return nil, problem
	}
	who := &iam.Principal{Kind: iam.TokenBearer, Account: role.Account, Federated: issuer.providerARN(), ID: issuer.host() + ":" + cl.Subject}
	who.ARN = who.Federated
	c.Who = who
	facts := c.Facts()
	a.facts(facts)
	role.facts(facts)
	facts.Set(issuer.host()+":sub", cl.Subject)
	facts.Set(issuer.host()+":aud", cl.Audience...)
	facts.Set(issuer.host()+":amr", cl.Methods...)
	facts.Set("aws:FederatedProvider", who.Federated)
	d := iam.Decide(iam.Question{Who: who, Action: "sts:AssumeRoleWithWebIdentity", Resource: role.ARN, Owner: role.Account, Facts: facts}, role.Trust, true)
	c.Decision = d.String()
	if !d.Allowed {
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
func (c *Call) checkToken(account, token string) (*Issuer, claims, *apierror.Error) {
	cl, err := readToken(token)
	if err != nil {
		return nil, cl, apierror.Refuse("InvalidIdentityToken", "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	issuer := c.issuer(func(i *Issuer) bool { return i.Account == account && i.URL == cl.Issuer })
	if issuer == nil {
		return nil, cl, apierror.Refuse("InvalidIdentityToken", "No OpenIDConnect provider found in your account for %s", cl.Issuer)
	}
	if !c.verifyToken(issuer, token) {
		return nil, cl, apierror.Refuse("InvalidIdentityToken", "The signature of the token is not valid.")
	}
	at := slices.IndexFunc(cl.Audience, func(a string) bool { return slices.Contains(issuer.Audiences, a) })
	if at < 0 {
		return nil, cl, apierror.Refuse("InvalidIdentityToken", "Incorrect token audience")
	}
	cl.Audience = cl.Audience[at : at+1]
	if cl.Before > c.Now.Unix() {
		return nil, cl, apierror.Refuse("InvalidIdentityToken", "The token is not valid yet.")
	}
	if cl.Expires <= c.Now.Unix() {
		return nil, cl, apierror.Refuse("ExpiredTokenException", "Token expired: current date/time %d must be before the expiration date/time %d", c.Now.Unix(), cl.Expires)
	}
	if len(cl.Subject) < 6 || len(cl.Subject) > 255 {
		return nil, cl, apierror.Forbid("IDPRejectedClaim", "The subject of the token has %d characters; want 6 to 255.", len(cl.Subject))
	}
	return issuer, cl, nil
}

type sessionCredentials struct{ Credentials credentials }

// getSessionToken gives a user temporary credentials, which remember whether
// MFA was used.
func (c *Call) getSessionToken(form url.Values) (any, *apierror.Error) {
	serial, code := optional(form, "SerialNumber"), optional(form, "TokenCode")
	var v apierror.Validator
	checkMFAForm(&v, serial, code)
	if problem := v.STS(); problem != nil {
		return nil, problem
	}
	usual, most := 43200, 129600
	if c.Who.Kind == iam.RootUser {
		usual, most = 3600, 3600
	}
	seconds, problem := duration(form, usual, most)
	if problem != nil {
		return nil, problem
	}
	if !c.Who.Issued.IsZero() {
		return nil, apierror.Forbid("AccessDenied", "Cannot call GetSessionToken with session credentials")
	}
	mfaTime, problem := c.checkMFA(serial, code)
	if problem != nil {
		return nil, problem
	}
	t := &sessionToken{Owner: c.Who.ARN, Issued: c.Now, Expires: c.Now.Add(time.Duration(seconds) * time.Second), MFATime: mfaTime}
	token, err := c.sealToken(t)
	if err != nil {
		return nil, internal(err)
	}
	return sessionCredentials{credentials{t.AccessKey, t.Secret, token, stamp(t.Expires)}}, nil
}
