// Package awskms wraps data keys under AWS KMS keys.
//
// A key is named by its ARN, and reached under an identity: a profile of
// ~/.aws, a role, or whatever credentials the machine has. A file may
// say how its writer reached the key; whoever reads it may need another way.
// So the keeper makes a list of identities for each key and tries them in
// order until one works:
//
//  1. the flags and variables of this run: --aws-profile, --aws-role, SOPS_AWS_*; nothing else
//     is tried then
//  2. the user's own map, $XDG_CONFIG_HOME/sops/aws.yaml
//  3. the profile that the file names, if this machine has it, and its role
//  4. the ambient credentials, in the file's role
//  5. the ambient credentials alone
//
// The next is tried only where the one before could not have worked: no such
// profile, no credentials, or a denial. Every attempt is kept, so that the
// error can say who asked, what AWS answered and what would help.
//
// All keys of a run share one configuration, one session per role and one
// client per identity and region.
package awskms
