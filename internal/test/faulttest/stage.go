// Package faulttest breaks keys of AWS KMS in the ways in which networks, regions
// and identities break.
//
// A Stage is a devkms with four keys, each reached under a profile of its own,
// and a configuration that encrypts two.yaml for the first two of them. Once a
// file is encrypted, its keys can be broken:
//
//	stage, err := faulttest.New(dir)
//	... sops encrypt -i two.yaml, with stage.Environ() ...
//	for _, f := range faulttest.Faults() {
//		err := stage.Break(f, 1) // the first key
//		... sops decrypt two.yaml must answer from the second ...
//	}
//
// Tests prove with it that a healthy key answers whatever befalls another;
// internal/test/bench/faults measures how soon, and how the real sops fares.
package faulttest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// Keys are the ARNs of the keys: the first of Keys is key 1.
func Keys() []string {
	const prefix = ":111111111111:key/"
	return []string{
		"arn:aws:kms:us-east-1" + prefix + "11111111-1111-4111-8111-000000000001",
		"arn:aws:kms:eu-west-1" + prefix + "11111111-1111-4111-8111-000000000002",
		"arn:aws:kms:us-east-1" + prefix + "11111111-1111-4111-8111-000000000003",
		"arn:aws:kms:eu-west-1" + prefix + "mrk-11111111111141118111000000000004",
	}
}

// A Stage is a directory to work in, and the AWS that is seen from there.
type Stage struct {
	Dir    string
	server *devkms.Server
	access devkms.AccessKey
	silent net.Listener // takes connections and never answers
	full   *full        // does not even take them
	sts    string       // endpoint
	imds   bool         // whether instance metadata is asked
}

// New sets up a stage in dir, which must exist.
func New(dir string) (*Stage, error) {
	world := devkms.BuiltinWorld()
	server, err := devkms.New(devkms.Options{World: world})
	if err != nil {
		return nil, err
	}
	s := &Stage{Dir: dir, server: server}
	for _, u := range world.Accounts[0].Users {
		if u.Name == world.Default {
			s.access = u.Access
		}
	}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Stage) open() (err error) {
	if _, err = s.server.Listen(); err != nil {
		return err
	}
	if s.silent, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
		return err
	}
	if s.full, err = newFull(); err != nil {
		return err
	}
	for name, text := range s.files() {
		if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return s.Mend()
}

// Close ends everything that the stage has begun.
func (s *Stage) Close() error {
	errs := []error{s.server.Close()}
	if s.silent != nil {
		errs = append(errs, s.silent.Close())
	}
	if s.full != nil {
		errs = append(errs, s.full.close())
	}
	return errors.Join(errs...)
}

// files are the configuration and the files to encrypt: one.yaml, two.yaml and
// four.yaml for so many keys, three.yaml for three groups, which are all needed.
func (s *Stage) files() map[string]string {
	var entries []string
	for i, arn := range Keys() {
		entries = append(entries, fmt.Sprintf("{arn: %q, aws_profile: %s}", arn, profile(i+1)))
	}
	rules := "creation_rules:\n"
	rule := func(name string, groups ...[]string) {
		rules += "  - path_regex: ^" + name + "\n    key_groups:\n"
		for _, g := range groups {
			rules += "      - kms: [" + strings.Join(g, ", ") + "]\n"
		}
	}
	rule("one", entries[:1])
	rule("two", entries[:2])
	rule("three", entries[:1], entries[1:2], entries[2:3])
	rule("four", entries)
	const plain = "a: 1\n"
	return map[string]string{".sops.yaml": rules, "one.yaml": plain, "two.yaml": plain, "three.yaml": plain, "four.yaml": plain}
}

func profile(key int) string { return fmt.Sprintf("key%d", key) }

// Environ returns the variables that a program on the stage needs, and is to
// have nothing else but PATH.
func (s *Stage) Environ() []string {
	return []string{
		"HOME=" + s.Dir, "XDG_CONFIG_HOME=" + s.Dir, "SOPS_DISABLE_VERSION_CHECK=true",
		"AWS_CONFIG_FILE=" + filepath.Join(s.Dir, "aws.ini"), "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(s.Dir, "none"),
		"AWS_ENDPOINT_URL_STS=" + s.sts,
		fmt.Sprintf("AWS_EC2_METADATA_DISABLED=%v", !s.imds),
		"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://" + s.silent.Addr().String(),
	}
}

// Calls returns how often an operation was called, and forgets it.
func (s *Stage) Calls(operation string) int {
	n := 0
	for _, c := range s.server.Calls() {
		if c.Operation == operation {
			n++
		}
	}
	s.server.ResetCalls()
	return n
}
