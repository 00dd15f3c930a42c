package atomicfile

import (
	"fmt"
	"io"
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
