// Package pgptest gives tests a GnuPG of their own: a home with throw-away
// keys, an agent, and a pinentry that answers what the test wants.
package pgptest

import (
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/env"
)

//go:embed keys/*.asc
var keys embed.FS

// Fingerprints of the keys; keys/README.md says what is special about each.
const (
	Plain     = "C3FB3328C750291249D617B171DC32E6900FA725"
	Other     = "FF92CD28CCEB0B44CF18EF0BC7239C1F7B4F9A12"
	RSA       = "7FD79B1A0417D339E8437091E87A88F59982BA7B"
	Protected = "FBDE3675005751E5237C2787D2C224588CE84295"
	Expired   = "989D7CA2BAA5C0F304CA967654D1B1F5E3A7BD25"
	Lapsed    = "750EC93ABEEE188E82EEEFEB4CC518A802C27E1E"
	Revoked   = "C7F47D699601EF78472D7275245473F0C7568431"
	SignOnly  = "1EAAED18F02A2A0A2DD65966547C74FF78AB9CBC"
	Two       = "6300E319F1B74B72D295F6D8B5B9B37D7623683D"
	SubOnly   = "5E13B7B8A42F11199E90C378D24928441627F160"

	// Subkeys of Two, the older one first.
	Two1 = "DF85FC3B68474700264F4204227028D6BAFB76DA"
	Two2 = "5620B8161EA0C535AA7E9C9EBF34ED3A790554CB"
	// LapsedSub is the subkey of Lapsed.
	LapsedSub = "8F0ECC7AC03A8FAC4D53CF926714CF454FC2C93A"

	// Passphrase is that of Protected.
	Passphrase = "canary passphrase"
)

// Fingerprint returns the fingerprint of the key in a file of keys.
func Fingerprint(name string) string {
	return map[string]string{
		"plain": Plain, "other": Other, "rsa": RSA, "protected": Protected, "expired": Expired, "lapsed": Lapsed,
		"revoked": Revoked, "signonly": SignOnly, "two": Two, "subonly": SubOnly,
	}[name]
}

// Installed reports whether gpg is.
func Installed() bool {
	_, err := exec.LookPath("gpg")
	return err == nil
}

// Key returns a secret key in ASCII armor.
func Key(name string) []byte {
	src, err := keys.ReadFile("keys/" + name + ".asc")
	if err != nil {
		panic("pgptest: " + err.Error())
	}
	return src
}

// A Home is a home of gpg.
type Home struct{ Dir string }

// NewHome makes a home with the secret keys of the given names; "public:NAME"
// imports the public part alone. The directory is short, since the agent's
// socket has to fit into 107 bytes.
func NewHome(names ...string) (Home, error) {
	dir, err := os.MkdirTemp(shortTemp(), "g")
	if err != nil {
		return Home{}, err
	}
	h := Home{dir}
	if err := h.setUp(names); err != nil {
		h.Close()
		return Home{}, err
	}
	return h, nil
}

func shortTemp() string {
	if _, err := os.Stat("/tmp"); err == nil {
		return "/tmp"
	}
	return os.TempDir()
}

func (h Home) setUp(names []string) error {
	if err := os.WriteFile(h.path("pinentry"), []byte(pinentry), 0o700); err != nil {
		return err
	}
	conf := "pinentry-program " + h.path("pinentry") + "\nallow-preset-passphrase\n"
	if err := os.WriteFile(h.path("gpg-agent.conf"), []byte(conf), 0o600); err != nil {
		return err
	}
	for _, name := range names {
		if err := h.Import(name); err != nil {
			return err
		}
	}
	return nil
}

// Import imports a key.
func (h Home) Import(name string) error {
	name, public := strings.CutPrefix(name, "public:")
	src := Key(name)
	if public {
		from, err := NewHome(name)
		if err != nil {
			return err
		}
		defer from.Close()
		if src, err = from.GPG(nil, "--armor", "--export"); err != nil {
			return err
		}
	}
	_, err := h.GPG(src, "--import")
	return err
}

// GPG runs gpg and returns its output.
func (h Home) GPG(stdin []byte, args ...string) ([]byte, error) {
	cmd := h.command("gpg", append([]string{"--batch", "--no-tty"}, args...)...)
	cmd.Stdin = strings.NewReader(string(stdin))
	var errors strings.Builder
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("gpg %v: %w: %s", args, err, errors.String())
	}
	return out, nil
}

// Answer makes pinentry enter a passphrase from now on; "" makes it cancel, as
// it does at first.
func (h Home) Answer(passphrase string) error {
	if passphrase == "" {
		return os.RemoveAll(h.path("answer"))
	}
	return os.WriteFile(h.path("answer"), []byte(passphrase), 0o600)
}

// Forget makes the agent forget what it knows: it ends it, and the next call of
// gpg starts another.
func (h Home) Forget() error {
	if err := h.command("gpgconf", "--kill", "gpg-agent").Run(); err != nil {
		return err
	}
	// The old agent answers until it is gone, that it has no keys.
	for range 1000 {
		if out, _ := h.command("gpg-connect-agent", "--no-autostart", "GETINFO pid", "/bye").Output(); len(out) == 0 {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("the agent of %s does not end", h.Dir)
}

func (h Home) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Env = append(env.All(), "GNUPGHOME="+h.Dir, "LC_ALL=C")
	return cmd
}

// Asked returns what pinentry was sent to show and to ask since the last call.
func (h Home) Asked() string {
	text, _ := os.ReadFile(h.path("asked"))
	_ = os.Remove(h.path("asked"))
	return string(text)
}

// Close ends what gpg has started and removes the home.
func (h Home) Close() {
	_ = h.command("gpgconf", "--kill", "all").Run()
	_ = os.RemoveAll(h.Dir)
}

func (h Home) path(name string) string { return filepath.Join(h.Dir, name) }

// pinentry is a program that speaks the protocol of pinentry.
const pinentry = `#!/bin/sh
here=${0%/*}
echo "OK Pleased to meet you"
while read -r line; do
	case $line in
	"OPTION ttyname="*) echo "$line" >>"$here/asked"; echo OK ;;
	GETPIN*)
		echo "$line" >>"$here/asked"
		if [ -f "$here/answer" ]; then
			printf 'D %s\nOK\n' "$(cat "$here/answer")"
		else
			echo "ERR 83886179 Operation cancelled <Pinentry>"
		fi
		;;
	BYE*) echo OK; exit ;;
	*) echo OK ;;
	esac
done
`
