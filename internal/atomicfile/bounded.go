package atomicfile

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// ReadAtMost reads the file at path if it holds no more than limit bytes: a
// device that never ends, or a file of any size, costs no more memory than
// that. A pipe is read only by the name of a descriptor of this process; one
// that is found under a name of the file system would keep the process waiting.
func ReadAtMost(path string, limit int64) ([]byte, error) {
	if _, ok := descriptorOf(path); !ok && isPipe(path) {
		return nil, unread(path, errNotRegular)
	}
	src, err := openSource(path)
	if err != nil {
		return nil, unread(path, err)
	}
	defer src.Close()
	info, err := src.Stat()
	switch {
	case err != nil:
		return nil, unread(path, err)
	case info.IsDir():
		return nil, unread(path, syscall.EISDIR)
	}
	data, err := io.ReadAll(io.LimitReader(src, limit+1))
	switch {
	case err != nil:
		return nil, unread(path, err)
	case int64(len(data)) > limit:
		return nil, unread(path, fmt.Errorf("it is larger than %d bytes", limit))
	}
	return data, nil
}

// Replace writes data to path, at which there may be a regular file or nothing
// yet, as Create does. It waits for nothing, and so takes no context: what is
// not a regular file is refused.
func Replace(path string, data []byte, mode fs.FileMode) error {
	target, err := resolve(path)
	if err != nil {
		return unwritten(path, err)
	}
	if info, err := os.Lstat(target); err == nil && !info.Mode().IsRegular() {
		return unwritten(path, errNotRegular)
	}
	return unwritten(path, replaceAny(target, data, mode))
}
