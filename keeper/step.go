package keeper

// A Step is one thing that a keeper looked at to find out how far it comes with
// a wrapped key.
type Step struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
	Hint   string `json:"hint,omitempty"`
}

// NewStep returns a Step that went well, with its detail, or one that failed,
// with the reason in its place.
func NewStep(name string, err error, detail string) Step {
	if err != nil {
		detail = err.Error()
	}
	return Step{Name: name, OK: err == nil, Detail: detail}
}
