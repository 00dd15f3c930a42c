package cli

// An exitCode is one line of the table of exit codes.
type exitCode struct {
	code    int
	meaning string
}

func exitCodes() []exitCode {
	return []exitCode{
		{0, "success"},
		{1, "any failure without a code of its own"},
		{2, "the input cannot be read or parsed"},
		{3, "the output cannot be written; unknown help topic"},
		{4, "the content cannot be written in the output type"},
		{6, "the encryption context is malformed or without effect"},
		{7, "set, unset: the path or the value is malformed"},
		{8, "flags or settings exclude each other"},
		{23, "the content cannot be encrypted"},
		{25, "a value cannot be decrypted"},
		{49, "rotate: keys are to be changed in a file that does not exist"},
		{51, "the MAC is missing or does not fit the content"},
		{91, "decrypt --extract: the path is malformed"},
		{92, "the input holds no document"},
		{100, "no file, or the file does not exist"},
		{112, "--decryption-order names a kind twice"},
		{126, "exec-env, exec-file: the program cannot be run"},
		{127, "exec-env, exec-file: the program is not there"},
		{128, "no master key gave out the data key"},
		{129, "ended by a hang-up (128 and the number of the signal)"},
		{130, "ended by Ctrl-C"},
		{143, "ended by SIGTERM"},
		{200, "edit: nothing was changed"},
		{201, "edit: the editor is missing or failed"},
		{203, "the file is encrypted already"},
	}
}
