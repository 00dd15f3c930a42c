package publishing

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// A file is one that is to be published.
type file struct {
	path string // as people know it
	name string // that it has at the destination, with slashes
}

// files returns what is to be published of root: the file itself, or what is below the
// directory. The name of a file is that below the directory.
func (p *publisher) files(root string) ([]file, error) {
	info, err := os.Stat(p.a.Abs(root))
	if err != nil || !info.IsDir() {
		return []file{{root, filepath.Base(p.a.Abs(root))}}, nil // whether it is there, the reading finds out
	}
	if !p.o.Recursive {
		return nil, app.Fail(app.Other, "add --recursive: sops publish --recursive "+hint.Path(root), "%s is a directory", root)
	}
	var all []file
	err = filepath.WalkDir(p.a.Abs(root), func(at string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == ".git":
			return fs.SkipDir
		case entry.IsDir() || entry.Name() == ".sops.yaml": // the configuration is no secret
			return nil
		}
		below, err := filepath.Rel(p.a.Abs(root), at)
		if err == nil {
			all = append(all, file{filepath.Join(root, below), filepath.ToSlash(below)})
		}
		return err
	})
	if err == nil && len(all) == 0 {
		return nil, app.Fail(app.Other, "", "%s: there is no file in the directory", root)
	}
	return all, err
}

// withoutExtension drops the last extension of a name.
func withoutExtension(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }
