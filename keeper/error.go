package keeper

import "fmt"

// A UseError is a key that a service did not use: which, for what, as what, and
// why.
type UseError struct {
	Service string // Google Cloud KMS
	Key     string
	Verb    string // encrypt or decrypt
	Who     string // "" if it is not known
	Err     error
	Advice  []string
}

func (e *UseError) Error() string {
	text := fmt.Sprintf("%s key %s: cannot %s the data key: ", e.Service, e.Key, e.Verb)
	if e.Who != "" {
		text += "as " + e.Who + ": "
	}
	return text + e.Err.Error()
}

// Unwrap returns the reason.
func (e *UseError) Unwrap() error { return e.Err }

// Hints says what to do.
func (e *UseError) Hints() []string { return e.Advice }

// A DamagedError is a wrapped key that the service cannot have written.
type DamagedError struct {
	Service, Key string
	Encoding     string // that enc is to have, and does not
	Err          error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s key %s: enc is not %s: %v", e.Service, e.Key, e.Encoding, e.Err)
}

// Unwrap returns the reason.
func (e *DamagedError) Unwrap() error { return e.Err }

// EarlierHint says where a wrapped key may be that is not damaged.
const EarlierHint = "take the entry from an earlier version of the file, such as git log -p -- FILE shows"

// Hints returns EarlierHint.
func (*DamagedError) Hints() []string { return []string{EarlierHint} }

// A SettingError is a variable of the environment that cannot be meant as it is.
type SettingError struct {
	Variable, Reason string
	Advice           string // what to set it to
}

func (e *SettingError) Error() string { return e.Variable + ": " + e.Reason }

// Hints says what to set the variable to.
func (e *SettingError) Hints() []string { return []string{e.Advice} }
