package iam

import (
	"strconv"
	"time"
)

// A Request is what all questions of one call have in common.
type Request struct {
	Who       *Principal
	Now       time.Time // in the world
	Region    string
	SourceIP  string // that the connection has
	UserAgent string
}

// Facts are the global condition keys of the call.
func (r *Request) Facts() Conditions {
	f := Conditions{}
	f.Set("aws:CurrentTime", r.Now.Format(time.RFC3339))
	f.Set("aws:EpochTime", strconv.FormatInt(r.Now.Unix(), 10))
	// AWS is only reached by TLS, and policies that insist on it are common.
	f.Set("aws:SecureTransport", "true")
	f.Set("aws:SourceIp", r.sourceIP())
	f.Set("aws:RequestedRegion", r.Region)
	f.Set("aws:ViaAWSService", strconv.FormatBool(r.Who.Origin.ViaService != ""))
	f.Set("aws:PrincipalIsAWSService", "false")
	if r.UserAgent != "" {
		f.Set("aws:UserAgent", r.UserAgent)
	}
	r.Who.facts(f, r.Now)
	return f
}

func (r *Request) sourceIP() string {
	if r.Who.Origin.SourceIP != "" {
		return r.Who.Origin.SourceIP
	}
	return r.SourceIP
}
