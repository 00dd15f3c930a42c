// Package discover finds the encrypted files below directories: by their content,
// whatever they are called. git says which files are ignored; links are not
// followed.
//
//	found, err := discover.Find(ctx, "secrets", discover.Options{Dir: wd})
//	for _, f := range found.Files { ... }
package discover

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/std"
)

// A Class is what the content of a file is to this program.
type Class int

// The classes.
const (
	Plain     Class = iota // there is no token in it
	Mentions               // there are tokens, but no metadata: documentation, a test
	Encrypted              // its metadata can be read
	Broken                 // it was an encrypted file once: a merge or an editor damaged it
)

// A Content is what Classify found out.
type Content struct {
	Class  Class
	Format string         // of encrypted and broken files: yaml, json, dotenv, ini or binary
	Meta   *meta.Metadata // of encrypted files
	Err    error          // why a file is broken
}

// markers are in every encrypted file: the MAC is a token, and the metadata has a
// name.
var markers = [][]byte{[]byte("ENC[AES256_GCM,"), []byte("sops")}

// Marked reports whether data may be an encrypted file. It is quick, and is wrong
// only for what mentions tokens and sops.
func Marked(data []byte) bool {
	if wide(data) {
		_, encrypted := std.Detect(data)
		return encrypted
	}
	for _, m := range markers {
		if !bytes.Contains(data, m) {
			return false
		}
	}
	return true
}

// wide reports whether data is UTF-16, by its first bytes.
func wide(data []byte) bool {
	return bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff"))
}

// Classify says what a file of that name and content is. The name gives the format
// where it says one; otherwise the content does.
func Classify(name string, data []byte) Content {
	if !Marked(data) {
		return Content{}
	}
	byName, named := std.ForPath(name)
	detected, looks := std.Detect(data)
	var first error
	for _, try := range []struct {
		format string
		use    bool
	}{{byName, named}, {detected, looks && (!named || detected != byName)}} {
		if !try.use {
			continue
		}
		m, err := decode(try.format, data)
		if err == nil {
			return Content{Class: Encrypted, Format: try.format, Meta: m}
		}
		if first == nil {
			first = err
		}
	}
	switch line := std.Conflict(data); {
	case line > 0:
		return Content{Class: Broken, Format: byName, Err: fmt.Errorf("line %d: the file has the markers of a merge conflict", line)}
	case looks && (named || isObject(data)):
		return Content{Class: Broken, Format: byName, Err: first}
	}
	return Content{Class: Mentions}
}

// isObject reports whether data begins as JSON does, which files of any name are
// that hold bytes.
func isObject(data []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) }

// decode returns the metadata of an encrypted file.
func decode(format string, data []byte) (*meta.Metadata, error) {
	f, err := std.Format(format)
	if err != nil {
		return nil, err
	}
	d, err := f.ParseEncrypted(data)
	if err != nil {
		return nil, err
	}
	n := d.Meta()
	if n == nil {
		return nil, errors.New("the metadata, the entry sops, is not where it belongs")
	}
	return meta.Decode(n)
}
