// Package decrypt reads encrypted files, for programs that need nothing else:
//
//	plain, err := decrypt.File("secrets.yaml", "yaml")
//
// Keys are found as by the command: AWS profiles and roles, age identities, and
// the variables of both. The MAC is always checked.
package decrypt

import (
	"context"
	"os"

	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/standard"
	"github.com/seed-1f7fdfb8/sops/keeper/age"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms"
	"github.com/seed-1f7fdfb8/sops/keeper/pgp"
)

// File decrypts the file at path. format is yaml, json, dotenv, ini or binary;
// any other word means that the name of the file decides.
func File(path, format string) ([]byte, error) {
	return FileContext(context.Background(), path, format)
}

// FileContext is File with a context, which ends the calls to key services.
func FileContext(ctx context.Context, path, format string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if !standard.Known(format) {
		format, _ = standard.ForPath(path)
	}
	return DataContext(ctx, data, format)
}

// Data decrypts data. A format that is none of the five means binary.
func Data(data []byte, format string) ([]byte, error) {
	return DataContext(context.Background(), data, format)
}

// DataContext is Data with a context, which ends the calls to key services.
func DataContext(ctx context.Context, data []byte, format string) ([]byte, error) {
	if !standard.Known(format) {
		format = "binary"
	}
	f, err := standard.Format(format, config.Stores{})
	if err != nil {
		return nil, err
	}
	s, err := sops.Read(data, f)
	if err != nil {
		return nil, err
	}
	vars := env.OS()
	host, _ := os.Hostname() // only the name of a session
	keepers := standard.Keepers(awskms.Options{Env: vars, HostName: host}, age.Options{Env: vars}, pgp.Options{Env: vars})
	o, err := s.Open(ctx, keepers, sops.OpenOptions{})
	if err != nil {
		return nil, err
	}
	return o.Plain(), nil
}
