package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// vitestReport is the part of vitest's JSON report that is counted.
type vitestReport struct {
	TestResults []struct {
		Name             string
		Status           string
		AssertionResults []struct{ Status string }
	}
}

// runVitest runs vitest, whose own reporter shows failures, and counts from its report.
func runVitest(_ io.Writer, command []string) (counts, error) {
	folder, err := os.MkdirTemp("", "testsum")
	if err != nil {
		return counts{}, err
	}
	defer os.RemoveAll(folder)
	report := filepath.Join(folder, "report.json")
	args := append(command[1:len(command):len(command)], "--reporter=default", "--reporter=json", "--outputFile.json="+report)
	cmd := exec.Command(command[0], args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	runErr := cmd.Run()

	text, err := os.ReadFile(report)
	if err != nil {
		return counts{}, fmt.Errorf("%s left no report: %w", strings.Join(command, " "), err)
	}
	sum, err := countVitest(text)
	if err == nil && runErr != nil && sum.failed == 0 {
		// An unhandled rejection fails the run, not a test.
		err = fmt.Errorf("%s: %w", strings.Join(command, " "), runErr)
	}
	return sum, err
}

// countVitest counts tests; a file that failed without a failed test counts as one.
func countVitest(text []byte) (counts, error) {
	var report vitestReport
	if err := json.Unmarshal(text, &report); err != nil {
		return counts{}, fmt.Errorf("read vitest report: %w", err)
	}
	var sum counts
	for _, file := range report.TestResults {
		var c counts
		for _, test := range file.AssertionResults {
			switch test.Status {
			case "passed":
				c.passed++
			case "failed":
				c.failed++
			}
		}
		if file.Status == "failed" && c.failed == 0 {
			c.failed++
		}
		sum.add(c)
	}
	return sum, nil
}
