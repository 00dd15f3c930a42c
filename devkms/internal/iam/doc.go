// Package iam evaluates policies as AWS does: may this principal do this action
// on this resource, under these conditions? It is pure: policies are text that
// ParsePolicy reads, a question is a value, and Decide answers it with the
// statement that decided and AWS's wording of a refusal. It knows nothing of
// HTTP, of KMS or of STS.
//
// # What is asked, in which order
//
//  1. Every statement of every policy that is Deny and applies refuses: of the
//     resource's policy, the identity policies, the permissions boundary, the
//     session policy, the service control policies of the caller's account and
//     the resource control policies of the resource's. One is enough.
//  2. The service control policies of the caller's account must allow it, at
//     every level.
//  3. An action without a resource policy (kms:ListKeys) is for the identity
//     policies: one of them must allow it, and then the boundary and the
//     session policy, where there are any, must allow it too.
//  4. Else the resource's policy must allow it, and in which way counts:
//     it names the account (delegation), the user or role, or the very session.
//  5. A grant allows it as a resource's policy that names the grantee.
//  6. Where the caller is of another account, or the policy delegates, the
//     identity policies, boundary and session policy must allow it as in 3.
//  7. Where it names the user, or the session, that is enough. Where it names
//     the role of a session, boundary and session policy still bind.
//
// The root of an account needs no identity policies. A bearer of a web identity
// token has none.
//
// # What a statement is
//
// A statement applies if its Action or NotAction, its Resource or NotResource
// (but for trust policies, which have none) and all of its conditions do.
// Actions compare without case; resources part by part, so that a wildcard
// reaches across none of the first five colons of an ARN. Policy variables with
// defaults are replaced in resources and conditions from Version 2012-10-17 on;
// one without a value matches nothing. All condition operators of IAM are there
// with ForAnyValue, ForAllValues, IfExists and Null; the names of condition keys
// compare without case.
//
// # What it does not model
//
// VPC endpoint policies, ACLs, managed policies by name, session policies by ARN,
// federated users of GetFederationToken, SAML, and service principals as callers.
// Partitions other than aws are compared as text.
package iam
