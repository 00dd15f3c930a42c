package discover

import (
	"io/fs"
	"os"
	"path/filepath"
)

// dirs knows which directories below the top are there themselves and no links to
// others: git goes on listing what was below a directory that a link has replaced.
type dirs struct {
	top  string
	seen map[string]bool
}

func newDirs(top string) *dirs { return &dirs{top, map[string]bool{".": true}} }

// real reports whether dir, relative to the top, is no link, nor anything above
// it.
func (d *dirs) real(dir string) bool {
	known, ok := d.seen[dir]
	if ok {
		return known
	}
	if !d.real(filepath.Dir(dir)) {
		d.seen[dir] = false
		return false
	}
	info, err := os.Lstat(filepath.Join(d.top, dir))
	d.seen[dir] = err == nil && info.IsDir()
	return d.seen[dir]
}

// sameFiles knows files by what they are, not by their names.
type sameFiles struct{ seen map[likeness][]fs.FileInfo }

// A likeness is equal for two names of one file.
type likeness struct{ size, changed int64 }

// again reports whether the file was there before under another name.
func (s *sameFiles) again(info fs.FileInfo) bool {
	key := likeness{info.Size(), info.ModTime().UnixNano()}
	for _, other := range s.seen[key] {
		if os.SameFile(info, other) {
			return true
		}
	}
	if s.seen == nil {
		s.seen = map[likeness][]fs.FileInfo{}
	}
	s.seen[key] = append(s.seen[key], info)
	return false
}
