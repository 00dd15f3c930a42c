package checking

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const golden = "../../test/golden"

// encryptedFiles calls f for each encrypted golden file below a directory.
func encryptedFiles(t testing.TB, dir string, f func(path string, data []byte)) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(filepath.Join(golden, dir), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.Contains(string(data), "ENC[AES256_GCM,") {
			n++
			f(path, data)
		}
		return nil
	})
	if err != nil || n == 0 {
		t.Fatalf("%d encrypted files below %s, error %v", n, dir, err)
	}
}

// What SOPS wrote, and what it reads, raises no false alarm.
func TestSoundFilesOfSOPSHaveNoFindings(t *testing.T) {
	t.Parallel()
	encryptedFiles(t, "files", func(path string, data []byte) {
		for _, f := range (&text{path: path, abs: path, data: data}).check() {
			t.Errorf("%s", f.text())
		}
	})
}

// A file in which one token became readable has one finding, which names its line, and
// not its value.
func TestEveryReadableValueIsFound(t *testing.T) {
	t.Parallel()
	tried := 0
	encryptedFiles(t, "files", func(path string, data []byte) {
		lines := strings.Split(string(data), "\n")
		for i, line := range lines {
			name, token, ok := strings.Cut(line, "ENC[AES256_GCM,")
			_, rest, whole := strings.Cut(token, ",type:str]")
			if !ok || !whole || strings.Contains(name, "mac") || strings.Contains(name, "#") || strings.Contains(name, ";") {
				continue
			}
			changed := append([]string{}, lines...)
			changed[i] = name + "canary" + rest
			if strings.Contains(name, "sops_") || strings.TrimSpace(name) == "" || strings.HasPrefix(strings.TrimSpace(name), "-") {
				continue
			}
			tried++
			all := (&text{path: path, abs: path, data: []byte(strings.Join(changed, "\n"))}).check()
			if len(all) != 1 || all[0].Rule != clearSecret || all[0].Line != i+1 || strings.Contains(all[0].text(), "canary") {
				t.Errorf("%s: line %d is readable; found %+v", path, i+1, all)
			}
			return // one a file
		}
	})
	if tried < 10 {
		t.Errorf("only %d files had a token to replace", tried)
	}
}

func FuzzCheck(f *testing.F) {
	for _, dir := range []string{"files", "reject", "tamper"} {
		encryptedFiles(f, dir, func(path string, data []byte) { f.Add(filepath.Base(path), data) })
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		for _, found := range (&text{path: name, abs: name, data: data}).check() {
			if found.Rule == "" || found.Message == "" || strings.ContainsAny(found.text(), "\n\r\x1b") {
				t.Errorf("%q", found.text())
			}
		}
	})
}
