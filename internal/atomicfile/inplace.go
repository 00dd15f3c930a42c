package atomicfile

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// inPlace overwrites the target, whose state is info. The backup stays only if
// the old content could not be restored, or if the process dies meanwhile.
func (r *replacement) inPlace(info fs.FileInfo) error {
	f, err := os.OpenFile(r.target, os.O_RDWR|noFollow|nonBlock, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if now, err := f.Stat(); err != nil || !os.SameFile(now, info) {
		return fmt.Errorf("%w: another file is there", ErrChanged)
	}
	backup, err := r.backup(f)
	if err != nil {
		return err
	}
	defer backup.file.Close()
	if err := r.verify(); err != nil {
		os.Remove(backup.name)
		return err
	}
	if err := fill(f, r.data); err != nil {
		if undo := restore(f, backup.name); undo != nil {
			return &damagedError{target: r.target, backup: backup.name, err: errors.Join(err, undo)}
		}
		os.Remove(backup.name)
		return err
	}
	backup.release()
	if err := os.Remove(backup.name); err != nil {
		return &writtenError{fmt.Errorf("its old content in %s could not be removed: %w", backup.name, err)}
	}
	return nil
}

// A backup is a copy of a file that is overwritten in place. Its process holds
// a lock on it, as on a temporary file.
type backup struct {
	name string
	file *os.File
}

// release closes the file where an open one cannot be removed.
func (b *backup) release() {
	if runtime.GOOS == "windows" {
		b.file.Close()
	}
}

// restore brings f back to the content of the file backup.
func restore(f *os.File, backup string) error {
	old, err := os.ReadFile(backup)
	if err != nil {
		return err
	}
	return fill(f, old)
}

// backup saves the content of f beside the target, or where that directory may
// not be written in the directory for temporary files.
func (r *replacement) backup(f *os.File) (*backup, error) {
	t, err := newTemp(r.target, 0o600)
	if cannotReplace(err) {
		return distantBackup(f, r.target)
	}
	if err != nil {
		return nil, unsaved(err)
	}
	if err := save(t.file, f); err != nil {
		t.discard()
		return nil, unsaved(err)
	}
	// Only whole backups have that name, and none is overwritten: it may be all
	// that is left of the file.
	name := backupName(r.target)
	if err := t.link(name); err != nil {
		t.discard()
		if errors.Is(err, fs.ErrExist) {
			return nil, &interruptedError{target: r.target, backup: name}
		}
		return nil, unsaved(err)
	}
	if !t.placed {
		os.Remove(t.file.Name())
	}
	return &backup{name, t.file}, r.syncDir(filepath.Dir(name))
}

// distantBackup saves the content of f in the directory for temporary files,
// which others may write too: the name has to be random.
func distantBackup(f *os.File, target string) (*backup, error) {
	b, err := os.CreateTemp("", distantName(target)+"*")
	if err != nil {
		return nil, unsaved(err)
	}
	_, _ = tryLock(b)
	if err := save(b, f); err != nil {
		b.Close()
		os.Remove(b.Name())
		return nil, unsaved(err)
	}
	return &backup{b.Name(), b}, nil
}

// distantName begins the name of a backup that is not beside its target.
func distantName(target string) string {
	sum := sha256.Sum256([]byte(target))
	return fmt.Sprintf(".%s.sops-backup-%x-", short(filepath.Base(target)), sum[:6])
}

// save copies the content of f to the disk.
func save(to, f *os.File) error {
	if _, err := io.Copy(to, f); err != nil {
		return err
	}
	return to.Sync()
}

func unsaved(err error) error {
	return fmt.Errorf("it can only be overwritten in place, and its old content cannot be saved first: %w", err)
}

func backupName(target string) string {
	dir, base := filepath.Split(target)
	return filepath.Join(dir, "."+short(base)+".sops-backup")
}

// Leftover returns the name of the backup that an interrupted write of path
// left, or "". Only a write in place leaves one. It is removed if the write had
// not begun to change the file.
func Leftover(path string) string {
	if _, ok := descriptorOf(path); ok {
		return ""
	}
	target, err := resolve(path)
	if err != nil {
		return ""
	}
	names := []string{backupName(target)}
	if !mayCreate(filepath.Dir(target)) {
		pattern := distantName(target)
		entries, _ := os.ReadDir(os.TempDir())
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), pattern) {
				names = append(names, filepath.Join(os.TempDir(), e.Name()))
			}
		}
	}
	for _, name := range names {
		if ours(name, target) && abandoned(name) && !untouched(name, target) {
			return name
		}
	}
	return ""
}

// abandoned reports whether the process is dead that made the backup at name.
func abandoned(name string) bool {
	f, err := os.OpenFile(name, os.O_RDWR|noFollow|nonBlock, 0)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	defer f.Close()
	locked, err := tryLock(f)
	return (locked || err != nil) && isStill(f, name)
}

// untouched removes the backup at name if target holds the same.
func untouched(name, target string) bool {
	old, err := os.ReadFile(name)
	if err != nil {
		return false
	}
	f, err := os.OpenFile(target, os.O_RDONLY|noFollow|nonBlock, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	same, err := holds(f, old)
	return err == nil && same && os.Remove(name) == nil
}
