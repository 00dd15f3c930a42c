package atomicfile_test

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// acl encodes an access control list as Linux keeps it: tag, permissions, id.
func acl(entries ...[3]uint32) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range entries {
		b = binary.LittleEndian.AppendUint16(b, uint16(e[0]))
		b = binary.LittleEndian.AppendUint16(b, uint16(e[1]))
		b = binary.LittleEndian.AppendUint32(b, e[2])
	}
	return b
}

// Tags of entries, and the id of those that have none.
const (
	userObj, user, groupObj, mask, others = 1, 2, 4, 16, 32
	noID                                  = 0xffffffff
	accessList                            = "system.posix_acl_access"
)

// listOf4321 gives one more user rw, and the group less than the mask says: a
// file that has its mode but not its list would give the group rw.
func listOf4321() []byte {
	return acl([3]uint32{userObj, 6, noID}, [3]uint32{user, 6, 4321}, [3]uint32{groupObj, 0, noID},
		[3]uint32{mask, 6, noID}, [3]uint32{others, 0, noID})
}

func attributesOf(t *testing.T, path string) map[string]string {
	t.Helper()
	buf := make([]byte, 64<<10)
	n, err := unix.Listxattr(path, buf)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for len(buf[:n]) > 0 {
		end := slices.Index(buf[:n], 0)
		name := string(buf[:end])
		value := make([]byte, 64<<10)
		size, err := unix.Getxattr(path, name, value)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(value[:size])
		buf, n = buf[end+1:], n-end-1
	}
	return all
}

func TestAttributesAndAccessListsAreKept(t *testing.T) {
	t.Parallel()
	sets := map[string]map[string][]byte{
		"none":        {},
		"access list": {accessList: listOf4321()},
		"user":        {"user.origin": []byte("somewhere"), "user.empty": {}},
		"all":         {accessList: listOf4321(), "user.origin": []byte("\x00\x01")},
	}
	for name, set := range sets {
		for _, directory := range []string{"plain", "with a default list"} {
			for _, way := range []string{"encrypted", "plaintext", "create"} {
				t.Run(name+"/"+directory+"/"+way, func(t *testing.T) {
					t.Parallel()
					path := file(t, "old")
					if directory != "plain" {
						err := unix.Setxattr(filepath.Dir(path), "system.posix_acl_default", listOf4321(), 0)
						if errors.Is(err, unix.ENOTSUP) {
							t.Log("this file system has no access control lists: only the rest was tried")
						} else if err != nil {
							t.Fatal(err)
						}
					}
					for name, value := range set {
						err := unix.Setxattr(path, name, value, 0)
						if errors.Is(err, unix.ENOTSUP) {
							t.Logf("this file system has no %s: only the rest was tried", name)
						} else if err != nil {
							t.Fatal(err)
						}
					}
					before, mode := attributesOf(t, path), modeOf(t, path)
					write(t, way, path, "new")
					holds(t, path, "new")
					after := attributesOf(t, path)
					maps.DeleteFunc(after, func(name, _ string) bool { return name == "security.selinux" })
					maps.DeleteFunc(before, func(name, _ string) bool { return name == "security.selinux" })
					if diff := cmp.Diff(before, after); diff != "" {
						t.Errorf("attributes (-before +after):\n%s", diff)
					}
					if now := modeOf(t, path); now != mode {
						t.Errorf("mode %v became %v", mode, now)
					}
				})
			}
		}
	}
}

func modeOf(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

// What cannot be given to another file makes the target be written in place.
func TestFilesWithAttributesThatCannotBeCopiedAreWrittenInPlace(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Log("only root can set an attribute that another user cannot: nothing was tried")
		return
	}
	dir := place(t, 0o755, 0o644)
	path := filepath.Join(dir, "f")
	// A list of rights is kept by whoever may write the directory; a label of
	// the system is not.
	if err := unix.Setxattr(path, "security.sops-test", []byte("x"), 0); err != nil {
		t.Logf("this file system has no security attributes, nothing was tried: %v", err)
		return
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	cmd := child(t, "rewrite as", path)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%v: %s", err, out)
	}
	holds(t, path, "new")
	after, err := os.Stat(path)
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("the file was replaced: %v", err)
	}
	if got := attributesOf(t, path)["security.sops-test"]; got != "x" {
		t.Errorf("the attribute became %q", got)
	}
}
