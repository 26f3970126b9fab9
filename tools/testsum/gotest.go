package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// event is a line of `go test -json`; see `go doc test2json` and, for builds,
// `go help buildjson`.
type event struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Output      string
	Elapsed     float64
	FailedBuild string
}

// runGo runs a command that prints `go test -json` and reports it while it runs.
func runGo(out io.Writer, command []string) (counts, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return counts{}, err
	}
	if err := cmd.Start(); err != nil {
		return counts{}, err
	}
	sum, readErr := reportGo(out, pipe)
	if err := cmd.Wait(); err != nil && sum.failed == 0 {
		return sum, fmt.Errorf("%s: %w", strings.Join(command, " "), err)
	}
	return sum, readErr
}

// reportGo reads events to their end. Lines that are not events are passed on.
func reportGo(out io.Writer, events io.Reader) (counts, error) {
	var sum counts
	packages := map[string]*suite{}
	builds := map[string]string{}
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil {
				fmt.Fprint(out, line)
			} else {
				sum.add(handle(out, e, packages, builds))
			}
		}
		if err == io.EOF {
			return sum, nil
		}
		if err != nil {
			return sum, fmt.Errorf("read test events: %w", err)
		}
	}
}

// handle takes one event, and returns what its package counted if it was the last of it.
func handle(out io.Writer, e event, packages map[string]*suite, builds map[string]string) counts {
	if e.Action == "build-output" {
		builds[e.ImportPath] += e.Output
		return counts{}
	}
	if e.Package == "" {
		return counts{}
	}
	s := packages[e.Package]
	if s == nil {
		s = &suite{tests: map[string]*test{}}
		packages[e.Package] = s
	}
	if e.Test != "" {
		s.test(e.Test).take(e)
		return counts{}
	}
	switch e.Action {
	case "output":
		s.output.WriteString(e.Output)
	case "pass", "fail", "skip":
		delete(packages, e.Package)
		return s.report(out, e, builds[e.FailedBuild])
	}
	return counts{}
}

// suite is what is known of a package under test.
type suite struct {
	tests  map[string]*test
	output strings.Builder
}

// test is what is known of a test or subtest. It has no result while it runs,
// nor ever if its process died.
type test struct {
	result string
	output strings.Builder
}

func (t *test) take(e event) {
	switch e.Action {
	case "output":
		t.output.WriteString(e.Output)
	case "pass", "fail", "skip":
		t.result = e.Action
	}
}

func (s *suite) test(name string) *test {
	t := s.tests[name]
	if t == nil {
		t = &test{}
		s.tests[name] = t
	}
	return t
}

// report prints a finished package and counts its innermost tests: a parent
// only stands for itself when it failed and none of its subtests did.
func (s *suite) report(out io.Writer, end event, build string) counts {
	var sum counts
	for _, name := range sortedKeys(s.tests) {
		t := s.tests[name]
		switch {
		case t.result == "skip":
			fmt.Fprintf(out, "skip  %s %s\n", end.Package, name)
		case t.result == "pass":
			if !s.hasChild(name, "pass", "fail", "skip") {
				sum.passed++
			}
		case !s.hasChild(name, "fail", ""):
			sum.failed++
			fmt.Fprintf(out, "FAIL  %s %s\n%s", end.Package, name, s.outputOf(name))
		}
	}
	if end.Action == "fail" && sum.failed == 0 {
		sum.failed++
		fmt.Fprintf(out, "FAIL  %s\n%s%s", end.Package, build, s.output.String())
	}
	if end.Action != "skip" {
		word := map[string]string{"pass": "ok   ", "fail": "FAIL "}[end.Action]
		fmt.Fprintf(out, "%s %s %.1fs: %d passed, %d failed\n", word, end.Package, end.Elapsed, sum.passed, sum.failed)
	}
	return sum
}

// outputOf is what a test printed, after what its parents did: a fixture's
// trouble is often told there.
func (s *suite) outputOf(name string) string {
	var text strings.Builder
	for i, char := range name {
		if char == '/' && s.tests[name[:i]] != nil {
			text.WriteString(s.tests[name[:i]].output.String())
		}
	}
	text.WriteString(s.tests[name].output.String())
	return text.String()
}

// hasChild says whether a subtest of name ended with one of the results.
func (s *suite) hasChild(name string, results ...string) bool {
	for other, t := range s.tests {
		if strings.HasPrefix(other, name+"/") && slices.Contains(results, t.result) {
			return true
		}
	}
	return false
}

func sortedKeys(tests map[string]*test) []string {
	names := make([]string, 0, len(tests))
	for name := range tests {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
