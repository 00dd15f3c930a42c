// Package initext reads the text of an INI file as sections, entries and
// comments that know their bytes, and spells keys and values so that they read
// back.
//
//	sections, _ := initext.Scan("[db]\nhost = \"a\" ; why\n", false)
//	e := sections[1].Keys[0]
//	e.Value.Text     // a
//	e.Value.Outer    // the bytes of "a", with its quotes
//	e.Note           // why, with the bytes of its sign
//
// There are two readings of a line, that of SOPS and the one that people mean;
// package format/ini says where they differ and why both are needed.
package initext
