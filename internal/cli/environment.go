package cli

import (
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// variables lists all variables that the program reads: its own, then those of
// each kind of key.
func variables() []env.Variable {
	all := env.Variables()
	for _, kind := range kinds.All() {
		for _, v := range kind.Variables {
			all = append(all, env.Variable(v))
		}
	}
	return all
}
