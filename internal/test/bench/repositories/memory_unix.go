//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// peak returns the peak of resident memory of a process, in bytes.
func peak(s *os.ProcessState) float64 {
	usage, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return float64(usage.Maxrss)
	}
	return float64(usage.Maxrss) * 1024
}
