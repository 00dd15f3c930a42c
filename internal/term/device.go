package term

// Device returns the name of the terminal that one of the streams is, such as
// /dev/pts/3, for programs that open it themselves. It returns "" where none is
// a terminal, or its name is not known.
func Device(streams ...any) string {
	for _, s := range streams {
		f, ok := s.(file)
		if !ok || !IsTerminal(f) {
			continue
		}
		// /dev/tty means another terminal, or none, to other processes.
		if name := device(f); name != "" && name != "/dev/tty" {
			return name
		}
	}
	return ""
}

type file interface{ Fd() uintptr }
