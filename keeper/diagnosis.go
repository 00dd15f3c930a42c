package keeper

import (
	"context"
	"time"
)

// A Diagnoser is a Keeper that tries a wrapped key in every way that Unwrap
// would, and reports on each.
type Diagnoser interface {
	Diagnose(ctx context.Context, w WrappedKey) Diagnosis
}

// A Diagnosis is what a Diagnoser finds out about one wrapped key.
type Diagnosis struct {
	Opens    bool
	Problem  string // why nothing was tried
	Hints    []string
	Attempts []Attempt
	// Details is the diagnosis for programs, in the words of the kind; it is
	// encoded as JSON under the name of Service.
	Service string
	Details any
}

// An Attempt is one way in which a key was tried.
type Attempt struct {
	As     string // which identity, and where
	Steps  []TimedStep
	Cause  string // why it failed; "" if it did not
	Hint   string
	Absent bool // there is no such identity, which is worth one line in all
}

// A TimedStep is a Step with the time that it took.
type TimedStep struct {
	Step
	Took time.Duration
}

// An Identifier is a Keeper that finds out which identity this machine calls its
// service as, where no file asks for another.
type Identifier interface {
	Identify(ctx context.Context) Picture
}

// A Picture shows an identity, how the machine comes to it, and why it is that one.
type Picture struct {
	OK    bool
	Lines []string // for people
	Hints []string
	// Details is the same for programs, as in a Diagnosis.
	Service string
	Details any
}
