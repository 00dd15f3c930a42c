package app

import (
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/around"
	"github.com/seed-1f7fdfb8/sops/keeper/keyservice"
)

// Variables about key services.
const (
	localVariable    = "SOPS_ENABLE_LOCAL_KEYSERVICE"
	servicesVariable = "SOPS_KEYSERVICE"
)

// localKeys reports whether the keys of this machine may be used. A variable
// that is set but empty means no, as SOPS has it.
func (a *App) localKeys(flag string) (bool, error) {
	text := flag
	if text == "" {
		value, set := a.Env.Lookup(localVariable)
		if !set || value == "" {
			return !set, nil
		}
		text = value
	}
	use, err := strconv.ParseBool(text)
	if err != nil {
		return false, Fail(Other, "unset it, or set it to true", localVariable+" is neither true nor false")
	}
	return use, nil
}

// errNoKeys is that the keys of this machine are switched off without a key
// service in their place.
func errNoKeys() error {
	return Fail(Other, "leave out --enable-local-keyservice=false and unset "+localVariable+", or name a service with --keyservice",
		"the keys of this machine are switched off, and there is no key service to use instead")
}

// keyServices returns the key services of the environment and then of the flags.
// Entries that are empty, as a variable leaves them that is not set, name none.
func (a *App) keyServices(o Access) ([]around.Service, error) {
	var services []around.Service
	for _, uri := range append(strings.Split(a.Env.Get(servicesVariable), ","), o.KeyServices...) {
		if uri = strings.TrimSpace(uri); uri == "" {
			continue
		}
		address, err := keyservice.ParseAddress(uri, a.Dir)
		if err != nil {
			return nil, err
		}
		services = append(services, keyservice.New(address, keyservice.Options{Now: a.Now, Connect: o.Attempt}))
	}
	return services, nil
}
