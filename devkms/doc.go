// Package devkms is AWS KMS, AWS STS and every way to an AWS identity on a laptop,
// for development and tests only. It protects nothing: its credentials are public, and its state
// directory holds key material as plaintext.
//
// What sets it apart from a fake is that it says no. Signatures are checked
// on every call. Accounts have borders. Key policies, identity policies, trust
// policies, permissions boundaries and session policies are evaluated with
// their conditions, encryption context included, and a refusal is worded as
// AWS words it. So the policy that fails in production fails here first:
//
//	func TestMyRoleReadsItsOwnFiles(t *testing.T) {
//		s := devkms.Start(t, nil) // nil is the built-in world
//		cfg := aws.Config{
//			BaseEndpoint: aws.String(s.URL()),
//			Region:       "us-east-1",
//			Credentials:  credentials.NewStaticCredentialsProvider("AKIADEVALICE0EXAMPLE", "devkms/alice/not/a/secret/EXAMPLE", ""),
//		}
//		... kms.NewFromConfig(cfg).Decrypt(...)
//		for _, c := range s.Calls() { ... } // who did what, and which statement allowed it
//	}
//
// A program that is not a Go test gets the same from Environ, which writes an
// AWS configuration with a profile for each user and role and returns the
// variables that point at it.
//
// # Worlds
//
// A World is what exists at the start: accounts, users, roles, keys. It is
// read from a YAML file (ParseWorld; WorldSchema is its JSON Schema) or made in
// Go. Calls change the server's state, never the World; with Options.Dir the
// state outlives the process, even a kill.
//
// The built-in world (BuiltinWorld; BuiltinYAML is its source) has two
// accounts and two regions, us-east-1 and eu-west-1.
//
//	111111111111
//	  user alice        administrator, the default user; AKIADEVALICE0EXAMPLE
//	  user bob          no permissions of his own;       AKIADEVBOB000EXAMPLE
//	  user carol        MFA code 123456;                 AKIADEVCAROL0EXAMPLE
//	  role sops-dev     the five permissions that SOPS needs; for alice and bob
//	  role example-app  no policies, named by the key alias/example-app
//	  role external     external id sops-external-id
//	  role careful      for carol with her MFA code
//	  role ci           for web identity tokens of https://ci.example.com
//	  role relay        may assume 222222222222's role chained
//	  role machine      of the instance, the task, the pod and the certificate
//	  permission set developer, for alice@example.com
//	  alias/sops-dev       us-east-1  11111111-1111-4111-8111-000000000001
//	  alias/sops-dev       eu-west-1  11111111-1111-4111-8111-000000000002
//	  alias/example-app    us-east-1  11111111-1111-4111-8111-000000000003
//	                       decrypts for example-app if the context has AppName
//	                       ExampleApp and FilePath /var/opt/secrets/
//	  alias/sops-mrk       both       mrk-11111111111141118111000000000004
//	  alias/sops-disabled  us-east-1  11111111-1111-4111-8111-000000000005
//	  alias/sops-deleted   us-east-1  11111111-1111-4111-8111-000000000006
//	222222222222
//	  user dave         administrator;                   AKIADEVDAVE00EXAMPLE
//	  role sops-prod    trusts all of 111111111111
//	  role chained      trusts 111111111111's role relay
//	  alias/sops-prod      us-east-1  22222222-2222-4222-8222-000000000001
//	  alias/sops-prod      eu-west-1  22222222-2222-4222-8222-000000000002
//	  alias/shared         us-east-1  22222222-2222-4222-8222-000000000003
//	                       111111111111 may use it
//
// The secret of NAME's access key is devkms/NAME/not/a/secret/EXAMPLE.
//
// # Identities
//
// A program finds its identity as it does at AWS, by the code of its own SDK:
// from a login of IAM Identity Center or of the console, from the metadata
// service of an instance, from the agent beside a task or a pod, for a web
// identity token or for a certificate. EnvironFor makes the environment of such
// a program.
//
// # One address
//
// One address serves all services, all accounts and all regions: the account
// follows from the credentials, service and region from the scope of the
// signature. It is an address of 127.0.0.1, and calls from elsewhere are
// refused even where a Server is mounted on another listener.
//
// # Time and trouble
//
// Advance moves the clock of the world, so that sessions expire and deletions
// fall due. SetFault makes calls fail in the ways in which networks and AWS
// fail.
//
// # What is inside
//
// The policy evaluator, signatures, KMS and STS are packages of their own in
// internal; what they model of AWS, and what not, is in the comment of
// internal/iam and in docs/devkms.md.
package devkms
