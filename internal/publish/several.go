package publish

import (
	"fmt"
	"strings"
)

// What destinations need that keep several things for one file.

// Overall is the state of a file whose parts have these states. More than the
// content may differ.
func Overall(states map[State]int, more bool) State {
	parts := 0
	for _, n := range states {
		parts += n
	}
	switch {
	case states[Same] == parts && !more:
		return Same
	case states[New] == parts:
		return New
	case states[Unknown] > 0 && states[New]+states[Changed] == 0:
		return Unknown
	}
	return Changed
}

// SoFar follows the error of a part, after the writes of those before it.
func SoFar(done, all int) string {
	if done == 0 || all == 1 {
		return ""
	}
	return fmt.Sprintf(" (%d of %d are as they are to be)", done, all)
}

// Lacking returns the tags of want that are not among those of has.
func Lacking(want, has map[string]string) map[string]string {
	lacking := map[string]string{}
	for key, value := range want {
		if was, ok := has[key]; !ok || was != value {
			lacking[key] = value
		}
	}
	return lacking
}

// OtherKey reports whether a service of AWS uses another KMS key than is wanted.
// Only like names can be compared: an alias may be that of any key.
func OtherKey(want, has string) bool {
	const own = "alias/aws/" // of the services themselves
	switch {
	case want == "", strings.HasPrefix(want, own) && (has == "" || has == want):
		return false
	case has == "", strings.HasPrefix(has, own):
		return true
	}
	isAlias := func(name string) bool { return strings.HasPrefix(name, "alias/") || strings.Contains(name, ":alias/") }
	if isAlias(want) != isAlias(has) {
		return false
	}
	last := func(name string) string {
		name = name[strings.LastIndex(name, ":")+1:]
		return strings.TrimPrefix(name, "key/")
	}
	return last(want) != last(has)
}
