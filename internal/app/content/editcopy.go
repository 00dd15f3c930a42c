package content

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/std"
)

// rescue keeps a text that could not be saved, encrypted for the keys of the
// file.
func (e *edition) rescue(text []byte, failure error) error {
	path := ""
	encrypted, err := encryptRescue(e.app, e.decrypted, text)
	if err == nil {
		path, err = e.writeRescue(encrypted)
	}
	if err != nil {
		return errors.Join(failure, fmt.Errorf("the edited text could not be kept either: %w", err))
	}
	return &app.Error{Err: fmt.Errorf("%w; the edited text is kept, encrypted, in %s", failure, path), Advice: []string{
		"see it with: sops decrypt --input-type binary " + hint.Path(path),
	}}
}

// writeRescue writes a new file beside that which is edited, or where there is
// no place in the directory for temporary files, and returns its path.
func (e *edition) writeRescue(encrypted []byte) (path string, err error) {
	name := e.source.Path
	for _, stem := range []string{name, filepath.Join(cmp.Or(e.places.Temp, os.TempDir()), filepath.Base(name))} {
		for n := 1; n < 100; n++ {
			path = stem + ".rescue"
			if n > 1 {
				path += strconv.Itoa(n) // the first is of another day
			}
			if err = atomicfile.Absent(e.app.Abs(path), app.PlainMode).Write(encrypted, nil); err == nil || atomicfile.IsWritten(err) {
				return path, nil
			}
			if !errors.Is(err, atomicfile.ErrChanged) {
				break
			}
		}
	}
	return "", err
}

// encryptRescue seals any text with the keys of o.
func encryptRescue(a *app.App, o *envelope.Decrypted, text []byte) ([]byte, error) {
	f, err := std.Format("binary")
	if err != nil {
		return nil, err
	}
	return o.Rescue(text, f, envelope.EncryptOptions{Now: a.Now(), Random: a.Random})
}
