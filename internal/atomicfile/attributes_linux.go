package atomicfile

import (
	"bytes"
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// keepAttributes gives f the extended attributes of the file at target, its
// access control list among them, and takes away what f has beyond them. An
// error says that f would differ from the target.
func keepAttributes(f *os.File, target string) error {
	old, err := os.OpenFile(target, os.O_RDONLY|noFollow|nonBlock, 0)
	if errors.Is(err, os.ErrPermission) { // a file that may be written but not read
		old, err = os.OpenFile(target, os.O_WRONLY|noFollow|nonBlock, 0)
	}
	if err != nil {
		return err
	}
	defer old.Close()
	want, err := attributes(old)
	if err != nil {
		return err
	}
	have, err := attributes(f)
	if err != nil {
		return err
	}
	for name := range have {
		if _, ok := want[name]; ok || ofTheKernel(name) {
			continue
		}
		if err := unix.Fremovexattr(int(f.Fd()), name); err != nil && !errors.Is(err, unix.ENODATA) {
			return os.NewSyscallError("fremovexattr", err)
		}
	}
	for name, value := range want {
		if now, ok := have[name]; ok && bytes.Equal(now, value) || ofTheKernel(name) {
			continue
		}
		if err := unix.Fsetxattr(int(f.Fd()), name, value, 0); err != nil {
			return os.NewSyscallError("fsetxattr", err)
		}
	}
	return nil
}

// ofTheKernel reports whether an attribute describes the content of its file:
// a write of any kind takes it away, or the kernel makes it anew.
func ofTheKernel(name string) bool {
	switch name {
	case "security.ima", "security.evm", "security.capability":
		return true
	}
	return false
}

// attributes returns the extended attributes of f, none on a file system that
// has none.
func attributes(f *os.File) (map[string][]byte, error) {
	names, err := sized(func(b []byte) (int, error) { return unix.Flistxattr(int(f.Fd()), b) })
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENOSYS) {
		return nil, nil
	}
	if err != nil {
		return nil, os.NewSyscallError("flistxattr", err)
	}
	all := map[string][]byte{}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		if name == "" {
			continue
		}
		value, err := sized(func(b []byte) (int, error) { return unix.Fgetxattr(int(f.Fd()), name, b) })
		if errors.Is(err, unix.ENODATA) || errors.Is(err, unix.ENOTSUP) {
			continue // gone meanwhile, or listed without being there
		}
		if err != nil {
			return nil, os.NewSyscallError("fgetxattr", err)
		}
		all[name] = value
	}
	return all, nil
}

// sized asks call for the size of its answer and then for the answer.
func sized(call func([]byte) (int, error)) ([]byte, error) {
	for {
		n, err := call(nil)
		if err != nil || n == 0 {
			return nil, err
		}
		b := make([]byte, n)
		n, err = call(b)
		if err == nil {
			return b[:n], nil
		}
		if !errors.Is(err, unix.ERANGE) { // it grew meanwhile
			return nil, err
		}
	}
}
