package config

import (
	"math"

	"go.yaml.in/yaml/v3"
)

// lines are those from the first up to the last, which does not count.
type lines struct{ first, last int }

func (l lines) have(line int) bool { return l.first <= line && line < l.last }

// listsIn returns where the lists of rules are.
func listsIn(doc *yaml.Node) []lines {
	var lists []lines
	if doc.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(doc.Content); i += 2 {
		l := lines{doc.Content[i].Line, math.MaxInt}
		if i+2 < len(doc.Content) {
			l.last = doc.Content[i+2].Line
		}
		if name := doc.Content[i].Value; name == "creation_rules" || name == "destination_rules" {
			lists = append(lists, l)
		}
	}
	return lists
}

// WarningsAbout returns the warnings that are about r, which may be nil, or
// about no rule at all: what is doubtful in a rule that is not used does not
// concern other files.
func (f *File) WarningsAbout(r *Rule) []Problem {
	var about []Problem
	for _, w := range f.Warnings {
		rule := f.ruleAt(w.Line)
		if rule == 0 || r != nil && rule == r.Line {
			about = append(about, w)
		}
	}
	return about
}

// ruleAt returns the line on which the rule begins that has the given line, 0
// if none has it.
func (f *File) ruleAt(line int) int {
	for _, l := range f.lists {
		if !l.have(line) {
			continue
		}
		begin := 0
		note := func(at place) {
			if l.have(at.line) && at.line <= line {
				begin = max(begin, at.line)
			}
		}
		for i := range f.creation {
			note(f.creation[i].at)
		}
		for i := range f.destination {
			note(f.destination[i].at)
		}
		return begin
	}
	return 0
}
