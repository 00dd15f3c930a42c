package devkms_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/internal/test/signinghelper"
)

// TestMain makes the test binary another program if it is asked to: a server, for
// the test that kills one, or one that says who it is, for tests of environments.
func TestMain(m *testing.M) {
	if dir := os.Getenv("DEVKMS_TEST_CHILD"); dir != "" {
		serveUntilKilled(dir)
	}
	if filepath.Base(os.Args[0]) == signinghelper.Name {
		if err := signinghelper.Main(os.Args[1:], os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv("DEVKMS_TEST_WHOAMI") != "" {
		arn, err := whoAmI(context.Background())
		if err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		fmt.Println(arn)
		os.Exit(0)
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
