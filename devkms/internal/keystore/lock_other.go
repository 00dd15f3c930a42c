//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package keystore

import "io"

// lockDir cannot hinder two servers on one directory: this system has no lock that the standard library knows.
func lockDir(string) (io.Closer, error) { return io.NopCloser(nil), nil }
