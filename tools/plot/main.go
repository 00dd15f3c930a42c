// Command plot draws the pictures of docs/performance.md from what scripts/compare
// -tsv printed: cpu time over size, and the ratio to SOPS 3.13.3 by work.
//
//	go run ./plot TIME.svg RATIO.svg <figures.tsv
package main

import (
	"bufio"
	"errors"
	"fmt"
	"image/color"
	"os"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "plot:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 3 {
		return errors.New("usage: plot TIME.svg RATIO.svg <figures.tsv")
	}
	rows, err := read()
	if err != nil {
		return err
	}
	if err := times(rows, os.Args[1]); err != nil {
		return err
	}
	return ratios(rows, os.Args[2])
}

// A row is one line of the figures.
type row struct {
	work, shape, format       string
	values, cpu, other, ratio float64
}

func read() ([]row, error) {
	var rows []row
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		w := strings.Split(lines.Text(), "\t")
		if len(w) != 12 || w[0] == "work" || w[0] == "start" {
			continue
		}
		r := row{work: w[0], shape: w[1], format: w[2]}
		for i, to := range map[int]*float64{3: &r.values, 5: &r.cpu, 8: &r.other, 11: &r.ratio} {
			var err error
			if *to, err = strconv.ParseFloat(w[i], 64); err != nil {
				return nil, err
			}
		}
		rows = append(rows, r)
	}
	return rows, lines.Err()
}

// times draws cpu time over size, for nested data in YAML and JSON.
func times(rows []row, path string) error {
	p := plot.New()
	p.Title.Text = "cpu time of a process, nested data"
	p.X.Label.Text, p.Y.Label.Text = "values", "seconds"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.LogTicks{Prec: -1}, plot.LogTicks{Prec: -1}
	p.Legend.Top, p.Legend.Left = true, true
	p.Add(plotter.NewGrid())
	n := 0
	for _, format := range []string{"yaml", "json"} {
		for _, work := range []string{"encrypt", "decrypt"} {
			var ours, theirs plotter.XYs
			for _, r := range rows {
				if r.shape != "nested" || r.format != format || r.work != work {
					continue
				}
				ours = append(ours, plotter.XY{X: r.values, Y: r.cpu})
				if r.other > 0 {
					theirs = append(theirs, plotter.XY{X: r.values, Y: r.other})
				}
			}
			for _, line := range []struct {
				name   string
				points plotter.XYs
				dashes []vg.Length
			}{{"sops", ours, nil}, {"SOPS 3.13.3", theirs, plotutil.Dashes(1)}} {
				if len(line.points) == 0 {
					continue
				}
				l, dots, err := plotter.NewLinePoints(line.points)
				if err != nil {
					return err
				}
				l.Color, dots.Color, l.Dashes = plotutil.Color(n), plotutil.Color(n), line.dashes
				p.Add(l, dots)
				p.Legend.Add(line.name+", "+format+" "+work, l, dots)
			}
			n++
		}
	}
	return p.Save(20*vg.Centimeter, 14*vg.Centimeter, path)
}

// ratios draws the ratio of cpu by work, at the largest size that both have.
func ratios(rows []row, path string) error {
	p := plot.New()
	p.Title.Text = "cpu of SOPS 3.13.3 divided by ours"
	p.Y.Label.Text, p.Y.Min = "times", 0
	last := map[string]row{}
	var names []string
	for _, r := range rows {
		if r.ratio == 0 || r.values > 10_000 {
			continue
		}
		name := r.shape + "\n" + r.format
		if r.shape == r.format {
			name = r.shape
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		last[name+r.work] = r
	}
	width := vg.Points(14)
	for i, work := range []string{"encrypt", "decrypt"} {
		var values plotter.Values
		for _, name := range names {
			values = append(values, last[name+work].ratio)
		}
		bars, err := plotter.NewBarChart(values, width)
		if err != nil {
			return err
		}
		bars.LineStyle.Width, bars.Offset = 0, width*vg.Length(2*i-1)/2
		bars.Color = []color.Color{color.RGBA{R: 70, G: 110, B: 170, A: 255}, color.RGBA{R: 220, G: 150, B: 60, A: 255}}[i]
		p.Add(bars)
		p.Legend.Add(work, bars)
	}
	p.Legend.Top = true
	p.NominalX(names...)
	return p.Save(20*vg.Centimeter, 11*vg.Centimeter, path)
}
