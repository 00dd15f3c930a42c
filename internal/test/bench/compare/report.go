package main

import (
	"fmt"
	"io"
	"math"
)

// A row is what was measured of one work on one file.
type row struct {
	work, shape, format string
	n                   int
	bytes               int64 // of the encrypted file
	ours, theirs        cost
	ratio               float64 // 0 where SOPS was not measured
	beyond              bool    // SOPS failed or took too long
}

// A report prints rows as they come.
type report struct {
	tsv bool
	to  io.Writer
}

func (p report) head() {
	if p.tsv {
		fmt.Fprintln(p.to, "work\tshape\tformat\tvalues\tbytes\tcpu\twall\tmemory\ttheir cpu\ttheir wall\ttheir memory\tratio")
		return
	}
	fmt.Fprint(p.to, "| work | shape | format | values | ours: cpu, wall, memory | SOPS 3.13.3 | cpu ratio | memory in encrypted files |\n|---|---|---|---|---|---|---|---|\n")
}

func (p report) row(r row) {
	if p.tsv {
		fmt.Fprintf(p.to, "%s\t%s\t%s\t%d\t%d\t%.4f\t%.4f\t%.0f\t%.4f\t%.4f\t%.0f\t%.2f\n", r.work, r.shape, r.format, r.n, r.bytes,
			r.ours.cpu, r.ours.wall, r.ours.memory, r.theirs.cpu, r.theirs.wall, r.theirs.memory, r.ratio)
		return
	}
	files := "-"
	if r.bytes > 0 {
		files = fmt.Sprintf("%.1f", r.ours.memory/float64(r.bytes))
	}
	theirs, ratio := "-", "-"
	if r.ratio > 0 {
		theirs, ratio = r.theirs.String(), fmt.Sprintf("%.1f", r.ratio)
	}
	if r.beyond {
		theirs = "failed, or beyond the bound"
	}
	fmt.Fprintf(p.to, "| %s | %s | %s | %d | %v | %s | %s | %s |\n", r.work, r.shape, r.format, r.n, r.ours, theirs, ratio, files)
}

func (c cost) String() string {
	return fmt.Sprintf("%.3f s, %.3f s, %.0f MiB", c.cpu, c.wall, c.memory/(1<<20))
}

// growth prints the exponents between neighbours of one series. The cpu of a start
// is taken off, which does not grow.
func (p report) growth(rows []row, start float64) {
	for i, b := range rows {
		for _, a := range rows[:i] {
			if p.tsv || a.work != b.work || a.shape != b.shape || a.format != b.format || a.n*10 != b.n {
				continue
			}
			e := func(from, to float64) string {
				if from <= 2*start || to <= from {
					return "-" // too short to say
				}
				return fmt.Sprintf("%.2f", math.Log((to-start)/(from-start))/math.Log(float64(b.n)/float64(a.n)))
			}
			fmt.Fprintf(p.to, "growth: %s %s %s, %d to %d values: %s; SOPS %s\n", b.work, b.shape, b.format, a.n, b.n,
				e(a.ours.cpu, b.ours.cpu), e(a.theirs.cpu, b.theirs.cpu))
		}
	}
}
