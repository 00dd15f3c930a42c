package age

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"filippo.io/age"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// Variables that name identities. SOPS_AGE_RECIPIENT is set for commands.
const (
	varKey        = "SOPS_AGE_KEY"
	varKeyFile    = "SOPS_AGE_KEY_FILE"
	varKeyCmd     = "SOPS_AGE_KEY_CMD"
	varSSHKeyFile = "SOPS_AGE_SSH_PRIVATE_KEY_FILE"
	varSSHKeyCmd  = "SOPS_AGE_SSH_PRIVATE_KEY_CMD"
	varRecipient  = "SOPS_AGE_RECIPIENT"
)

// place is somewhere identities may come from.
type place struct {
	name       string // as error messages call it
	empty      bool   // there is nothing, and nothing was promised
	recipient  string // for which a command has printed it
	identities []age.Identity
	notes      []error // what is wrong with it
}

// readPlaces reads the age identities that need no command.
func (k *Keeper) readPlaces() []*place {
	places := []*place{k.variable(varKey), k.namedFile(varKeyFile)}
	for _, dir := range k.configDirs(runtime.GOOS) {
		places = append(places, k.file(filepath.Join(dir, "sops", "age", "keys.txt")))
	}
	return places
}

// readSSHPlaces reads the SSH keys that need no command.
func (k *Keeper) readSSHPlaces() []*place {
	places := []*place{k.namedFile(varSSHKeyFile)}
	if home := env.Env(k.o.Env).Home(); home != "" {
		for _, name := range []string{"id_ed25519", "id_rsa"} {
			places = append(places, k.file(filepath.Join(home, ".ssh", name)))
		}
	}
	return places
}

// configDirs returns where the user's configuration may be: what the
// environment says, and what the system prefers where it says nothing.
func (k *Keeper) configDirs(system string) []string {
	var dirs []string
	if d := env.Env(k.o.Env).ConfigHome(); d != "" {
		dirs = append(dirs, d)
	}
	home := env.Env(k.o.Env).Home()
	switch {
	case env.Env(k.o.Env).Get("XDG_CONFIG_HOME") != "":
	case system == "darwin" && home != "":
		dirs = append(dirs, filepath.Join(home, "Library", "Application Support"))
	case system == "windows":
		if d := env.Env(k.o.Env).Get("AppData"); d != "" {
			dirs = append(dirs, d)
		}
	}
	return dirs
}

// variable reads identities that a variable holds itself.
func (k *Keeper) variable(name string) *place {
	p := &place{name: name}
	text := env.Env(k.o.Env).Get(name)
	if text == "" {
		p.empty = true
		return p
	}
	k.parse(p, []byte(text), "")
	return p
}

// namedFile reads the file that a variable names.
func (k *Keeper) namedFile(name string) *place {
	file := env.Env(k.o.Env).Get(name)
	if file == "" {
		return &place{name: name, empty: true}
	}
	p := k.file(file)
	p.name = fmt.Sprintf("%s (%s)", name, file)
	if p.empty {
		p.empty = false
		p.notes = append(p.notes, errors.New("there is no such file"))
	}
	return p
}

// file reads a file that is used if it is there.
func (k *Keeper) file(file string) *place {
	p := &place{name: file}
	src, err := os.ReadFile(file)
	if err != nil {
		var pathError *fs.PathError
		if errors.As(err, &pathError) {
			err = pathError.Err // the name of the place has the path
		}
		if p.empty = errors.Is(err, fs.ErrNotExist); !p.empty {
			p.notes = append(p.notes, err)
		}
		return p
	}
	k.parse(p, src, file)
	k.checkMode(p, file)
	return p
}

// checkMode warns of identities that every user of the machine can read.
func (k *Keeper) checkMode(p *place, file string) {
	ready := false
	for _, id := range p.identities {
		_, asks := id.(asker)
		ready = ready || !asks
	}
	info, err := os.Stat(file)
	if !ready || err != nil || !info.Mode().IsRegular() || runtime.GOOS == "windows" {
		return
	}
	if info.Mode().Perm()&0o004 != 0 {
		k.o.Warn(fmt.Sprintf("%s holds a private key that everybody can read; make it yours with: chmod 600 %s", hint.Line(file), hint.Path(file)))
	}
}
