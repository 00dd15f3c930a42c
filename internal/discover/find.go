package discover

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/formatname"
	"github.com/seed-1f7fdfb8/sops/internal/pool"
	"github.com/seed-1f7fdfb8/sops/internal/sniff"
)

// Options say where Find looks and what it keeps.
type Options struct {
	Dir     string // the working directory, which names are relative to
	Plain   bool   // find files too that are not encrypted
	Ignored bool   // find also what git ignores
	Unread  bool   // find every regular file, and read none of them
	// Quick is for callers that parse what is found: where name and look of a file
	// agree it is taken for encrypted, and the metadata is not decoded.
	Quick bool
}

// A File is one that was found.
type File struct {
	Path    string // as people would name it: the directory they gave, and what is below
	Below   string // what is below
	Content        // without Meta
}

// A Found is what is below a directory.
type Found struct {
	Files    []File   // sorted by the bytes of their paths; each file once, whatever its names
	Seen     int      // regular files
	Mentions int      // files with tokens in them that are no encrypted files
	Sparse   []string // what git knows and a sparse checkout has left out
	Nested   []string // repositories within the repository, which are not entered
	Warnings []string // what git complained of, such as directories that cannot be read
}

// Limits of what is read of a file to see whether it may be encrypted: small files
// whole, large ones at both ends. The MAC is in the metadata, which is at an end.
const (
	whole = 1 << 20
	edge  = 256 << 10
)

// Find returns the files below the directory root.
func Find(ctx context.Context, root string, o Options) (*Found, error) {
	found := &Found{}
	names, err := found.list(ctx, root, o)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	names = slices.Compact(names) // what a merge left is named once for each side
	dirs := newDirs(absolute(o.Dir, root))
	names = slices.DeleteFunc(names, func(name string) bool {
		return isTemporary(name) || !dirs.real(filepath.Dir(filepath.FromSlash(name)))
	})
	readers := max(4, 4*runtime.GOMAXPROCS(0)) // they wait for the file system more than they compute
	buffers := make(chan []byte, readers)
	for range readers {
		buffers <- nil // made when it is needed
	}
	type entry struct {
		file File
		info fs.FileInfo // nil: no regular file
		err  error
	}
	var seen Seen
	err = pool.InOrder(ctx, chunks(names), readers, func(part []string) []entry {
		buf := <-buffers
		if buf == nil {
			buf = make([]byte, whole+1)
		}
		defer func() { buffers <- buf }()
		out := make([]entry, 0, len(part))
		for _, name := range part {
			e := entry{file: File{Path: filepath.Join(root, filepath.FromSlash(name)), Below: filepath.FromSlash(name)}}
			e.info, e.file.Content, e.err = look(absolute(o.Dir, e.file.Path), buf, o)
			out = append(out, e)
		}
		return out
	}, func(part []entry) error {
		for _, e := range part {
			switch {
			case e.err != nil:
				return e.err
			case e.info == nil:
				continue
			}
			found.Seen++
			switch {
			case e.file.Class == Mentions && !o.Plain:
				found.Mentions++
			case e.file.Class == Plain && !o.Plain && !o.Unread:
			case seen.Again(e.info):
			default:
				found.Files = append(found.Files, e.file)
			}
		}
		return nil
	})
	return found, err
}

// chunks cuts a list into parts that are worth handing to another goroutine.
func chunks(names []string) [][]string { return slices.Collect(slices.Chunk(names, 64)) }

// absolute returns path as seen from dir.
func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// look reads and classifies one file; info is nil for what is no regular file, or
// not there any more.
func look(path string, buf []byte, o Options) (info fs.FileInfo, c Content, err error) {
	info, err = os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist): // deleted, and git still knows it
		return nil, c, nil
	case err != nil:
		return nil, c, err
	case !info.Mode().IsRegular():
		return nil, c, nil
	case o.Unread:
		return info, c, nil
	}
	marked, err := markedFile(path, info.Size(), buf)
	if errors.Is(err, fs.ErrPermission) {
		// It may be encrypted: the command says that it cannot be read.
		return info, Content{Class: Broken, Err: err}, nil
	}
	if err != nil || !marked {
		return info, c, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return info, c, err
	}
	if format, known := formatname.ForPath(path); o.Quick && known {
		if seen, looks := sniff.Detect(data); looks && seen == format {
			return info, Content{Class: Encrypted, Format: format}, nil
		}
	}
	c = Classify(path, data)
	c.Meta = nil // of thousands of files
	return info, c, nil
}

// markedFile reports whether a file may be encrypted. The buffer has room for a
// small file whole.
func markedFile(path string, size int64, buf []byte) (bool, error) {
	if size == 0 {
		return false, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	if size <= whole {
		n, err := io.ReadFull(f, buf[:size])
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			err = nil
		}
		return Marked(buf[:n]), err
	}
	n, err := io.ReadFull(f, buf[:edge])
	if err != nil {
		return false, ignoreEOF(err)
	}
	m, err := f.ReadAt(buf[n:n+edge], size-edge)
	return Marked(buf[:n+m]), ignoreEOF(err)
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil // it became shorter meanwhile
	}
	return err
}

// walk lists regular files where git does not.
func walk(ctx context.Context, top string) (names []string, err error) {
	err = filepath.WalkDir(top, func(at string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("the directory cannot be read: %w", err)
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case entry.IsDir() && isVersionControl(entry.Name()) && at != top:
			return fs.SkipDir
		case !entry.Type().IsRegular():
			return nil
		}
		below, err := filepath.Rel(top, at)
		names = append(names, filepath.ToSlash(below))
		return err
	})
	return names, err
}

// isTemporary reports whether package atomicfile gives such a name to what it
// makes for a while, a temporary file or a backup: it is gone in the next moment.
func isTemporary(name string) bool {
	name = path.Base(name)
	return strings.HasPrefix(name, ".") && (strings.Contains(name, ".sops-tmp") || strings.Contains(name, ".sops-backup"))
}

// isVersionControl reports whether a directory of that name is that of a program
// for version control.
func isVersionControl(name string) bool {
	return slices.Contains([]string{".git", ".hg", ".svn", ".jj"}, strings.ToLower(name))
}
