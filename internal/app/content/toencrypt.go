package content

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/discover"
	"github.com/seed-1f7fdfb8/sops/internal/formatname"
)

// ToEncrypt reports whether a file that was found below a directory is one to
// encrypt, or is encrypted already. A rule with a path_regex speaks of all files that it
// matches; a rule or flag without one can only mean those that hold data by their
// name. Configuration is no secret.
func ToEncrypt(a *app.App, o EncryptOptions, f discover.File) bool {
	name := filepath.Base(f.Path)
	if name == config.Name || strings.HasPrefix(name, ".git") {
		return false
	}
	_, data := formatname.ForPath(f.Path)
	path, err := a.ConfigPath(app.File{Path: f.Path}, o.Common)
	if err != nil || path == "" {
		return data
	}
	cfg, err := a.Configuration(path)
	if err != nil {
		return data // the command says what is wrong with the configuration
	}
	r, err := cfg.RuleFor(a.RulePath(app.File{Path: f.Path}))
	if err != nil {
		return data && o.Creation.Keys.Given()
	}
	return data || r.PathRegex != ""
}

// EncryptFound is Encrypt for a file that may have been found below a directory,
// where what is encrypted already stays as it is.
func EncryptFound(ctx context.Context, a *app.App, o EncryptOptions, f discover.File) error {
	if f.Class == discover.Encrypted && !o.AllowEncrypted {
		a.Outcome().Format, a.Outcome().UpToDate = f.Format, "encrypted already"
		return nil
	}
	return Encrypt(ctx, a, o)
}
