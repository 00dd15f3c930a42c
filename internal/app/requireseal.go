package app

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/integrity"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// RequireSeal refuses a file without a good seal where a rule demands one: a
// forger can take the seal off, and a seal that was made over a file without one
// vouches for nothing that was there before. Every configuration above the file may demand it, not
// only the nearest, which whoever writes to a directory can put there; so may
// one that cannot be read, since it once could.
func (a *App) RequireSeal(s *Source, good bool, o Access) error {
	if o.IgnoreMAC {
		return nil
	}
	return a.lacksSeal(s, good)
}

// lacksSeal is RequireSeal whatever the user says of MAC and seal.
func (a *App) lacksSeal(s *Source, good bool) error {
	if good {
		return nil
	}
	for _, path := range a.configsAbove(s) {
		required, err := config.RequiresIntegrity(path, a.RulePath(s.File))
		if err != nil {
			return &Error{
				Kind: integrity.ErrMAC,
				Err:  fmt.Errorf("the file carries no seal, and whether one is demanded (integrity: required) is not known: %w", err),
				Advice: []string{
					"mend " + hint.Path(path) + ", or take it away",
					"to read the file without it, add --ignore-mac",
				},
			}
		}
		if required {
			return Fail(integrity.ErrMAC, "look at what changed (git log -p FILE); if you trust it, give it a seal with: sops rotate -i --ignore-mac "+hint.Path(s.Path),
				"the file carries no seal, which %s demands (integrity: required), or one that was made over a file without; another program wrote it, or the seal was taken off", path)
		}
	}
	return nil
}

// configsAbove returns every configuration that may speak of s: that of this run,
// and those in the directories above the file or, where there is none, above the
// working directory.
func (a *App) configsAbove(s *Source) []string {
	var all []string
	if s.configPath != "" {
		all = append(all, s.configPath)
	}
	if !s.IsStdin() || s.FilenameOverride != "" {
		all = append(all, config.Above(a.RulePath(s.File))...)
	}
	if len(all) == 0 {
		all = config.Above(filepath.Join(a.Dir, "standard input"))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// DecryptToChange is Decrypt for commands that write the file. Where the configuration
// cannot be read, the rule for the file is not known; then only its seal can say
// which keys it is for and what is to be encrypted.
func (a *App) DecryptToChange(ctx context.Context, s *Source, k keeper.Keeper, o Access) (*envelope.Decrypted, error) {
	decrypted, err := a.Decrypt(ctx, s, k, o)
	if err != nil {
		return nil, err
	}
	return decrypted, s.Named(s.KnowsRule(decrypted.Meta.Seal != ""))
}

// KnowsRule refuses to change a file of which neither a seal nor a rule says how
// it should be.
func (s *Source) KnowsRule(encrypted bool) error {
	if s.unknownRule == nil || encrypted {
		return nil
	}
	return &Error{
		Kind: Other,
		Err:  fmt.Errorf("the file carries no seal, and which rule holds for it is not known: %w", s.unknownRule),
		Advice: []string{
			"mend " + hint.Path(s.configPath),
			"or name another configuration with --config CONFIG (/dev/null if there is to be none)",
		},
	}
}
