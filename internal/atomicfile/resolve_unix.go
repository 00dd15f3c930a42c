//go:build unix

package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	noFollow = syscall.O_NOFOLLOW
	nonBlock = syscall.O_NONBLOCK
)

// resolve follows the symbolic links of path to the name where its file is or,
// after a dangling link, would be.
//
// The kernel would follow links too, and where fs.protected_symlinks is set
// refuse those that another user planted in a directory such as /tmp. It can do
// so only for a name that it walks itself, and a rename does not follow links:
// so the walk is here, and with it the rule of the kernel, for every component
// and whatever the setting.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	w := &walk{at: "/", rest: components(path)}
	for len(w.rest) > 0 {
		if err := w.step(); err != nil {
			return "", err
		}
		if err := w.arrive(); err != nil {
			return "", err
		}
	}
	return w.at, nil
}

func components(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

// A walk follows a path name by name.
type walk struct {
	at      string
	missing bool // nothing is at that name
	rest    []string
	count   int
	foreign []foreignLink
}

// A foreignLink is a link of another user whose target was not reached yet.
type foreignLink struct {
	name  string
	owner uint32
	rest  int // components that follow the link
}

func (w *walk) step() error {
	name := w.rest[0]
	w.rest = w.rest[1:]
	if name == "." || name == ".." {
		if name == ".." {
			w.at = filepath.Dir(w.at)
		}
		return nil
	}
	next := filepath.Join(w.at, name)
	info, err := os.Lstat(next)
	switch {
	case errors.Is(err, fs.ErrNotExist) && len(w.rest) == 0:
		w.missing = true // only the directory has to exist
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return w.follow(next, info)
	case len(w.rest) > 0 && !info.IsDir():
		return syscall.ENOTDIR
	}
	w.at = next
	return nil
}

// follow goes where the link at name leads.
func (w *walk) follow(name string, info fs.FileInfo) error {
	if w.count++; w.count > 40 { // as many links as Linux follows
		return errors.New("too many symbolic links")
	}
	owner := ownerOf(info)
	dir, err := os.Lstat(w.at)
	if err != nil {
		return err
	}
	if owner != 0 && !isUser(owner) {
		if isShared(dir) && owner != ownerOf(dir) {
			return planted(fmt.Sprintf("%s is a symbolic link that user %d put into a directory where others may write", name, owner))
		}
		w.foreign = append(w.foreign, foreignLink{name, owner, len(w.rest)})
	}
	to, err := os.Readlink(name)
	if err != nil {
		return err
	}
	if filepath.IsAbs(to) {
		w.at = "/"
	}
	w.rest = append(components(to), w.rest...)
	return nil
}

// arrive refuses a link of another user that has led to what is not theirs:
// they would choose with our rights.
func (w *walk) arrive() error {
	for len(w.foreign) > 0 {
		link := w.foreign[len(w.foreign)-1]
		if len(w.rest) > link.rest {
			return nil
		}
		w.foreign = w.foreign[:len(w.foreign)-1]
		there := w.at
		if w.missing {
			there = filepath.Dir(there)
		}
		info, err := os.Lstat(there)
		if err != nil {
			return err
		}
		if owner := ownerOf(info); owner != link.owner {
			return planted(fmt.Sprintf("%s is a symbolic link of user %d, and leads to what belongs to user %d", link.name, link.owner, owner))
		}
	}
	return nil
}

func planted(what string) error {
	return &plantedError{what: what, instead: "write to another name, or to the file itself if it is the right one"}
}

// trusted returns the state of what is at target and reports whether another
// user may have put it there to get at what is written: it is in a directory
// where others may write, and belongs neither to this user nor to the owner of
// the directory. That is the rule of fs.protected_regular and
// fs.protected_fifos, whatever their setting. Strict counts a directory that a
// group may write as one of others.
func trusted(target string, strict bool) (fs.FileInfo, error) {
	info, err := os.Lstat(target)
	if err != nil {
		return nil, err
	}
	dir, err := os.Lstat(filepath.Dir(target))
	if err != nil {
		return nil, err
	}
	owner := ownerOf(info)
	if !isShared(dir) && !(strict && dir.Mode()&0o020 != 0 && owner != 0) {
		return info, nil
	}
	if !isUser(owner) && owner != ownerOf(dir) {
		return nil, planted(fmt.Sprintf("it belongs to user %d, in a directory where others may write", owner))
	}
	if info.Mode().IsRegular() && links(info) > 1 && !linksAreProtected() {
		return nil, planted("it has a second name, which another user may have given it, in a directory where others may write")
	}
	return info, nil
}

// linksAreProtected reports whether the kernel refuses to give a second name
// to a file that its user may not write.
func linksAreProtected() bool {
	b, err := os.ReadFile("/proc/sys/fs/protected_hardlinks")
	return err == nil && strings.TrimSpace(string(b)) == "1"
}

// trustOpened reports whether f is what trusted has seen at target.
func trustOpened(f *os.File, target string, strict bool) error {
	seen, err := trusted(target, strict)
	if err != nil {
		return err
	}
	if mine, err := f.Stat(); err != nil || !os.SameFile(mine, seen) {
		return fmt.Errorf("%w: another file is there", ErrChanged)
	}
	return nil
}

// isShared reports whether others than its owner may put files into dir: all
// users, or where files are safe from each other's owners its group.
func isShared(dir fs.FileInfo) bool {
	return dir.Mode()&0o002 != 0 || dir.Mode()&fs.ModeSticky != 0 && dir.Mode()&0o020 != 0
}

func ownerOf(info fs.FileInfo) uint32 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Uid
	}
	return uint32(os.Geteuid())
}

func isUser(uid uint32) bool { return int(uid) == os.Geteuid() }

// ours reports whether the file at name was left by a process of this user: it
// belongs to the user, or to the owner of target, the user that a write gives its files to.
func ours(name, target string) bool {
	info, err := os.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	if isUser(ownerOf(info)) {
		return true
	}
	there, err := os.Lstat(target)
	return err == nil && os.Geteuid() == 0 && ownerOf(there) == ownerOf(info)
}
