// Package session becomes an identity: it gets credentials from profiles, the
// machine and STS, and makes the clients that use them. What the keys of a run
// have in common they share: one configuration, one session per role, and one
// client per identity and region.
package session
