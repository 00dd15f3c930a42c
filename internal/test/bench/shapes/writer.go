package shapes

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// A writer writes maps, lists and values in one of the formats that have text. A
// flat format has the way to a value in its name.
type writer struct {
	bytes.Buffer
	format string
	way    []string // the names of the maps that are open
	inList bool
	first  bool // nothing is in the container in hand yet
}

func newWriter(format string) *writer {
	w := &writer{format: format, first: true}
	if format == "json" {
		w.WriteString("{")
	}
	return w
}

// bytes returns the text.
func (w *writer) bytes() []byte {
	if w.format == "json" {
		w.WriteString("\n}\n")
	}
	return w.Bytes()
}

// open begins a map on a level, and ends those that are open there and below.
func (w *writer) open(name string, level int) {
	w.close(level)
	switch w.format {
	case "yaml":
		fmt.Fprintf(w, "%s%s:\n", w.indent(), name)
	case "json":
		w.key(name)
		w.WriteString("{")
		w.first = true
	case "ini":
		if level == 1 || name == "s" {
			fmt.Fprintf(w, "\n[%s]\n", name)
		}
	case "dotenv":
		fmt.Fprintf(w, "# %s\n", name)
	}
	w.way = append(w.way, name)
}

// close ends the maps and lists that are open on a level and below.
func (w *writer) close(level int) {
	for len(w.way) > level {
		w.way = w.way[:len(w.way)-1]
		if w.format == "json" {
			end := "}"
			if w.inList {
				end = "]"
			}
			w.WriteString("\n" + w.indent() + end)
		}
		w.first, w.inList = false, false
	}
}

// list begins a list on the first level.
func (w *writer) list(name string) {
	w.close(0)
	if w.format == "json" {
		w.key(name)
		w.WriteString("[")
		w.first = true
	} else {
		fmt.Fprintf(w, "%s:\n", name)
	}
	w.way, w.inList = append(w.way, name), true
}

func (w *writer) element(text string) {
	if w.format == "json" {
		w.separate()
		w.WriteString(strconv.Quote(text))
		return
	}
	fmt.Fprintf(w, "%s- %s\n", w.indent(), text)
}

// pair writes a text under a name.
func (w *writer) pair(name, text string) {
	quoted := text
	if w.format == "json" {
		quoted = strconv.Quote(text)
	}
	w.raw(name, quoted, "")
}

// raw writes a value as it is spelled.
func (w *writer) raw(name, value, comment string) {
	switch w.format {
	case "yaml":
		fmt.Fprintf(w, "%s%s: %s%s\n", w.indent(), name, value, comment)
	case "json":
		w.key(name)
		w.WriteString(value)
	case "ini":
		fmt.Fprintf(w, "%s = %s\n", name, value)
	case "dotenv":
		if len(w.way) > 1 {
			name = strings.ToUpper(w.way[len(w.way)-1] + "_" + name)
		}
		fmt.Fprintf(w, "%s=%s\n", name, value)
	}
}

// value writes the field of a service.
func (w *writer) value(field string, i int) {
	switch field {
	case "port":
		w.raw(field, strconv.Itoa(1024+pick(i, 60000)), "")
	case "replicas":
		w.raw(field, strconv.Itoa(pick(i, 9)), "")
	case "enabled":
		w.raw(field, strconv.FormatBool(pick(i, 2) == 1), "")
	case "ratio":
		w.raw(field, fmt.Sprintf("%d.%d", pick(i, 99), 1+pick(i, 8)), "")
	case "url":
		w.pair(field, fmt.Sprintf("https://service-%d.example.com:8443/path?q=%d", i, pick(i, 1000)))
	case "password":
		if w.format == "yaml" {
			w.raw(field, strconv.Quote(words(i)), "")
			return
		}
		w.pair(field, words(i))
	case "token":
		if w.format == "yaml" {
			w.raw(field, words(i), " # rotated every month")
			return
		}
		w.pair(field, words(i))
	default:
		w.pair(field, words(i))
	}
}

// comment writes one on the first level, where the format has comments.
func (w *writer) comment(text string) {
	switch w.format {
	case "yaml", "dotenv":
		fmt.Fprintf(w, "# %s\n", text)
	case "ini":
		fmt.Fprintf(w, "; %s\n", text)
	}
}

func (w *writer) key(name string) {
	w.separate()
	w.WriteString(strconv.Quote(name) + ": ")
}

// separate begins a member of JSON.
func (w *writer) separate() {
	if !w.first {
		w.WriteString(",")
	}
	w.first = false
	w.WriteString("\n" + w.indent())
	if w.format == "json" {
		w.WriteString("\t")
	}
}

func (w *writer) indent() string {
	if w.format == "json" {
		return strings.Repeat("\t", len(w.way))
	}
	return strings.Repeat("  ", len(w.way))
}
