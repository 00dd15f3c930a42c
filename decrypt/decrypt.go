// Package decrypt reads encrypted files, for programs that need nothing else:
//
//	plain, err := decrypt.File("secrets.yaml", "yaml")
//
// Keys of every kind are found as by the command: by AWS profiles and roles, age
// identities, gpg, the credentials of other clouds, and the variables of all
// these. The MAC is always checked, and the seal where the file has one; File
// demands one where a .sops.yaml above the file does.
//
// Functions, arguments and formats are those of the package of the same name of
// SOPS, but for one thing: a format that does not exist is an error. An error is
// an *Error; it says why each key failed and what helps.
package decrypt

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/std"
)

// File decrypts the file at path. The format is yaml, json, dotenv, ini or
// binary; if it is empty, the name of the file decides.
func File(path, format string) (cleartext []byte, err error) {
	return FileContext(context.Background(), path, format)
}

// FileContext is File with a context, which ends the calls to key services.
func FileContext(ctx context.Context, path, format string) (cleartext []byte, err error) {
	f := FormatForPath(path)
	if format != "" {
		if f, err = parseFormat(format); err != nil {
			return nil, &Error{File: path, err: err}
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, &Error{err: err} // it names the file
	}
	cleartext, err = decrypted(ctx, data, f, path)
	if err != nil {
		return nil, &Error{File: path, err: err}
	}
	return cleartext, nil
}

// Data decrypts data. The format is json, yaml, ini, dotenv or binary; if it is
// empty, binary.
func Data(data []byte, format string) (cleartext []byte, err error) {
	return DataContext(context.Background(), data, format)
}

// DataContext is Data with a context, which ends the calls to key services.
func DataContext(ctx context.Context, data []byte, format string) (cleartext []byte, err error) {
	f := Binary
	if format != "" {
		if f, err = parseFormat(format); err != nil {
			return nil, &Error{err: err}
		}
	}
	return dataWithFormat(ctx, data, f)
}

// DataWithFormat decrypts data of a format.
func DataWithFormat(data []byte, format Format) (cleartext []byte, err error) {
	return dataWithFormat(context.Background(), data, format)
}

func dataWithFormat(ctx context.Context, data []byte, format Format) ([]byte, error) {
	cleartext, err := decrypted(ctx, data, format, "")
	if err != nil {
		return nil, &Error{err: err}
	}
	return cleartext, nil
}

// decrypted does the work. path is that of the file, "" if there is none.
func decrypted(ctx context.Context, data []byte, format Format, path string) ([]byte, error) {
	if _, err := parseFormat(format.String()); err != nil {
		return nil, err
	}
	f, err := std.Format(format.String())
	if err != nil {
		return nil, err
	}
	s, err := envelope.Parse(data, f)
	if err != nil {
		return nil, err
	}
	if path != "" && s.Meta.Seal == "" {
		if err := sealDemanded(path); err != nil {
			return nil, err
		}
	}
	o, err := s.Decrypt(ctx, std.Keepers(std.Options{}), envelope.DecryptOptions{})
	if err != nil {
		return nil, err
	}
	return o.Plain()
}

// sealDemanded returns why a file without a seal must not be read, nil if it may.
func sealDemanded(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	for _, above := range config.Above(path) {
		required, err := config.RequiresIntegrity(above, path)
		if err != nil {
			return fmt.Errorf("the file carries no seal, and whether one is demanded (integrity: required) is not known: %w", err)
		}
		if required {
			return fmt.Errorf("the file carries no seal, which %s demands (integrity: required)", above)
		}
	}
	return nil
}
