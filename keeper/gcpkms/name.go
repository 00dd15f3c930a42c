package gcpkms

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// A name is a parsed resource id.
type name struct {
	key                          string // without the version
	project, location, ring, own string
	version                      string // "" is the primary one
}

// A NameError is a text that names no key.
type NameError struct{ Name, Reason string }

func (e *NameError) Error() string {
	return fmt.Sprintf("%q is not the resource id of a Google Cloud KMS key: %s", hint.Line(e.Name), e.Reason)
}

// Hints says what to write.
func (e *NameError) Hints() []string {
	return []string{"write projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY, as this prints it: gcloud kms keys list --location LOCATION --keyring RING"}
}

// parseName reads projects/P/locations/L/keyRings/R/cryptoKeys/K, also with
// /cryptoKeyVersions/N. P may have a colon: example.com:project.
func parseName(text string) (name, error) {
	parts := strings.Split(text, "/")
	words := []string{"projects", "locations", "keyRings", "cryptoKeys", "cryptoKeyVersions"}
	if len(parts) != 8 && len(parts) != 10 { // words and names, without and with a version
		return name{}, &NameError{text, "it has not four words with a name each"}
	}
	for i, part := range parts {
		if i%2 == 0 && part != words[i/2] {
			return name{}, &NameError{text, fmt.Sprintf("%q is where %q belongs", hint.Line(part), words[i/2])}
		}
		if i%2 == 1 && !plain(part) {
			return name{}, &NameError{text, fmt.Sprintf("%q is no name", hint.Line(part))}
		}
	}
	n := name{key: strings.Join(parts[:8], "/"), project: parts[1], location: parts[3], ring: parts[5], own: parts[7]}
	if len(parts) == 10 {
		n.version = parts[9]
	}
	return n, nil
}

// plain reports whether a part of a name needs no care: the service's own rules
// are narrower, but differ from part to part.
func plain(part string) bool {
	return part != "" && part != "." && part != ".." && strings.IndexFunc(part, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.:", r))
	}) < 0
}

// path returns the part of the URL of an operation.
func (n name) path(operation string) string {
	path := n.key
	if n.version != "" {
		path += "/cryptoKeyVersions/" + n.version
	}
	var parts []string
	for part := range strings.SplitSeq(path, "/") {
		parts = append(parts, url.PathEscape(part))
	}
	return "/v1/" + strings.Join(parts, "/") + ":" + operation
}

// flags name the key to gcloud.
func (n name) flags() string {
	return fmt.Sprintf("%s --keyring %s --location %s --project %s", n.own, n.ring, n.location, n.project)
}

func errVersion(n name) error {
	return &NameError{n.key + "/cryptoKeyVersions/" + n.version, "an entry of a file names the key without a version"}
}
