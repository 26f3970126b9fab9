// Command testsum runs checks and tests of several kinds, shows what failed in
// full and what passed in a line, and counts all of them in one tally file, so
// that `make test` can end with one pair of numbers.
//
//	testsum go TALLY COMMAND...         a command that prints `go test -json`
//	testsum vitest TALLY COMMAND...     a command that runs vitest
//	testsum step TALLY NAME COMMAND...  any other command, which counts as one
//	testsum total TALLY                 prints `N passed, N failed`
//
// It exits with 1 when something failed.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: testsum go|vitest|step|total TALLY [NAME] [COMMAND...]")
		os.Exit(2)
	}
	count, err := run(os.Stdout, os.Args[1], os.Args[2], os.Args[3:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(2)
	}
	if count.failed > 0 {
		os.Exit(1)
	}
}

// run does one kind of work and returns what it counted, already in the tally.
func run(out io.Writer, kind, tally string, args []string) (counts, error) {
	if kind == "total" {
		sum, err := readTally(tally)
		if err == nil {
			fmt.Fprintf(out, "%d passed, %d failed\n", sum.passed, sum.failed)
		}
		return sum, err
	}
	kinds := map[string]func(io.Writer, []string) (counts, error){"go": runGo, "vitest": runVitest, "step": runStep}
	work, ok := kinds[kind]
	if !ok || len(args) == 0 {
		return counts{}, fmt.Errorf("do not know how to run %q %q", kind, args)
	}
	count, err := work(out, args)
	if err != nil {
		// What could not be run has not passed.
		fmt.Fprintf(out, "FAIL  %v\n", err)
		count.failed++
	}
	return count, addToTally(tally, count)
}

// runStep runs a command that counts as one test; args[0] is its name. Its
// output is shown when it fails.
func runStep(out io.Writer, args []string) (counts, error) {
	name, command := args[0], args[1:]
	if len(command) == 0 {
		return counts{}, fmt.Errorf("step %q has no command", name)
	}
	text, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	if err != nil {
		fmt.Fprintf(out, "%s", text)
		return counts{}, fmt.Errorf("%s: %w", name, err)
	}
	fmt.Fprintf(out, "ok    %s\n", name)
	return counts{passed: 1}, nil
}
