package devkms_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

func TestZZExec(t *testing.T) {
	cmd := os.Getenv("DEVKMS_CMD")
	if cmd == "" {
		return
	}
	s := devkms.Start(t, nil)
	dir := t.TempDir()
	env, err := s.Environ(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("bash", "-c", cmd)
	c.Env = append(os.Environ(), env...)
	out, err := c.CombinedOutput()
	t.Log(string(out), err)
	for _, c := range s.Calls() {
		t.Log(c.Operation, c.Principal, c.Key, c.Role, c.EncryptionContext, c.ErrorCode, c.ErrorMessage, c.Decision, c.UserAgent)
	}
}
