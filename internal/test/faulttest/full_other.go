//go:build !linux

package faulttest

// Only Linux is known to drop what a full queue does not take.
const canBeFull = false

type full struct{ addr string }

func newFull() (*full, error) { return &full{}, nil }

func (*full) close() error { return nil }
