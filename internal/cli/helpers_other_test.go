//go:build !unix

package cli_test

// helpers are programs for scripts.
func helpers() map[string]func() { return map[string]func(){} }
