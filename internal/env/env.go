// Package env is the one place that reads the environment. Everything else is
// handed an Env, and the registry here is what `sops help environment` prints.
package env

import (
	"os"
	"strings"
)

// An Env looks a variable up, as os.LookupEnv does.
type Env func(name string) (value string, set bool)

// OS is the environment of the process.
func OS() Env { return os.LookupEnv }

// All returns the variables of the process in the form NAME=value.
func All() []string { return os.Environ() }

// Get returns the value of a variable, "" if it is not set.
func (e Env) Get(name string) string {
	if e == nil {
		return ""
	}
	v, _ := e(name)
	return v
}

// Lookup returns the value of a variable, and whether it is set.
func (e Env) Lookup(name string) (value string, set bool) {
	if e == nil {
		return "", false
	}
	return e(name)
}

// Map returns an Env that holds the given variables and no others.
func Map(vars map[string]string) Env {
	return func(name string) (string, bool) {
		v, ok := vars[name]
		return v, ok
	}
}

// Home returns the user's home directory, "" if it is unknown.
func (e Env) Home() string {
	if h := e.Get("HOME"); h != "" {
		return h
	}
	return e.Get("USERPROFILE")
}

// ConfigHome returns the directory of the user's configuration files, "" if it
// is unknown.
func (e Env) ConfigHome() string {
	if d := e.Get("XDG_CONFIG_HOME"); d != "" {
		return d
	}
	if h := e.Home(); h != "" {
		return strings.TrimSuffix(h, "/") + "/.config"
	}
	return ""
}
