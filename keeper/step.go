package keeper

// A Step is one thing that a keeper looked at to find out how far it comes with
// a wrapped key.
type Step struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
	Hint   string `json:"hint,omitempty"`
}
