package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// counts are tests that passed and failed. A skipped test is neither.
type counts struct{ passed, failed int }

func (c *counts) add(more counts) {
	c.passed += more.passed
	c.failed += more.failed
}

// addToTally appends a line to the tally file.
func addToTally(path string, c counts) (err error) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	_, err = fmt.Fprintf(file, "%d %d\n", c.passed, c.failed)
	return err
}

// readTally sums the lines of a tally file.
func readTally(path string) (counts, error) {
	file, err := os.Open(path)
	if err != nil {
		return counts{}, err
	}
	defer file.Close()
	var sum counts
	for {
		var line counts
		_, err := fmt.Fscanln(file, &line.passed, &line.failed)
		if errors.Is(err, io.EOF) {
			return sum, nil
		}
		if err != nil {
			return counts{}, fmt.Errorf("read %s: %w", path, err)
		}
		sum.add(line)
	}
}
