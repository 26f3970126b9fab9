// Package bench measures what Parley does on this machine, beside plain SQL in the
// same run: absolute figures do not last, ratios do.
//
// It starts a durable PostgreSQL, a Redis and the server as processes of their
// own, so that memory and processor time can be told apart from its own, and ends
// them again. Everything is on loopback, and bounded.
package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Options say what to measure and how long.
type Options struct {
	// Only are the parts to run: posts, delivery, memory, storm, search. Empty runs
	// all but search, which loads many messages first.
	Only []string
	// Messages is how many messages the search has to do with.
	Messages int
	// Seconds is how long each throughput figure is taken, in three rounds.
	Seconds float64
	// Most bounds the number of streams, for machines with few file descriptors.
	Most int
	// JSON is a file for the results; empty writes none.
	JSON string
	// Out gets the table.
	Out io.Writer
}

// Result is one figure.
type Result struct {
	Part   string  `json:"part"`
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	Detail string  `json:"detail,omitempty"`
	// Goal is what Value should reach; 0 where there is none. AtMost turns it
	// round.
	Goal   float64 `json:"goal,omitempty"`
	AtMost bool    `json:"at_most,omitempty"`
}

// met is true if the figure is as good as its goal.
func (r Result) met() bool {
	return r.Goal == 0 || (r.AtMost && r.Value <= r.Goal) || (!r.AtMost && r.Value >= r.Goal)
}

// Report is a whole run.
type Report struct {
	Machine string    `json:"machine"`
	Began   time.Time `json:"began"`
	Took    string    `json:"took"`
	Results []Result  `json:"results"`
	Lost    int64     `json:"lost"`
	Doubled int64     `json:"doubled"`
}

// bench is a run.
type bench struct {
	Options
	stage  *stage
	report Report
}

// Run measures and prints. It fails if anything was lost or doubled.
func Run(ctx context.Context, o Options) error {
	b := &bench{Options: o, report: Report{Began: time.Now(), Machine: fmt.Sprintf("%s/%s, %d cores, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())}}
	stage, err := setStage(ctx)
	if err != nil {
		return err
	}
	defer stage.clear()
	b.stage = stage
	parts := []struct {
		name string
		run  func(context.Context) error
	}{{"posts", b.posts}, {"delivery", b.delivery}, {"memory", b.memory}, {"storm", b.storm}, {"search", b.search}}
	for _, p := range parts {
		if !slices.Contains(o.Only, p.name) && (len(o.Only) > 0 || p.name == "search") {
			continue
		}
		fmt.Fprintf(os.Stderr, "measuring %s\n", p.name)
		if err := p.run(ctx); err != nil {
			return fmt.Errorf("measure %s: %w", p.name, err)
		}
	}
	b.report.Took = time.Since(b.report.Began).Round(time.Second).String()
	b.print()
	if err := b.write(); err != nil {
		return err
	}
	if b.report.Lost+b.report.Doubled > 0 {
		return fmt.Errorf("%d deliveries were lost and %d doubled; none may be", b.report.Lost, b.report.Doubled)
	}
	return nil
}

func (b *bench) add(r Result) {
	b.report.Results = append(b.report.Results, r)
	fmt.Fprintf(os.Stderr, "  %s: %s\n", r.Name, r.figure())
}

func (r Result) figure() string {
	switch {
	case r.Unit == "×":
		return fmt.Sprintf("%.2f ×", r.Value)
	case r.Value >= 100:
		return fmt.Sprintf("%.0f %s", r.Value, r.Unit)
	default:
		return fmt.Sprintf("%.2f %s", r.Value, r.Unit)
	}
}

// print writes the table, in Markdown.
func (b *bench) print() {
	fmt.Fprintf(b.Out, "%s; %s\n\n| what | figure | goal | |\n| --- | ---: | ---: | --- |\n", b.report.Machine, b.report.Took)
	for _, r := range b.report.Results {
		goal, mark := "", r.Detail
		if r.Goal != 0 {
			sign := "≥"
			if r.AtMost {
				sign = "≤"
			}
			goal = strings.TrimSuffix(fmt.Sprintf("%s %g", sign, r.Goal), ".0")
			if !r.met() {
				mark = strings.TrimSpace("missed " + mark)
			}
		}
		fmt.Fprintf(b.Out, "| %s | %s | %s | %s |\n", r.Name, r.figure(), goal, mark)
	}
	fmt.Fprintf(b.Out, "\nLost %d, doubled %d.\n", b.report.Lost, b.report.Doubled)
}

func (b *bench) write() error {
	if b.JSON == "" {
		return nil
	}
	encoded, err := json.MarshalIndent(b.report, "", "  ")
	if err != nil {
		return fmt.Errorf("encode results: %w", err)
	}
	if err := os.WriteFile(b.JSON, append(encoded, '\n'), 0o644); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	return nil
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// percentile of durations, in milliseconds.
func percentile(all []time.Duration, p float64) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return float64(all[min(int(p*float64(len(all))), len(all)-1)].Microseconds()) / 1000
}
