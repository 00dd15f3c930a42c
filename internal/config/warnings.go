package config

import (
	"cmp"
	"math"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/yamlread"
)

// lines are those from the first up to the last, which does not count.
type lines struct{ first, last int }

func (l lines) have(line int) bool { return l.first <= line && line < l.last }

// listsIn returns where the lists of rules are. A list ends where the next entry
// of the file begins.
func listsIn(all []yamlread.Entry) []lines {
	slices.SortStableFunc(all, func(a, b yamlread.Entry) int { return cmp.Compare(a.Key.At().Line, b.Key.At().Line) })
	var lists []lines
	for i, e := range all {
		l := lines{e.Key.At().Line, math.MaxInt}
		if i+1 < len(all) {
			l.last = all[i+1].Key.At().Line
		}
		if e.Name == "creation_rules" || e.Name == "destination_rules" {
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
		note := func(at yamlread.Place) {
			if l.have(at.Line) && at.Line <= line {
				begin = max(begin, at.Line)
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
