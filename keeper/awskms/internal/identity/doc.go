// Package identity says under which identities a key of AWS KMS is tried, and in
// which order: it reads the options of a run, the variables of the same meaning,
// the user's map and what a file says of its key. It sends nothing.
package identity
