package env

// A Variable is one that the program reads.
type Variable struct{ Name, Meaning string }

// Variables is the registry of all variables, in the order of help texts.
func Variables() []Variable {
	return []Variable{
		{"SOPS_CONFIG", "the configuration to use instead of looking for .sops.yaml"},
		{"SOPS_KMS_ARN", "AWS KMS keys to encrypt for: ARN[+ROLE], separated by commas or white space"},
		{"SOPS_AGE_RECIPIENTS", "age recipients to encrypt for"},
		{"SOPS_PGP_FP", "PGP fingerprints to encrypt for"},
		{"SOPS_GCP_KMS_IDS", "GCP KMS resource ids to encrypt for"},
		{"SOPS_HUAWEICLOUD_KMS_IDS", "Huawei Cloud KMS keys to encrypt for"},
		{"SOPS_AZURE_KEYVAULT_URLS", "Azure Key Vault keys to encrypt for"},
		{"SOPS_VAULT_URIS", "HashiCorp Vault transit keys to encrypt for"},
		{"SOPS_KMS_ENCRYPTION_CONTEXT", "the encryption context of AWS keys: K:V,K2:V2 or a JSON object"},
		{"SOPS_DECRYPTION_ORDER", "kinds of keys to try first (default age,pgp)"},
		{"SOPS_ENABLE_LOCAL_KEYSERVICE", "false to use no keys of this machine"},
		{"SOPS_EDITOR", "the editor, with arguments"},
		{"EDITOR", "the editor if SOPS_EDITOR is not set"},
		{"SOPS_AWS_PROFILE", "like --aws-profile: P, ACCOUNT=P, separated by commas"},
		{"SOPS_AWS_ROLE", "like --aws-role: ARN, ACCOUNT=ARN, separated by commas"},
		{"SOPS_AWS_NO_ASSUME_ROLE", "like --no-assume-role"},
		{"SOPS_AWS_STRICT_IDENTITY", "like --strict-identity"},
		{"SOPS_AWS_MFA_TOKEN", "the MFA code, where there is no terminal to ask on"},
		{"SOPS_AWS_ALLOW_ACCOUNTS", "the only accounts that files may name"},
		{"SOPS_AWS_ALLOW_ROLES", "the only roles that files may name"},
		{"SOPS_AWS_ALLOW_PROFILES", "the only profiles that files may name"},
		{"SOPS_AWS_MRK_REGIONS", "regions to try for multi-region keys"},
		{"SOPS_AGE_KEY", "age identities"},
		{"SOPS_AGE_KEY_FILE", "a file of age identities"},
		{"SOPS_AGE_KEY_CMD", "a command that prints age identities"},
		{"SOPS_AGE_SSH_PRIVATE_KEY_FILE", "an SSH key to use as an age identity"},
		{"SOPS_AGE_SSH_PRIVATE_KEY_CMD", "a command that prints such a key"},
		{"SOPS_GPG_EXEC", "the gpg to run (default gpg)"},
		{"SOPS_PGP_KEYRING", "a file of OpenPGP keys to use before those of gpg"},
		{"GNUPGHOME", "where gpg keeps its keys (default ~/.gnupg)"},
		{"GPG_TTY", "the terminal on which gpg asks for passphrases (default that of this program)"},
		{"XDG_CONFIG_HOME", "where sops/age/keys.txt and sops/aws.yaml are looked for"},
		{"XDG_RUNTIME_DIR", "where edit and exec-file keep the decrypted text, if it is in memory"},
		{"TMPDIR", "where they keep it otherwise"},
		{"NO_COLOR", "no colour on the terminal"},
		{"AWS_ROLE_SESSION_NAME", "the session name of assumed roles (default sops@HOST)"},
	}
}
