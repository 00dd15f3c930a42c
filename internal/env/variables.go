package env

// A Variable is one that the program reads.
type Variable struct{ Name, Meaning string }

// Variables is the registry of the variables that belong to no kind of key, in
// the order of help texts. Those of a kind are in its description (keeper.Kind).
func Variables() []Variable {
	return []Variable{
		{"SOPS_CONFIG", "the configuration to use instead of looking for .sops.yaml"},
		{"SOPS_AUDIT_CONFIG", "where to record the use of files, beside /etc/sops/audit.yaml"},
		{"SOPS_DECRYPTION_ORDER", "kinds of keys to try first (default age,pgp)"},
		{"SOPS_KEYSERVICE", "key services to ask, with commas between them"},
		{"SOPS_ENABLE_LOCAL_KEYSERVICE", "false, or empty, to use no keys of this machine"},
		{"SOPS_EDITOR", "the editor, with arguments"},
		{"EDITOR", "the editor if SOPS_EDITOR is not set"},
		{"XDG_CONFIG_HOME", "where sops/age/keys.txt and sops/aws.yaml are looked for"},
		{"XDG_RUNTIME_DIR", "where edit and exec-file keep the decrypted text, if it is in memory"},
		{"TMPDIR", "where they keep it otherwise"},
		{"SOPS_GCS_ENDPOINT", "where publish finds Google Cloud Storage, as a URL"},
		{"STORAGE_EMULATOR_HOST", "an emulator of it, which is called without a token"},
		{"NO_COLOR", "no colour on the terminal"},
	}
}
