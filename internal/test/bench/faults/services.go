package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/test/allkinds"
	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// services breaks the service of one key, of each kind, beside a key of age. The
// service is asked first.
func (b *bench) services(dir string) (err error) {
	s, err := allkinds.New(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	columns := []string{keeper.GCP, keeper.Azure, keeper.Vault, keeper.HCKMS}
	fmt.Printf("\n| the service of one key, while one of age is well | %s |\n|---%s|\n", strings.Join(columns, " | "), strings.Repeat("|---", len(columns)))
	for _, kind := range columns {
		if err := b.encryptFor(s, kind); err != nil {
			return err
		}
	}
	rows := []httpfault.Mode{
		"", httpfault.Hang, httpfault.HangAfterHeaders, httpfault.Refuse, httpfault.Drop, httpfault.Reset,
		httpfault.Throttle, httpfault.InternalError, httpfault.Unavailable, httpfault.Garbage,
	}
	for _, mode := range rows {
		name := string(mode)
		if mode == "" {
			name = "well, too"
		}
		row := "| " + name
		for _, kind := range columns {
			if mode != "" {
				s.Break(kind, mode)
			}
			r := median(func() result {
				return run(s.Dir, s.Environ(), overall, b.ours, "decrypt", "--decryption-order", kind+",age", kind+".yaml")
			})
			s.Mend(kind)
			b.keep(r.ok && r.took <= hedge+margin)
			row += " | " + r.String()
		}
		fmt.Println(row + " |")
	}
	return nil
}

// encryptFor makes a file for a key of a kind and one of age.
func (b *bench) encryptFor(s *allkinds.Stage, kind string) error {
	name := kind + ".yaml"
	if err := os.WriteFile(filepath.Join(s.Dir, name), []byte("a: 1\n"), 0o600); err != nil {
		return err
	}
	identity := func(kind string) string { return strings.TrimSuffix(s.Keys(kind)[0].Identity(), "/") }
	r := run(s.Dir, s.Environ(), overall, b.ours, "encrypt", "-i",
		"--"+kinds.ByName(kind).Flag, identity(kind), "--age", identity(keeper.Age), name)
	if !r.ok {
		return fmt.Errorf("encrypt %s: %s", name, r.stderr)
	}
	return nil
}
