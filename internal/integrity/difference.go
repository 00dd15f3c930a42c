package integrity

import (
	"slices"
	"strings"
)

// differs names the first difference of two structures for people.
func differs(sealed, found string) string {
	a, b := strings.Split(sealed, "\n"), strings.Split(found, "\n")
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	was, is := at(a, i), at(b, i)
	switch {
	case was != "" && slices.Contains(b[i:], was):
		return describeLine(is) + " was added"
	case is != "" && slices.Contains(a[i:], is):
		return describeLine(was) + " was removed"
	case was == "":
		return describeLine(is) + " was added"
	case is == "", is == noVersion:
		return describeLine(was) + " was removed"
	case was == noVersion:
		return describeLine(is) + " was added"
	}
	return describeLine(was) + " became " + describeLine(is)
}

// keysDiffer names the master keys by which two structures differ.
func keysDiffer(sealed, found string) string {
	a, b := keyLines(sealed), keyLines(found)
	var out []string
	name := func(lines, others []string, what string) {
		for _, line := range lines {
			if !slices.Contains(others, line) {
				out = append(out, describeLine(line)+what)
			}
		}
	}
	name(b, a, " was added")
	name(a, b, " was removed")
	return strings.Join(out, ", ")
}

// noVersion is the line of a file without one; other settings are never empty.
const noVersion = "version "

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// describeLine turns a line into words.
func describeLine(line string) string {
	switch word, rest, _ := strings.Cut(line, " "); {
	case line == "document":
		return "a document border"
	case word == "key":
		return "the master key " + rest
	case word == "rule":
		return "the selection rule " + rest
	case word == "comment":
		return "a comment that the selection rule goes by"
	case strings.HasPrefix(line, "["):
		i := strings.LastIndex(line, "] ") + 1
		return line[:i] + " (" + strings.TrimSpace(line[i:]) + ")"
	}
	return "the setting " + line
}
