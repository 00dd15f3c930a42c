package devkms_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// TestMain makes the test binary a server of its own if it is asked to, for
// the test that kills one.
func TestMain(m *testing.M) {
	if dir := os.Getenv("DEVKMS_TEST_CHILD"); dir != "" {
		serveUntilKilled(dir)
	}
	os.Exit(m.Run())
}

func serveUntilKilled(dir string) {
	s, err := devkms.New(devkms.Options{Dir: dir})
	if err == nil {
		var url string
		url, err = s.Listen()
		fmt.Println(url)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	select {}
}
