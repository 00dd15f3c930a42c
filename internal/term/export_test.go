package term

import "os"

// New returns the Terminal that reads from in and writes to out.
func New(in, out *os.File) *Terminal { return &Terminal{in: in, out: out} }
