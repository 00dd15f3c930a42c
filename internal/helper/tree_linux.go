package helper

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// descendants returns the processes that pid has started, and those that they
// have.
func descendants(pid int) []int {
	parents := map[int][]int{}
	for _, p := range all() {
		if parent := parentOf(p); parent > 0 {
			parents[parent] = append(parents[parent], p)
		}
	}
	var found []int
	next := []int{pid}
	for len(next) > 0 {
		kids := parents[next[0]]
		found = append(found, kids...)
		next = append(next[1:], kids...)
	}
	return found
}

// children returns the children of this process whose command line is so.
func children(belongs func(string) bool) []int {
	return slices.DeleteFunc(all(), func(p int) bool {
		if parentOf(p) != os.Getpid() {
			return true
		}
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p))
		return err != nil || !belongs(strings.ReplaceAll(string(line), "\x00", " "))
	})
}

func all() []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var pids []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// parentOf returns the second field after the name of the program, which is
// in parentheses and may hold some; 0 if the process is gone.
func parentOf(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}
