package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// byFile takes the lock of path by a file beside it, for a file system that
// refused a lock for the reason given.
func byFile(path string, refusal error) (unlock func(), h *holder, err error) {
	target, err := resolve(path)
	if err != nil {
		return nil, nil, unwritten(path, err)
	}
	unlock, h, err = lockFile(lockName(target))
	if err != nil {
		return nil, nil, unwritten(path, fmt.Errorf("%w: the file system has no locks (%w), and no lock file can be made: %w",
			errors.ErrUnsupported, refusal, err))
	}
	return unlock, h, nil
}

func lockName(target string) string {
	dir, base := filepath.Split(target)
	return filepath.Join(dir, "."+short(base)+".sops-lock")
}

// lockFile makes the file name, which holds the number of this process and the
// machine on which that means something. One of a dead process of this machine
// is removed; one of another machine has to be waited for.
func lockFile(name string) (unlock func(), h *holder, err error) {
	me := fmt.Sprintf("%d %s\n", os.Getpid(), machine())
	for range 10 {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|noFollow, 0o644)
		if err == nil {
			_, err = f.WriteString(me)
			if err := errors.Join(err, f.Close()); err != nil {
				os.Remove(name)
				return nil, nil, err
			}
			return func() { os.Remove(name) }, nil, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, nil, err
		}
		id, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		if !isDead(string(id)) || !takeAway(name, string(id)) {
			return nil, &holder{key: string(id), name: func() string { return holderIn(string(id)) }, file: name}, nil
		}
	}
	return nil, &holder{name: func() string { return another }, file: name}, nil
}

// takeAway removes the lock file of a dead process. Another process may have
// done so already, and made its own: then that is put back.
func takeAway(name, dead string) bool {
	aside := fmt.Sprintf("%s-%d", name, os.Getpid())
	if os.Rename(name, aside) != nil {
		return false
	}
	defer os.Remove(aside)
	id, err := os.ReadFile(aside)
	if err == nil && string(id) == dead {
		return true
	}
	_ = os.Link(aside, name)
	return false
}

// isDead reports whether the process of a lock file ran on this machine and
// runs no more.
func isDead(id string) bool {
	pid, host, ok := parseLock(id)
	return ok && host == machine() && !runs(pid)
}

// holderIn names the process of a lock file.
func holderIn(id string) string {
	pid, host, ok := parseLock(id)
	switch {
	case !ok:
		return another
	case host == machine():
		return fmt.Sprintf("process %d", pid)
	}
	name, _, _ := strings.Cut(host, " ")
	return fmt.Sprintf("process %d on %q", pid, name)
}

func parseLock(id string) (pid int, host string, ok bool) {
	number, host, ok := strings.Cut(strings.TrimSuffix(id, "\n"), " ")
	pid, err := strconv.Atoi(number)
	return pid, host, ok && err == nil && pid > 0
}

// machine names this machine since its start, and on Linux the name space of
// its process numbers: containers share directories and host names.
func machine() string {
	host, _ := os.Hostname()
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	pids, _ := os.Readlink("/proc/self/ns/pid")
	return strings.Join([]string{host, strings.TrimSpace(string(boot)), pids}, " ")
}
