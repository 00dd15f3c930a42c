package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// inPlace overwrites the target. The backup stays only if the old content could
// not be restored, or if the process dies meanwhile.
func (r *replacement) inPlace() error {
	f, err := os.OpenFile(r.target, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	backup, err := r.backup(f)
	if err != nil {
		return err
	}
	if err := r.verify(); err != nil {
		os.Remove(backup)
		return err
	}
	if err := fill(f, r.data); err != nil {
		if undo := restore(f, backup); undo != nil {
			return &damagedError{backup: backup, err: errors.Join(err, undo)}
		}
		os.Remove(backup)
		return err
	}
	return os.Remove(backup)
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
// not be written in the directory for temporary files, and returns its name.
func (r *replacement) backup(f *os.File) (string, error) {
	t, err := newTemp(r.target, 0o600)
	if errors.Is(err, fs.ErrPermission) {
		return distantBackup(f, filepath.Base(r.target))
	}
	if err != nil {
		return "", unsaved(err)
	}
	defer t.discard()
	if err := save(t.file, f); err != nil {
		return "", unsaved(err)
	}
	// Only whole backups have that name, and none is overwritten: it may be all
	// that is left of the file.
	name := backupName(r.target)
	err = t.link(name)
	if errors.Is(err, fs.ErrExist) {
		return "", &interruptedError{target: r.target, backup: name}
	}
	if err != nil {
		return "", unsaved(err)
	}
	return name, syncDir(filepath.Dir(name))
}

// distantBackup saves the content of f in the directory for temporary files,
// which others may write too: the name has to be random.
func distantBackup(f *os.File, base string) (string, error) {
	b, err := os.CreateTemp("", "."+short(base)+".sops-backup-*")
	if err != nil {
		return "", unsaved(err)
	}
	if err := errors.Join(save(b, f), b.Close()); err != nil {
		os.Remove(b.Name())
		return "", unsaved(err)
	}
	return b.Name(), nil
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
// left beside it, or "". Only a write in place leaves one.
func Leftover(path string) string {
	target, err := resolve(path)
	if err != nil {
		return ""
	}
	name := backupName(target)
	if _, err := os.Lstat(name); err != nil {
		return ""
	}
	return name
}
