package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	pidFile   = "postmaster.pid"
	pollEvery = 10 * time.Millisecond
	// statusLine is the line of the pid file, counted from 0, that says "ready".
	statusLine = 7
)

// stopLeftover ends the server of the data folder that outlived the process that
// started it. Whoever calls it holds the folder's lock, so nobody is using it.
func stopLeftover(ctx context.Context, data string, log *slog.Logger) error {
	lines, err := readPIDFile(data)
	if err != nil || len(lines) == 0 {
		return err
	}
	pid, err := strconv.Atoi(lines[0])
	if err != nil || pid <= 1 {
		return fmt.Errorf("%s is damaged; remove it if no postgres is running there", filepath.Join(data, pidFile))
	}
	if !serves(pid, data) {
		// After a reboot the number may belong to anyone, and PostgreSQL would
		// refuse to start because of it.
		return os.Remove(filepath.Join(data, pidFile))
	}
	log.InfoContext(ctx, "ending the PostgreSQL that an earlier run left behind", "pid", pid)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT} {
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("end the PostgreSQL of an earlier run (process %d): %w", pid, err)
		}
		patience, cancel := context.WithTimeout(ctx, 10*time.Second)
		err = poll(patience, func() (bool, error) { return !serves(pid, data), nil })
		cancel()
		if err == nil {
			return nil
		}
	}
	return fmt.Errorf("the PostgreSQL of an earlier run (process %d) does not end: %w", pid, err)
}

// readPIDFile returns the lines of the server's pid file, none if there is no
// file.
func readPIDFile(data string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(data, pidFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for a running server: %w", err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n"), nil
}

// isReady reports whether the process has written that it takes connections.
func isReady(data string, pid int) (bool, error) {
	lines, err := readPIDFile(data)
	if err != nil || len(lines) <= statusLine {
		return false, err
	}
	return lines[0] == strconv.Itoa(pid) && strings.TrimSpace(lines[statusLine]) == "ready", nil
}

// poll asks until the answer is yes, an error, or ctx is done.
func poll(ctx context.Context, ask func() (bool, error)) error {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		if yes, err := ask(); yes || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
